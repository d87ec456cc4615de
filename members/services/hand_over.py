"""Writes on hand-overs: what one shift leaves to the next, signed by both."""

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import access
from branches.access import Act
from branches.services import refusals_beside
from members.models import Assignment, HandOver, Shift
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden

Actor = Model | AnonymousUser

TAKEN: Final = gettext_lazy("The next shift has signed meanwhile: what was handed over stays as it is. Write what is missing into the next hand-over.")
CHANGED: Final = gettext_lazy("The hand-over was changed since you read it. Read it again, then sign.")


@dataclass(frozen=True)
class Left:
    """What a shift leaves behind, in words."""

    open_needs: str = ""
    stock: str = ""
    notes: str = ""


def hand_over(*, actor: Actor, shift: Shift, left: Left) -> HandOver:
    """Sign for the outgoing shift what it leaves; until the next one has signed it may be written again.

    Raises:
        Forbidden: the actor neither leads the branch's shifts nor is on this one.
        Conflict: `state`, the next shift has signed already.
        ValidationError: the shift has not begun.
    """
    if not may_hand_over(actor, shift):
        raise Forbidden
    now = clock.now()
    if now < shift.during.lower:
        raise ValidationError(_("A shift is handed over once it has begun."))
    with refusals_beside({}):
        Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
        earlier: HandOver | None = HandOver.objects.filter(shift=shift).first()
        if earlier is not None and earlier.is_taken:
            raise Conflict("state", TAKEN, earlier)
        row = earlier or HandOver(shift=shift)
        row.open_needs, row.stock, row.notes = left.open_needs, left.stock, left.notes
        row.outgoing_by_id, row.outgoing_at = actor.pk or 0, now
        row.save()
        audit.record(actor, "hand_over.written", row)
    return row


def take_over(*, actor: Actor, row: HandOver, seen: str) -> HandOver:
    """Sign for the incoming shift; signing twice signs once.

    Args:
        seen: what the actor read, as `HandOver.as_read` names it.

    Raises:
        Forbidden: the actor neither leads the branch's shifts nor is on another one of the post that follows.
        Conflict: `stale`, it was written again meanwhile; `state`, somebody else has taken it over.
        ValidationError: the actor handed it over.
    """
    if not may_take_over(actor, row.shift):
        raise Forbidden
    with refusals_beside({}):
        current = locks.row(HandOver, row.pk, "shift")
        if current.is_taken:
            if current.incoming_by_id == actor.pk:
                return current
            raise Conflict("state", TAKEN, current)
        if current.as_read != seen:
            raise Conflict("stale", CHANGED, current)
        current.incoming_by_id, current.incoming_at = actor.pk, clock.now()
        current.save(update_fields=["incoming_by", "incoming_at"])
        audit.record(actor, "hand_over.taken", current)
    return current


def may_hand_over(actor: Actor, shift: Shift) -> bool:
    """Say whether the actor leads the branch's shifts, or is on this one."""
    return access.can(actor, Act.LEAD_SHIFTS, shift.post.branch) or shift.assignments.filter(person=_person(actor)).exists()


def may_take_over(actor: Actor, shift: Shift) -> bool:
    """Say whether the actor leads the branch's shifts, or is on the shift of the post that begins as this one ends."""
    # Asked of assignments: of shifts, nobody would be found on those that nobody is on.
    following = Assignment.objects.filter(shift__post=shift.post_id, during__startswith=shift.during.upper, person=_person(actor))
    return access.can(actor, Act.LEAD_SHIFTS, shift.post.branch) or following.exists()


def _person(actor: Actor) -> int | None:
    found: int | None = getattr(actor, "person_id", None)
    return found
