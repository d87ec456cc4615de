"""The end of a branch, confirmed: everything that goes with it, in one transaction, and from then on its records are closed."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from activities.models import Need, ReportDraft, Survey
from activities.services import needs
from branches import access
from branches.access import Act, Role
from branches.models import Branch
from members.models import DutyPost, Membership, OfficerTerm, OnSiteStay, PioneerClaim, PioneerPost, Squad, SquadGrid, SquadMember, Swap, TimeOff
from members.services import end_branch
from members.services.squads import cut
from portal.accounts.models import Grant, User
from portal.ending.checklist import Checklist
from portal.ending.models import BranchEnd
from portal.ending.services.preparing import ONE_DAY, locked, queue_pack, refuse_impossible
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Forbidden
from portal.foundation.refusals import is_deadlock

P = ParamSpec("P")
R = TypeVar("R")
_TRIES: Final = 3
# What has a time and ends with the branch, in the order in which it is given back when the branch is opened again: the outer before the inner.
SPANS: Final[tuple[type[Model], ...]] = (
    Membership,
    OfficerTerm,
    Squad,
    SquadMember,
    SquadGrid,
    PioneerPost,
    PioneerClaim,
    DutyPost,
    OnSiteStay,
    TimeOff,
)


def again_after_a_deadlock(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service again when PostgreSQL chose it to end a circle of waits: it locks rows of many registers, in which others work meanwhile."""

    @wraps(service)
    def tried(*args: P.args, **named: P.kwargs) -> R:
        for _number in range(_TRIES - 1):
            try:
                return service(*args, **named)
            except OperationalError as error:
                if not is_deadlock(error):
                    raise
        return service(*args, **named)

    return tried


@again_after_a_deadlock
@transaction.atomic
def confirm(*, actor: User, end: BranchEnd) -> BranchEnd:
    """End a branch as it was prepared, and close its records; in a merger its people and what is open go to the other branch from the day after.

    Raises:
        Forbidden: the branch, or the one that it goes into, is not the actor's to end.
        Conflict: somebody else confirmed it meanwhile.
        ValidationError: something is still to be done, or the branch cannot end on that day.
    """
    # Both, in the order of their keys: two that would go into each other follow one another. Whoever writes a record waits here, or is waited for.
    keys = [key for key in (end.branch_id, end.merged_into_id) if key is not None]
    branches = {branch.pk: branch for branch in Branch.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk")}
    held = locked(actor, end)
    held.branch = branches[held.branch_id]
    if held.merged_into_id is not None and held.merged_into_id not in branches:
        raise ValidationError({"merged_into": _("Somebody chose another branch to go into meanwhile. Look at it again.")})
    held.merged_into = branches[held.merged_into_id] if held.merged_into_id else None
    for branch in branches.values():
        if not access.can(actor, Act.END_BRANCHES, branch):
            raise Forbidden
    # After the branch and before the grants, as whoever gives roles does.
    locks.rows(User, Checklist(held).grants.values("user"), no_key=True)
    _refuse_unready(held)
    held.cut = _cut_short(held)
    stayed = _staying(held)
    end_branch(actor=actor, branch=held.branch, last_day=held.last_day, merged_into=held.merged_into)
    _end_beside(actor, held)
    if held.merged_into is not None:
        _go_over(actor, held, held.merged_into, stayed)
    held.cut |= _end_grants(actor, held.branch)
    held.state, held.confirmed_by, held.confirmed_at = BranchEnd.State.CONFIRMED, actor, clock.now()
    held.save(update_fields=["state", "confirmed_by", "confirmed_at", "cut"])
    # Last, and by itself: from here on every table refuses.
    held.branch.closed_at = held.confirmed_at
    held.branch.save(update_fields=["closed_at"])
    audit.record(actor, "branch.closed", held.branch, last_day=held.last_day.isoformat())
    queue_pack(held, actor, sensitive=False)
    return held


def _refuse_unready(end: BranchEnd) -> None:
    refuse_impossible(end.branch, end.last_day, end.merged_into)
    if end.last_day > clock.today():
        raise ValidationError({"last_day": _("The last day is still to come: confirm the end on that day, or after it.")})
    if lacks := Checklist(end).lacks:
        raise ValidationError([str(sentence) for sentence in lacks])


def _cut_short(end: BranchEnd) -> dict[str, Any]:
    """Return what will be cut short, by model and key, with until when it would have lasted."""
    after = end.last_day + ONE_DAY
    found: dict[str, Any] = {}
    for model in SPANS:
        paths: dict[type[Model], str] = {SquadMember: "squad__branch", SquadGrid: "squad__branch", PioneerClaim: "post__branch"}
        rows: Any = model._base_manager.filter(**{paths.get(model, "branch"): end.branch}, during__contains=after).values_list("pk", "during")
        found[model._meta.label] = [[pk, during.upper.isoformat() if during.upper else None] for pk, during in rows]
    return found


def _staying(end: BranchEnd) -> list[tuple[int, Any]]:
    """Return whoever would have stayed beyond the last day, with until when; whose time ends by then leaves."""
    rows = Membership.objects.filter(branch=end.branch, during__contains=end.last_day + ONE_DAY).order_by("pk")
    return [(person, during.upper) for person, during in rows.values_list("person", "during")]


def _end_beside(actor: User, end: BranchEnd) -> None:
    """End what has no end of its own: times off, swaps that nobody answered, surveys that are open, drafts that were never filed."""
    now = clock.now()
    cut(TimeOff.objects.filter(branch=end.branch), end.last_day)
    Swap.objects.filter(shift__post__branch=end.branch, state=Swap.State.ASKED).update(state=Swap.State.WITHDRAWN, answered_at=now)
    for survey in Survey.objects.select_for_update().filter(branch=end.branch, opened_at__isnull=False, closed_at=None):
        survey.closed_at = max(now, survey.opened_at or now)
        survey.save(update_fields=["closed_at"])
        audit.record(actor, "survey.closed", survey)
    ReportDraft.objects.filter(branch=end.branch).delete()


def _go_over(actor: User, end: BranchEnd, into: Branch, stayed: list[tuple[int, Any]]) -> None:
    """Let whoever stays, and what is open, go over to the other branch; what the branch did stays its own."""
    after = end.last_day + ONE_DAY
    for person, until in stayed:
        Membership.objects.create(person_id=person, branch=into, during=DateRange(after, until))
    for need in Need.objects.filter(branch=end.branch).unresolved().order_by("pk"):
        needs.give_over(actor=actor, need=need, to=into, note=_("The branch goes into another."))
    people = [person for person, _until in stayed]
    accounts = Grant.objects.live(clock.today()).filter(branch=end.branch, role=Role.MEMBER, user__person__in=people).select_related("user")
    for own in accounts:
        grant = Grant.objects.create(user=own.user, role=Role.MEMBER, branch=into, during=DateRange(clock.today(), own.during.upper), given_by=actor)
        audit.record(actor, "grant.given", grant, user=str(own.user.public_id), role=grant.role, scope="branch", scope_id=str(into.public_id))
    audit.record(actor, "branch.took_over", into, members=len(stayed), was=str(end.branch.public_id))


def _end_grants(actor: User, branch: Branch) -> dict[str, Any]:
    """Take back what let accounts work for the branch, and close the accounts that have nothing else; return which."""
    now, today = clock.now(), clock.today()
    grants = list(Checklist(BranchEnd(branch=branch, last_day=today)).grants.select_for_update(of=("self",)).select_related("user").order_by("pk"))
    for grant in grants:
        grant.revoked_at, grant.revoked_by = now, actor
        grant.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(actor, "grant.revoked", grant, user=str(grant.user.public_id), role=grant.role, scope="branch", scope_id=str(branch.public_id))
    users = {grant.user_id for grant in grants} - {actor.pk}
    elsewhere = set(Grant.objects.live(today).filter(user__in=users).values_list("user", flat=True))
    over = User.objects.filter(pk__in=users - elsewhere, is_active=True).order_by("pk")
    closed = list(over)
    over.update(is_active=False)
    for user in closed:
        audit.record(actor, "user.closed", user)
    return {"grants": [grant.pk for grant in grants], "accounts": [user.pk for user in closed]}
