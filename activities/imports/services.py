"""The steps of an import: taken in, checked by a job, confirmed, filed by a job; or thrown away. Each may be asked for twice and happens once."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.template.defaultfilters import filesizeformat
from django.utils import translation
from django.utils.translation import gettext as _

from activities.imports import checking, staging
from activities.imports.words import LANGUAGES
from activities.models import ReportImport
from activities.services import Changed, file_staged
from branches import access
from branches.access import Act
from portal.foundation import attachments, audit, clock, jobs, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import Job

if TYPE_CHECKING:
    from portal.accounts.models import User

log = logging.getLogger(__name__)

CHECK, FILE = "import.check", "import.file"
# What a table of a hundred thousand rows takes, as csv; as a workbook it is a third of it.
LIMIT: Final = 20 * 1024 * 1024
# Of one account: tables of which something is still to become, and bytes of all its uploads that are kept.
MOST_UNFINISHED: Final = 10
MOST_KEPT: Final = 500 * 1024 * 1024

State = ReportImport.State


def may_import(actor: object) -> bool:
    """Say whether `actor` files for any branch, or on behalf of any."""
    return access.may(actor, Act.FILE) or access.may(actor, Act.FILE_ON_BEHALF)


@transaction.atomic
def take_in(*, actor: "User", content: bytes, name: str, address: str | None = None) -> ReportImport:
    """Keep an uploaded table, and ask for it to be checked.

    Raises:
        Forbidden: `actor` files for no branch.
        ValidationError: it is empty or too large, or `actor` has as many as one account may have.
    """
    if not may_import(actor):
        raise Forbidden(_("You may not file for this branch."))
    _require_room(actor, len(content))
    kept = attachments.store(content=content, name=name, content_type="application/octet-stream", model="reportimport", added_by=actor, limit=LIMIT)
    imported = ReportImport.objects.create(file=kept, owner=actor, uploaded_at=clock.now())
    _ask(imported, CHECK)
    audit.record(actor, "import.uploaded", imported, address=address)
    return imported


@transaction.atomic
def confirm(*, imported: ReportImport, shown: str | None = None, address: str | None = None) -> None:
    """Ask for what was found to be filed, all of it or nothing; nothing happens when that was done before, or when nothing was found.

    Args:
        shown: the `finding` that the owner was shown; None when nobody looked at a page.

    Raises:
        Conflict: `shown` is another one: what a later check found is not confirmed by it.
    """
    held = _held(imported)
    if held.state != State.CHECKED or not held.counts["ready"]["reports"]:
        return
    if shown is not None and shown != held.finding:
        raise Conflict("stale", _("What was found has changed since this page was opened. Nothing was filed; look at it as it is now, and confirm again."))
    held.state, held.changed = State.FILING, False
    _ask(held, FILE)
    audit.record(held.owner, "import.confirmed", held, address=address, reports=held.counts["ready"]["reports"])


@transaction.atomic
def try_again(*, imported: ReportImport) -> None:
    """Ask once more for what a job has given up."""
    held = _held(imported)
    if held.has_failed:
        _ask(held, CHECK if held.state == State.READING else FILE)


@transaction.atomic
def discard(*, imported: ReportImport, address: str | None = None) -> None:
    """Throw away what was uploaded, unless it is filed or being filed; the file itself goes the next night."""
    held = _held(imported)
    if held.can_be_discarded:
        _give_up(held)
        audit.record(held.owner, "import.discarded", held, address=address)


@transaction.atomic
def discard_forgotten(before: datetime) -> int:
    """Throw away what nobody has confirmed since a check that ended `before`, or asked for again since a job gave up; return how many."""
    ended = Q(job=None) | Q(job__finished_at__lt=before)
    forgotten = ReportImport.objects.select_for_update(of=("self",)).filter(ended, state__in=ReportImport.UNFINISHED)
    for held in forgotten:
        _give_up(held)
    return len(forgotten)


@transaction.atomic
def throw_away_files(before: datetime) -> int:
    """Throw away the files of imports that are thrown away, or were filed or refused `before`; return how many."""
    ended = Q(state__in=(State.FILED, State.REFUSED)) & (Q(job=None) | Q(job__finished_at__lt=before))
    imports = ReportImport.objects.filter(ended | Q(state=State.DISCARDED), file__thrown_away_at=None).select_related("file")
    for imported in imports:
        attachments.throw_away(imported.file)
    return len(imports)


@jobs.reads_only
def check_table(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Read the table of an import and keep what was found; whatever an attempt before has left is replaced."""
    imported = _of(job)
    if imported.state != State.READING:
        return {}
    with attachments.open_content(imported.file) as file:
        content = file.read()
    try:
        found = checking.check(content, imported.owner, progress)
    except ValidationError as refusal:
        said = [_said(refusal, language) for language in LANGUAGES]
        _settle(imported, State.REFUSED, lambda held: staging.refuse_whole(held, *said))
    else:
        progress(80)
        _settle(imported, State.CHECKED, lambda held: staging.stage(held, found))
    return {}


def file_table(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """File what was confirmed; where something has changed since it was shown, file nothing and have it checked anew."""
    imported = _held(_of(job))
    if imported.state != State.FILING:
        return {}
    try:
        with transaction.atomic():
            file_staged(imported)
            imported.state, imported.filed_at = State.FILED, clock.now()
            imported.save(update_fields=["state", "filed_at"])
            audit.record(imported.owner, "import.filed", imported, reports=imported.counts["ready"]["reports"], rows=imported.counts["ready"]["rows"])
    except Changed:
        log.warning("import %s is checked anew", imported.public_id, exc_info=True)
        imported.state, imported.filed_at, imported.changed = State.READING, None, True
        _ask(imported, CHECK)
    return {}


def _require_room(actor: "User", size: int) -> None:
    """Refuse another upload of as many bytes to an account that has enough.

    Raises:
        ValidationError: it has.
    """
    # Of two uploads at once the second one sees the first.
    locks.hold(f"imports of {actor.pk}")
    own = ReportImport.objects.filter(owner=actor).order_by()
    if own.filter(state__in=ReportImport.UNFINISHED).count() >= MOST_UNFINISHED:
        sentence = _("You have %(limit)s tables that are neither filed nor thrown away. Open one of them in the list below, and file it or throw it away.")
        raise ValidationError(sentence % {"limit": MOST_UNFINISHED})
    kept = own.filter(file__thrown_away_at=None).aggregate(size=Sum("file__size"))["size"] or 0
    if kept + size > MOST_KEPT:
        sentence = _("Your uploads of the last month take %(kept)s of %(limit)s. Throw away what you do not need: there is room again the next day.")
        raise ValidationError(sentence % {"kept": filesizeformat(kept), "limit": filesizeformat(MOST_KEPT)})


def _give_up(held: ReportImport) -> None:
    staging.clear(held)
    held.state = State.DISCARDED
    held.save(update_fields=["state"])


def _said(refusal: ValidationError, language: str) -> str:
    """Return why a table cannot be read at all, in a language."""
    with translation.override(language):
        return " ".join(refusal.messages)


@transaction.atomic
def _settle(imported: ReportImport, state: str, keep: Callable[[ReportImport], None]) -> None:
    """Keep what a check came to, unless another worker took this one for lost, and was quicker."""
    held = _held(imported)
    if held.state == State.READING:
        keep(held)
        held.state = state
        held.save(update_fields=["state", "counts"])


def _ask(imported: ReportImport, kind: str) -> None:
    imported.job = jobs.ask_for(kind, {"import": str(imported.public_id)}, asked_by=imported.owner)
    imported.save(update_fields=["job", "state", "filed_at", "changed"])


def _of(job: Job) -> ReportImport:
    return ReportImport.objects.select_related("file", "owner").get(public_id=UUID(job.payload["import"]))


def _held(imported: ReportImport) -> ReportImport:
    """Lock and return the import as it stands now."""
    return locks.row(ReportImport, imported.pk, "owner", "job", "file")
