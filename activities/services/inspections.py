"""Inspections and what they found to be mended: recorded, mended, looked at again, sent back or passed; withdrawn when recorded by mistake.

Each function changes a point and adds the event that says so, in one transaction and under a lock. `seen` is the revision that the page was opened
on: whoever acts on an older one is told what happened meanwhile, and nothing of theirs is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities.models import ContactVisit, Inspection, InspectionPoint, InspectionPointEvent
from activities.services import events
from branches import access
from branches.access import Act
from branches.models import Branch
from branches.services import refusals_beside
from members.models import Membership, Person
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.submissions import stored_once

if TYPE_CHECKING:
    from portal.accounts.models import User

Kind = InspectionPointEvent.Kind
State = InspectionPoint.State

# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {"inspection_was_before_it_was_recorded": "business_date"}


@dataclass(frozen=True)
class InspectionFacts:
    """What is written down of an inspection."""

    business_date: date
    inspector: str
    looked_at: str
    result: str


@dataclass(frozen=True)
class PointFacts:
    """Something to be mended: until when, and who of the branch sees to it; None for whoever the branch finds."""

    what: str
    due_on: date
    owner: Person | None = None


def record_inspection(
    *, actor: "User", branch: Branch, facts: InspectionFacts, points: Sequence[PointFacts], uid: UUID, at: datetime | None = None
) -> tuple[Inspection, bool]:
    """Record an inspection of a branch with what it found to be mended; return it, and whether this call stored it.

    Sending the same `uid` and content again returns the first one and stores nothing.

    Raises:
        Forbidden: `actor` may not record inspections of `branch`.
        Conflict: `uid` came before with other content.
        ValidationError: by field; the day is still to come, or the branch was not there on it; an owner is not in the branch.
    """
    if not access.can(actor, Act.RECORD_INSPECTIONS, branch):
        raise Forbidden
    moment = at or clock.now()
    _refuse_impossible(branch, facts, points)

    def store() -> Inspection:
        day = {"recorded_at": moment, "recorded_on": branch.business_date_at(moment)}
        inspection = Inspection.objects.create(branch=branch, recorded_by=actor, **day, **vars(facts))
        open_points(inspection, branch, actor, points, facts.business_date, moment)
        audit.record(actor, "inspection.recorded", inspection, branch=str(branch.public_id), points=len(points))
        return inspection

    with refusals_beside(_FIELDS):
        content = {"branch": str(branch.public_id), "facts": _plain(vars(facts)), "points": [_plain(vars(point)) for point in points]}
        return stored_once(account=actor, uid=uid, content=content, rows=Inspection.objects.all(), store=store)


def open_points(source: Inspection | ContactVisit, branch: Branch, actor: "User", points: Sequence[PointFacts], day: date, moment: datetime) -> None:
    """Add what an inspection or a visit found to be mended by a branch, in the caller's transaction."""
    found_by: dict[str, Any] = {"inspection": source} if isinstance(source, Inspection) else {"visit": source}
    for facts in points:
        point = InspectionPoint(branch=branch, found_on=day, opened_at=moment, **found_by, **vars(facts))
        point.save(force_insert=True)
        events.tell(point, actor, Kind.OPENED, moment, person=facts.owner, due_on=facts.due_on)


def withdraw(*, actor: "User", inspection: Inspection, why: str, at: datetime | None = None) -> Inspection:
    """Withdraw an inspection that was recorded by mistake; what it found and is not checked yet goes with it. Sent twice, it is done once.

    Raises:
        Forbidden: `actor` neither recorded it nor checks points of the branch.
        Conflict: somebody else has withdrawn it.
        ValidationError: `why` is empty.
    """
    if not why.strip():
        raise ValidationError({"why": _("Say why it is withdrawn.")})
    with transaction.atomic():
        held = locks.row(Inspection, inspection.pk, "branch")
        if not may_withdraw(actor, held):
            raise Forbidden
        if held.is_withdrawn:
            if (held.withdrawn_by_id, held.withdrawn_why) == (actor.pk, why.strip()):
                return held
            raise Conflict("state", _("This inspection was withdrawn meanwhile."), current=held)
        moment = at or clock.now()
        for point in held.points.select_for_update(of=("self",)).select_related("branch").filter(state__in=InspectionPoint.WAITING).order_by("pk"):
            point.state = State.DROPPED
            _changed(point, actor, Kind.DROPPED, moment, note=why)
        held.withdrawn_at, held.withdrawn_by, held.withdrawn_why = moment, actor, why.strip()
        held.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_why"])
        audit.record(actor, "inspection.withdrawn", held)
        return held


def may_withdraw(actor: object, inspection: Inspection) -> bool:
    """Say whether `actor` may withdraw an inspection: who recorded it, as long as they record there, and who checks points of the branch."""
    if access.can(actor, Act.CHECK_POINTS, inspection.branch):
        return True
    return inspection.recorded_by_id == getattr(actor, "pk", None) and access.can(actor, Act.RECORD_INSPECTIONS, inspection.branch)


def assign(*, actor: "User", point: InspectionPoint, seen: int, person: Person | None, at: datetime | None = None) -> InspectionPoint:
    """Say who of the branch sees to a point; whoever the branch finds when `person` is None.

    Raises:
        Forbidden: the branch is not the actor's to mend for.
        Conflict: something happened to the point meanwhile, or it is mended.
        ValidationError: the person is not in the branch today.
    """
    with transaction.atomic():
        held = _held(actor, Act.MEND_POINTS, point, seen, State.OPEN)
        if person is not None:
            _refuse_strangers(held.branch, [person], "person")
        held.owner = person
        return _changed(held, actor, Kind.ASSIGNED, at, person=person)


def mend(*, actor: "User", point: InspectionPoint, seen: int, note: str, at: datetime | None = None) -> InspectionPoint:
    """Report a point as mended, with a word how; it then waits to be checked. Sent twice, it is done once.

    Raises:
        Forbidden: the branch is not the actor's to mend for.
        Conflict: something happened to the point meanwhile, or it is mended.
        ValidationError: `note` is empty.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say what was done.")})
    with transaction.atomic():
        locked = _locked(actor, Act.MEND_POINTS, point)
        if events.is_repeated(locked, actor, seen, Kind.MENDED, note):
            return locked
        _refuse_stale(locked, seen, State.OPEN)
        locked.state, locked.mended_at = State.MENDED, at or clock.now()
        return _changed(locked, actor, Kind.MENDED, locked.mended_at, note=note)


def let_pass(*, actor: "User", point: InspectionPoint, seen: int, note: str = "", at: datetime | None = None) -> InspectionPoint:
    """Say after looking again that a point is mended. Sent twice, it is done once.

    Raises:
        Forbidden: points of the branch are not the actor's to check.
        Conflict: something happened to the point meanwhile, or it was not reported as mended.
    """
    with transaction.atomic():
        locked = _locked(actor, Act.CHECK_POINTS, point)
        if events.is_repeated(locked, actor, seen, Kind.PASSED, note):
            return locked
        _refuse_stale(locked, seen, State.MENDED)
        locked.state, locked.checked_at = State.CHECKED, at or clock.now()
        return _changed(locked, actor, Kind.PASSED, locked.checked_at, note=note)


def send_back(*, actor: "User", point: InspectionPoint, seen: int, note: str, due_on: date, at: datetime | None = None) -> InspectionPoint:
    """Say after looking again that a point is not mended yet: what is missing, and until when it may take now. Sent twice, it is done once.

    Raises:
        Forbidden: points of the branch are not the actor's to check.
        Conflict: something happened to the point meanwhile, or it was not reported as mended.
        ValidationError: `note` is empty, or the day is over.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say what is still missing.")})
    with transaction.atomic():
        locked = _locked(actor, Act.CHECK_POINTS, point)
        if events.is_repeated(locked, actor, seen, Kind.SENT_BACK, note):
            return locked
        _refuse_stale(locked, seen, State.MENDED)
        if due_on < clock.today():
            raise ValidationError({"due_on": _("Choose today or a later day.")})
        locked.state, locked.mended_at, locked.due_on = State.OPEN, None, due_on
        return _changed(locked, actor, Kind.SENT_BACK, at, note=note, due_on=due_on)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _plain(facts: dict[str, Any]) -> dict[str, str]:
    return {name: str(value.public_id if isinstance(value, Person) else value or "") for name, value in facts.items()}


def _refuse_impossible(branch: Branch, facts: InspectionFacts, points: Sequence[PointFacts]) -> None:
    if branch.life is not None and facts.business_date not in branch.life:
        raise ValidationError({"business_date": _("The branch was not there on that day.")})
    _refuse_strangers(branch, [point.owner for point in points if point.owner is not None], "owner")


def _refuse_strangers(branch: Branch, people: Sequence[Person], field: str) -> None:
    here = set(Membership.objects.filter(branch=branch, person__in=people).on(clock.today()).values_list("person", flat=True)) if people else set[int]()
    if any(person.pk not in here for person in people):
        raise ValidationError(_("This person is not in the branch today.") if field == "owner" else {field: _("This person is not in the branch today.")})


def _locked(actor: "User", act: Act, point: InspectionPoint) -> InspectionPoint:
    """Lock a point and return it as it stands now; refuse whoever may not do `act` for its branch."""
    found = locks.row(InspectionPoint, point.pk, "branch", "owner")
    if not access.can(actor, act, found.branch):
        raise Forbidden
    return found


def _held(actor: "User", act: Act, point: InspectionPoint, seen: int, *states: str) -> InspectionPoint:
    found = _locked(actor, act, point)
    _refuse_stale(found, seen, *states)
    return found


def _refuse_stale(point: InspectionPoint, seen: int, *states: str) -> None:
    stale = _("Something happened to this point meanwhile: look at its course below. What you typed is still here.")
    events.refuse_stale(point, seen, *states, stale=stale)


def _changed(point: InspectionPoint, actor: "User", kind: str, at: datetime | None, **told: Any) -> InspectionPoint:
    """Save a locked point with the event that says what was done."""
    events.change(point, actor, kind, at, noun="inspection_point", **told)
    return point
