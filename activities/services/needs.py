"""What is done with a resident's need: recorded, assigned, handed on, resolved, called back, opened again.

Each function changes the need and adds the event that says so, in one transaction and under a lock. `seen` is the revision that the page was
opened on: whoever acts on an older one is told what happened meanwhile, and nothing of theirs is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from activities.models import Need, NeedEvent
from activities.services import events
from branches import access
from branches.access import Act
from branches.models import Branch, Region, WorkUnit
from branches.services import refusals_beside
from members.models import Membership, Person
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Forbidden
from portal.foundation.submissions import stored_once

if TYPE_CHECKING:
    from portal.accounts.models import User

Kind = NeedEvent.Kind
Answer = NeedEvent.Answer
State = Need.State
Target = Branch | Region | WorkUnit

# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {"need_closing_needs_a_result": "result", "need_of_another_kind_is_told": "words", "need_of_one_resident_or_more": "residents"}


@dataclass(frozen=True)
class NeedFacts:
    """What a resident asks for, as it is written down; all but channel and category may stay empty."""

    channel: str
    category: str
    urgency: str = Need.Urgency.SOON
    words: str = ""
    household: str = ""
    contact: str = ""
    phone: str = ""
    residents: int = 1


@dataclass(frozen=True)
class ManyDone:
    """What became of a list of needs: resolved now, and those with which something happened meanwhile."""

    resolved: Sequence[Need]
    changed: Sequence[Need]


def record_need(*, actor: "User", branch: Branch, facts: NeedFacts, uid: UUID, result: str = "", at: datetime | None = None) -> tuple[Need, bool]:
    """Record a need, and resolve it at once when `result` says how; return it, and whether this call stored it.

    Sending the same `uid` and content again returns the first one and stores nothing.

    Raises:
        Forbidden: `actor` may not record needs for `branch`.
        Conflict: `uid` came before with other content.
        ValidationError: by field; the branch has ended.
    """
    if not access.can(actor, Act.RECORD_NEEDS, branch):
        raise Forbidden
    if branch.ended_on is not None and branch.business_date_at(at or clock.now()) > branch.ended_on:
        raise ValidationError(_("The branch has ended: nobody there would answer this need."))
    moment, result = at or clock.now(), result.strip()

    def store() -> Need:
        need = Need(branch=branch, origin=branch, recorded_by=actor, recorded_at=moment, recorded_on=branch.business_date_at(moment), **asdict(facts))
        need.due_at = moment + Need.ALLOWED[Need.Urgency(facts.urgency)]
        need.save(force_insert=True)
        events.tell(need, actor, Kind.RECORDED, moment)
        audit.record(actor, "need.recorded", need, branch=str(branch.public_id))
        if result:
            _close(need, actor, result, moment)
        return need

    with refusals_beside(_FIELDS):
        content = {"branch": str(branch.public_id), "result": result, **asdict(facts)}
        return stored_once(account=actor, uid=uid, content=content, rows=Need.objects.all(), store=store)


def likely_duplicates(branch: Branch, facts: NeedFacts) -> QuerySet[Need]:
    """Return unresolved needs of the branch that may be the same one: of this telephone, this household, or in the very same words."""
    same = Q(pk__in=())
    for name in ("phone", "household", "words"):
        if value := getattr(facts, name):
            same |= Q(**{name: value}, **({"category": facts.category} if name == "words" else {}))
    return Need.objects.unresolved().filter(same, branch=branch).order_by("-recorded_at")


def assign(*, actor: "User", need: Need, seen: int, person: Person | None, note: str = "", at: datetime | None = None) -> Need:
    """Say who sees to a need; nobody in particular when `person` is None.

    Raises:
        Forbidden: the need is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is not open.
        ValidationError: the person is not in the branch today.
    """
    with transaction.atomic():
        held = _held(actor, need, seen, State.OPEN)
        if person is not None and not Membership.objects.filter(branch=held.branch, person=person).on(clock.today()).exists():
            raise ValidationError({"person": _("This person is not in the branch today.")})
        held.assignee = person
        return _changed(held, actor, Kind.ASSIGNED, at, note=note, person=person)


def resolve(*, actor: "User", need: Need, seen: int, result: str, at: datetime | None = None) -> Need:
    """Resolve a need with a result. The same person sending the same result again, as by a double tap, changes nothing.

    Raises:
        Forbidden: the need is neither the actor's to keep, nor handed on to where the actor answers.
        Conflict: something happened to it meanwhile, or it is resolved.
        ValidationError: `result` is empty.
    """
    if not result.strip():
        raise ValidationError({"result": _("Say what was done: a need is resolved with a result.")})
    with transaction.atomic():
        locked = _locked(actor, need)
        if events.is_repeated(locked, actor, seen, Kind.RESOLVED, result):
            return locked
        _refuse_stale(locked, seen, State.OPEN, State.HANDED_ON)
        return _close(locked, actor, result.strip(), at or clock.now())


def resolve_many(*, actor: "User", chosen: Iterable[tuple[Need, int]], result: str) -> ManyDone:
    """Resolve a list of needs with one result, all in one transaction; those with which something happened meanwhile stay as they are.

    Raises:
        Forbidden: one of them is neither the actor's to keep nor to answer.
        ValidationError: `result` is empty.
    """
    if not result.strip():
        raise ValidationError({"result": _("Say what was done: a need is resolved with a result.")})
    done, changed = [], []
    with transaction.atomic():
        # In the order of their keys, so that two lists that share needs wait for each other and never in a circle.
        for need, seen in sorted(chosen, key=lambda pair: pair[0].pk):
            locked = _locked(actor, need)
            if locked.revision == seen and not locked.is_resolved:
                done.append(_close(locked, actor, result.strip(), clock.now()))
            elif not events.is_repeated(locked, actor, seen, Kind.RESOLVED, result):
                changed.append(locked)
    return ManyDone(done, changed)


def hand_on(*, actor: "User", need: Need, seen: int, to: Target, note: str = "", at: datetime | None = None) -> Need:
    """Hand a need on: to another branch, which answers for it from now on, or to a work unit or a region that answers beside the branch.

    Raises:
        Forbidden: the need is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is not open.
        ValidationError: the branch has it already, or is not at work.
    """
    with transaction.atomic():
        held = _held(actor, need, seen, State.OPEN)
        given: dict[str, Any] = {}
        if isinstance(to, Branch):
            if to.pk == held.branch_id or to.state != Branch.State.ACTIVE:
                raise ValidationError({"to": _("Choose another branch that is at work.")})
            given["to_branch"] = to
        else:
            field = "region" if isinstance(to, Region) else "unit"
            held.state, given[f"to_{field}"] = State.HANDED_ON, to
            setattr(held, f"with_{field}", to)
        held.assignee = None
        event_branch = held.branch
        if isinstance(to, Branch):
            held.branch = to
        return _changed(held, actor, Kind.HANDED_ON, at, note=note, branch=event_branch, **given)


def give_over(*, actor: "User", need: Need, to: Target, note: str) -> Need:
    """Hand a need on as its branch comes to its end: another branch holds it from now on, with whoever answers it already; or a region or unit answers.

    For services that end a branch, inside their transaction: they ask who may. What is resolved meanwhile, or handed on to a region, stays there.
    """
    held = locks.row(Need, need.pk, "branch")
    if held.is_resolved or held.branch == to or (held.state == State.HANDED_ON and not isinstance(to, Branch)):
        return held
    was, held.assignee = held.branch, None
    if isinstance(to, Branch):
        held.branch = to
        return _changed(held, actor, Kind.HANDED_ON, None, note=note, branch=was, to_branch=to)
    field = "region" if isinstance(to, Region) else "unit"
    held.state = State.HANDED_ON
    setattr(held, f"with_{field}", to)
    return _changed(held, actor, Kind.HANDED_ON, None, note=note, branch=was, **{f"to_{field}": to})


def take_back(*, actor: "User", need: Need, seen: int, note: str, at: datetime | None = None) -> Need:
    """Bring a need back to its branch: the branch takes it, or where it was handed on to gives it back, with a word why.

    Raises:
        Forbidden: the need is neither the actor's to keep, nor handed on to where the actor answers.
        Conflict: something happened to it meanwhile, or it is at its branch.
        ValidationError: `note` is empty.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say why it comes back.")})
    with transaction.atomic():
        locked = _locked(actor, need)
        _refuse_stale(locked, seen, State.HANDED_ON)
        locked.state, locked.with_unit, locked.with_region = State.OPEN, None, None
        return _changed(locked, actor, Kind.TAKEN_BACK, at, note=note)


def call_back(*, actor: "User", need: Need, seen: int, answer: str, note: str = "", at: datetime | None = None) -> Need:
    """Write down what the resident said when asked whether it is solved; a need that is not is opened again with it.

    Raises:
        Forbidden: the need is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is not resolved.
    """
    with transaction.atomic():
        held = _held(actor, need, seen, State.RESOLVED)
        _changed(held, actor, Kind.CALLED_BACK, at, note=note, answer=answer)
        return _open_again(held, actor, note, at or clock.now()) if answer == Answer.UNSOLVED else held


@transaction.atomic
def confirmed_by_the_resident(need: Need) -> Need:
    """Write down that the resident, known by a code and a telephone, says that a need is solved; said twice, it stands there once.

    Raises:
        Conflict: the need is not resolved.
    """
    held = locks.row(Need, need.pk, "branch")
    _refuse_stale(held, held.revision, State.RESOLVED)
    if held.events.filter(number=held.revision, answer=Answer.SOLVED).exists():
        return held
    return _changed(held, None, Kind.CALLED_BACK, None, answer=Answer.SOLVED)


def reopen(*, actor: "User", need: Need, seen: int, note: str, at: datetime | None = None) -> Need:
    """Open a resolved need again, with a reason; the time that it may take begins anew.

    Raises:
        Forbidden: the need is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is not resolved.
        ValidationError: `note` is empty.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say why it is opened again.")})
    with transaction.atomic():
        return _open_again(_held(actor, need, seen, State.RESOLVED), actor, note, at or clock.now())


def correct(*, actor: "User", need: Need, seen: int, facts: dict[str, Any], at: datetime | None = None) -> Need:
    """Correct what was written down of a need; `facts` are fields of `NeedFacts`. Another urgency moves the time by which it is due.

    Raises:
        Forbidden: the need is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is resolved.
        ValidationError: by field.
    """
    with refusals_beside(_FIELDS):
        held = _held(actor, need, seen, State.OPEN, State.HANDED_ON)
        named = [name for name, value in facts.items() if getattr(held, name) != value]
        if not named:
            return held
        if "urgency" in named:
            held.due_at += Need.ALLOWED[Need.Urgency(facts["urgency"])] - Need.ALLOWED[Need.Urgency(held.urgency)]
            held.due_at = max(held.due_at, held.recorded_at)
        for name in named:
            setattr(held, name, facts[name])
        return _changed(held, actor, Kind.CHANGED, at, fields=named)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _locked(actor: "User", need: Need) -> Need:
    """Lock a need and return it as it stands now; refuse whoever neither keeps nor answers it."""
    found = locks.row(Need, need.pk, "branch", "with_unit", "with_region", "assignee")
    if not access.can(actor, Act.KEEP_NEEDS, found.branch) and not Need.objects.answered_by(actor).filter(pk=found.pk).exists():
        raise Forbidden
    return found


def _held(actor: "User", need: Need, seen: int, *states: str) -> Need:
    """Lock a need of a branch whose needs `actor` keeps; refuse it when it is none of `states` or something happened since `seen`."""
    found = _locked(actor, need)
    if not access.can(actor, Act.KEEP_NEEDS, found.branch):
        raise Forbidden
    _refuse_stale(found, seen, *states)
    return found


def _refuse_stale(need: Need, seen: int, *states: str) -> None:
    stale = _("Something happened to this need meanwhile: look at its course below. What you typed is still here.")
    events.refuse_stale(need, seen, *states, stale=stale)


def _close(need: Need, actor: "User", result: str, moment: datetime) -> Need:
    """Resolve a locked need."""
    need.state, need.result, need.with_unit, need.with_region = State.RESOLVED, result, None, None
    need.resolved_at, need.resolved_on = moment, need.branch.business_date_at(moment)
    return _changed(need, actor, Kind.RESOLVED, moment, note=result)


def _open_again(need: Need, actor: "User | None", note: str, moment: datetime) -> Need:
    need.state, need.result, need.resolved_at, need.resolved_on = State.OPEN, "", None, None
    need.due_at = moment + Need.ALLOWED[Need.Urgency(need.urgency)]
    return _changed(need, actor, Kind.REOPENED, moment, note=note)


def _changed(need: Need, actor: "User | None", kind: str, at: datetime | None, **told: Any) -> Need:
    """Save a locked need with the event that says what was done."""
    events.change(need, actor, kind, at, noun="need", **told)
    return need
