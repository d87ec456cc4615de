"""Words of merit: written by the branch, corrected or taken back by words that replace them. Nothing that was written is lost."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from branches import access
from branches.access import Act
from branches.models import Branch
from branches.services import refusals_beside
from members.models import Membership, Person, ServiceNote
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.submissions import stored_once

_FIELDS: Final = {"service_note_says_something": "words"}


def write_note(*, actor: Any, person: Person, branch: Branch, day: date, words: str, uid: UUID) -> tuple[ServiceNote, bool]:
    """Write words of merit into somebody's record; return the note, and whether this call stored it.

    Raises:
        Forbidden: the records of the branch are not the actor's to keep.
        Conflict: `uid` came before with other content.
        ValidationError: by field; there are no words, or the person was not in the branch on that day.
    """
    return _stored(actor, ServiceNote(person=person, branch=branch, happened_on=day, words=words.strip()), uid)


def replace_note(*, actor: Any, note: ServiceNote, day: date, words: str, uid: UUID) -> tuple[ServiceNote, bool]:
    """Put other words in place of a note; none take it back. The earlier ones stay, and are shown to the branch.

    Raises:
        Forbidden: the records of the branch are not the actor's to keep.
        Conflict: `stale`, somebody else replaced the note meanwhile; `uid` came before with other content.
        ValidationError: by field; the person was not in the branch on that day.
    """
    return _stored(actor, ServiceNote(person=note.person, branch=note.branch, happened_on=day, words=words.strip(), replaces=note), uid)


def earlier_than(note: ServiceNote) -> list[ServiceNote]:
    """Return the words that a note came in place of, the latest first."""
    rows = {row.pk: row for row in ServiceNote.objects.filter(person=note.person, branch=note.branch).select_related("written_by")}
    found: list[ServiceNote] = []
    while (key := (found[-1] if found else note).replaces_id) is not None:
        found.append(rows[key])
    return found


def _stored(actor: Any, note: ServiceNote, uid: UUID) -> tuple[ServiceNote, bool]:
    if not access.can(actor, Act.KEEP_RECORDS, note.branch):
        raise Forbidden
    _refuse_day(note)
    content = {
        "person": str(note.person.public_id),
        "branch": str(note.branch.public_id),
        "day": note.happened_on.isoformat(),
        "words": note.words,
        "replaces": str(note.replaces.public_id) if note.replaces else "",
    }

    def store() -> ServiceNote:
        # Locked, so that of two who replace a note the second is told so.
        if note.replaces and _lock(note.replaces).replaced_by.exists():
            raise Conflict("stale", _("Somebody has changed these words meanwhile: look at them again. What you typed is still here."), current=note.replaces)
        note.written_by, note.written_at = actor, clock.now()
        note.save(force_insert=True)
        audit.record(actor, "service_note.replaced" if note.replaces else "service_note.written", note, person=content["person"], branch=content["branch"])
        return note

    with refusals_beside(_FIELDS):
        return stored_once(account=actor, uid=uid, content=content, rows=ServiceNote.objects.all(), store=store)


def _lock(note: ServiceNote) -> ServiceNote:
    found: ServiceNote = ServiceNote.objects.select_for_update().get(pk=note.pk)
    return found


def _refuse_day(note: ServiceNote) -> None:
    if note.happened_on > clock.today():
        raise ValidationError({"day": _("This day is still to come.")})
    if not Membership.objects.filter(person=note.person, branch=note.branch).on(note.happened_on).exists():
        raise ValidationError({"day": _("This person was not in the branch on that day.")})
