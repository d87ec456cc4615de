"""Writes on swaps: asked by one, agreed to by the other, and only then done."""

from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.services import refusals_beside
from members.models import Assignment, Person, Shift, Swap
from members.rostering import Worker
from members.services.roster import SAID_OF
from members.staffing import crew_of, turn_of
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict, Forbidden

Actor = Model | AnonymousUser
State = Swap.State

GONE: Final = gettext_lazy("This swap cannot be done any more: one of you is not on that shift now, or it has begun.")
ANSWERED: Final = gettext_lazy("This swap was answered or withdrawn already.")


def ask_swap(*, actor: Actor, shift: Shift, other: Person, in_return: Shift | None = None) -> Swap:
    """Ask a colleague of the branch to take the actor's shift, for one of theirs or for none.

    Raises:
        Forbidden: the actor is not on the shift.
        Conflict: `state`, it has begun, or the colleague is not on the one in return.
        ValidationError: beside `colleague`: a colleague is asked already, or is not in the branch then.
    """
    mine = Assignment.objects.filter(shift=shift, person=getattr(actor, "person_id", None)).select_related("person").first()
    if mine is None:
        raise Forbidden
    if in_return is not None and in_return.post.branch_id != shift.post.branch_id:
        raise Forbidden
    if not _may_change(shift, mine.person) or (in_return is not None and not _may_change(in_return, other)):
        raise Conflict("state", GONE)
    if not crew_of(shift.post.branch, shift.business_date, shift.business_date).worker(other).within:
        raise ValidationError({"colleague": _("Not in the branch on that day.")})
    with refusals_beside({"one_open_swap_of_a_shift": "colleague", "swap_with_somebody_else": "colleague"}):
        swap = Swap.objects.create(shift=shift, person=mine.person, other=other, in_return=in_return, asked_at=clock.now())
        audit.record(actor, "swap.asked", swap)
    return swap


def answer_swap(*, actor: Actor, swap: Swap, answer: str) -> Swap:
    """Agree to a swap or decline it, as the colleague who was asked; or withdraw it, as who asked. The same answer twice counts once.

    Raises:
        Forbidden: it is not the actor's to answer so.
        Conflict: `state`, it was answered otherwise, or cannot be done any more.
        ValidationError: a rule of the roster speaks against it.
    """
    answers = swap.person_id if answer == State.WITHDRAWN else swap.other_id
    if getattr(actor, "person_id", None) != answers:
        raise Forbidden
    with refusals_beside({}):
        # Shifts first, in the order of their keys, as everybody who changes who is on them.
        shifts = {each.pk: each for each in Shift.objects.select_for_update(no_key=True).filter(pk__in=[swap.shift_id, swap.in_return_id]).order_by("pk")}
        current = Swap.objects.select_for_update(no_key=True).get(pk=swap.pk)
        if current.state == answer:
            return current
        if current.state != State.ASKED:
            raise Conflict("state", ANSWERED, current)
        if answer == State.AGREED:
            _exchange(current, shifts)
        current.state, current.answered_at = answer, clock.now()
        current.save(update_fields=["state", "answered_at"])
        audit.record(actor, f"swap.{answer}", current)
    return current


def _exchange(swap: Swap, shifts: dict[int, Shift]) -> None:
    """Put each in the other's place."""
    given = shifts[swap.shift_id]
    taken = shifts[swap.in_return_id] if swap.in_return_id is not None else None
    if not _may_change(given, swap.person) or (taken is not None and not _may_change(taken, swap.other)):
        raise Conflict("state", GONE)
    _refuse_obstacle(swap.other, taken=given, instead_of=taken)
    if taken is not None:
        _refuse_obstacle(swap.person, taken=taken, instead_of=given)
        Assignment.objects.filter(shift=taken, person=swap.other).delete()
    Assignment.objects.filter(shift=given, person=swap.person).delete()
    Assignment.objects.create(shift=given, person=swap.other)
    if taken is not None:
        Assignment.objects.create(shift=taken, person=swap.person)


def _refuse_obstacle(person: Person, *, taken: Shift, instead_of: Shift | None) -> None:
    """Refuse a shift that somebody should not take once they are off another one."""
    turn = turn_of(taken)
    held = crew_of(taken.post.branch, turn.day, turn.day).worker(person)
    without = [each for each in held.turns if instead_of is None or each.key != instead_of.pk]
    obstacle = Worker(held.key, held.within, held.off, without).obstacle(turn)
    if obstacle is not None:
        raise ValidationError(_("%(name)s: %(reason)s") % {"name": person.name, "reason": SAID_OF[obstacle]})


def _may_change(shift: Shift, person: Person) -> bool:
    """Say whether somebody is on a shift that has not begun and to which they have not come yet."""
    return shift.during.lower > clock.now() and Assignment.objects.filter(shift=shift, person=person, check_ins=None).exists()
