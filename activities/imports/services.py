"""The steps of an import: taken in, checked by a job, confirmed, filed by a job. Each may be asked for twice and happens once."""

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from activities.imports import checking, staging
from activities.models import ReportImport
from activities.services import Changed, file_staged
from branches import access
from branches.access import Act
from portal.foundation import attachments, audit, clock, jobs
from portal.foundation.errors import Forbidden
from portal.foundation.models import Job

if TYPE_CHECKING:
    from portal.accounts.models import User

CHECK, FILE = "import.check", "import.file"
# What a table of a hundred thousand rows takes, as csv; as a workbook it is a third of it.
LIMIT: Final = 20 * 1024 * 1024

State = ReportImport.State


def may_import(actor: object) -> bool:
    """Say whether `actor` files for any branch, or on behalf of any."""
    return access.may(actor, Act.FILE) or access.may(actor, Act.FILE_ON_BEHALF)


@transaction.atomic
def take_in(*, actor: "User", content: bytes, name: str, address: str | None = None) -> ReportImport:
    """Keep an uploaded table, and ask for it to be checked.

    Raises:
        Forbidden: `actor` files for no branch.
        ValidationError: it is empty or too large.
    """
    if not may_import(actor):
        raise Forbidden(_("You may not file for this branch."))
    kept = attachments.store(content=content, name=name, content_type="application/octet-stream", model="reportimport", added_by=actor, limit=LIMIT)
    imported = ReportImport.objects.create(file=kept, owner=actor, uploaded_at=clock.now())
    _ask(imported, CHECK)
    audit.record(actor, "import.uploaded", imported, address=address)
    return imported


@transaction.atomic
def confirm(*, imported: ReportImport, shown: str = "", address: str | None = None) -> None:
    """Ask for what was found to be filed, all of it or nothing; nothing happens when that was done before, or when nothing was found.

    `shown` names the check whose findings the owner was shown: what another one has found since is not confirmed by it.
    """
    held = _held(imported)
    if shown and (held.job is None or str(held.job.public_id) != shown):
        return
    if held.state == State.CHECKED and held.counts["ready"]["reports"]:
        held.state, held.changed = State.FILING, False
        _ask(held, FILE)
        audit.record(held.owner, "import.confirmed", held, address=address, reports=held.counts["ready"]["reports"])


@transaction.atomic
def try_again(*, imported: ReportImport) -> None:
    """Ask once more for what a job has given up."""
    held = _held(imported)
    if held.has_failed:
        _ask(held, CHECK if held.state == State.READING else FILE)


@jobs.reads_only
def check_table(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Read the table of an import and keep what was found; whatever an attempt before has left is replaced."""
    imported = _of(job)
    try:
        with attachments.open_content(imported.file) as file:
            content = file.read()
        found = checking.check(content, imported.owner, progress)
    except ValidationError:
        return _refused(imported, lambda: checking.check(content, imported.owner))
    progress(80)
    with transaction.atomic():
        held = _held(imported)
        # Another worker may have taken this one for lost, and been quicker.
        if held.state == State.READING:
            staging.stage(held, found)
            held.state = State.CHECKED
            held.save(update_fields=["state", "counts"])
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
    except (Changed, IntegrityError):
        imported.state, imported.filed_at, imported.changed = State.READING, None, True
        _ask(imported, CHECK)
    return {}


def _refused(imported: ReportImport, refusal: Any) -> dict[str, Any]:
    with transaction.atomic():
        held = _held(imported)
        if held.state == State.READING:
            staging.refuse_whole(held, refusal)
            held.state, held.counts = State.REFUSED, {}
            held.save(update_fields=["state", "counts"])
    return {}


def _ask(imported: ReportImport, kind: str) -> None:
    imported.job = jobs.ask_for(kind, {"import": str(imported.public_id)}, asked_by=imported.owner)
    imported.save(update_fields=["job", "state", "filed_at", "changed"])


def _of(job: Job) -> ReportImport:
    return ReportImport.objects.select_related("file", "owner").get(public_id=UUID(job.payload["import"]))


def _held(imported: ReportImport) -> ReportImport:
    """Lock and return the import as it stands now."""
    return ReportImport.objects.select_for_update(of=("self",)).select_related("owner", "job", "file").get(pk=imported.pk)
