"""Writes on squads: who is in them, who leads them, which grids they cover. Each checks that the actor may, and is audited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from branches import access
from branches.access import Act
from branches.models import Branch, Region
from branches.services import refusals_beside
from members.grids import regions_offered, sharing
from members.models import Membership, Person, Squad, SquadGrid, SquadMember
from portal.foundation import audit, locks
from portal.foundation.submissions import stored_once

Actor = Model | AnonymousUser
ONE_DAY: Final = timedelta(days=1)
# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {
    "one_squad_of_a_name_at_a_time": "name",
    "squad_inside_the_branch_life": "first_day",
    "squad_for_a_time": "last_day",
    "squad_member_is_in_the_branch": "people",
    "squad_member_carries_the_membership": "people",
    "squad_member_inside_the_squad": "first_day",
    "in_a_squad_once_at_a_time": "people",
    "squad_grid_inside_the_squad": "first_day",
    "squad_covers_a_grid_once_at_a_time": "grids",
}


@dataclass(frozen=True)
class SquadFacts:
    """What a squad is called, what kind it is, and what for."""

    name: str
    kind: str = Squad.Kind.SHOCK
    task: str = ""


def may_keep(actor: object, branch: Branch) -> bool:
    """Say whether the branch's squads are the actor's to keep: not when its records are closed."""
    return access.offers(actor, Act.KEEP_SQUADS, branch)


# --- Founded, changed, ended ----------------------------------------------------------------------------------------------


def found_squad(
    *,
    actor: Actor,
    branch: Branch,
    facts: SquadFacts,
    first_day: date,
    uid: UUID,
    leader: Person | None = None,
    people: Sequence[Person] = (),
    grids: Sequence[Region] = (),
) -> Squad:
    """Found a squad on a day, with its leader, its people and the grids that it covers; the same `uid` again returns the first one.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        Conflict: `uid` came before with other content.
        ValidationError: by field, when the branch has a squad of the name then, somebody is not in it, or a region is no grid of it.
    """
    require(actor, branch)
    content = {
        "branch": str(branch.public_id),
        "facts": [facts.name, facts.kind, facts.task],
        "first_day": first_day.isoformat(),
        "leader": str(leader.public_id) if leader else "",
        "people": sorted(str(person.public_id) for person in people),
        "grids": sorted(str(region.public_id) for region in grids),
    }

    def store() -> Squad:
        squad = _found(actor, branch, facts, first_day)
        _join(squad, [*people, *([leader] if leader and leader not in people else [])], first_day, leader)
        _cover(squad, grids, first_day)
        return squad

    with refusals_beside(_FIELDS):
        _lock(branch)
        founded: Squad = stored_once(account=_account(actor), uid=uid, content=content, rows=Squad.objects.all(), store=store)[0]
    return founded


def found_squads(*, actor: Actor, branch: Branch, kind: str, first_day: date, named: Sequence[tuple[Region, str]], uid: UUID) -> list[Squad]:
    """Found a squad for each of some grids on a day, named by whoever founds them; the same `uid` again founds nothing.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        Conflict: `uid` came before with other content.
        ValidationError: by field; the name of the region's squad stands under `name-` and the region's identifier.
    """
    require(actor, branch)
    content = {
        "branch": str(branch.public_id),
        "kind": kind,
        "first_day": first_day.isoformat(),
        "named": sorted([str(region.public_id), name] for region, name in named),
    }

    def store() -> Squad:
        squads = [_founded_for(actor, branch, SquadFacts(name, kind), first_day, region) for region, name in named]
        return squads[0]

    with refusals_beside({}):
        _lock(branch)
        first, _is_new = stored_once(account=_account(actor), uid=uid, content=content, rows=Squad.objects.all(), store=store)
    return list(Squad.objects.filter(branch=branch, name__in=[name for _region, name in named], during=first.during).order_by("pk"))


def _founded_for(actor: Actor, branch: Branch, facts: SquadFacts, first_day: date, region: Region) -> Squad:
    with refusals_beside({**_FIELDS, "one_squad_of_a_name_at_a_time": f"name-{region.public_id}"}):
        squad = _found(actor, branch, facts, first_day)
        _cover(squad, [region], first_day)
    return squad


def _found(actor: Actor, branch: Branch, facts: SquadFacts, first_day: date) -> Squad:
    # As long as the branch, where its end is known.
    until = branch.ended_on + ONE_DAY if branch.ended_on else None
    squad = Squad.objects.create(branch=branch, name=facts.name, kind=facts.kind, task=facts.task, during=_ordered(first_day, until, "first_day"))
    audit.record(actor, "squad.founded", squad, branch=str(branch.public_id))
    return squad


def edit_squad(*, actor: Actor, squad: Squad, facts: SquadFacts) -> Squad:
    """Call a squad otherwise, or say otherwise what it is for.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        ValidationError: by field, when the branch has a squad of the name in that time.
    """
    require(actor, squad.branch)
    with refusals_beside(_FIELDS):
        squad.name, squad.kind, squad.task = facts.name, facts.kind, facts.task
        squad.save(update_fields=["name", "kind", "task"])
        audit.record(actor, "squad.changed", squad)
    return squad


def end_squad(*, actor: Actor, squad: Squad, last_day: date) -> Squad:
    """End a squad after a day; whoever is in it then leaves it, and its grids are covered no more. What was stays on record.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        ValidationError: it begins after that day.
    """
    require(actor, squad.branch)
    with refusals_beside(_FIELDS):
        squad = _locked(squad)
        cut(squad.members.all(), last_day)
        cut(squad.grids.all(), last_day)
        squad.during = _shortened(squad.during, last_day)
        squad.save(update_fields=["during"])
        audit.record(actor, "squad.ended", squad, last_day=last_day.isoformat())
    return squad


# --- People ---------------------------------------------------------------------------------------------------------------


def add_people(*, actor: Actor, squad: Squad, people: Sequence[Person], first_day: date) -> int:
    """Put people of the branch into a squad from a day on, and say how many are new; whoever is in it then stays, once.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        ValidationError: beside `people`, when somebody is not in the branch on that day; beside `first_day`, when there is no squad then.
    """
    require(actor, squad.branch)
    with refusals_beside(_FIELDS):
        squad = _locked(squad)
        joined = _join(squad, people, first_day, None)
        if joined:
            audit.record(actor, "squad.joined", squad, person=[str(member.person.public_id) for member in joined], first_day=first_day.isoformat())
    return len(joined)


def set_leader(*, actor: Actor, squad: Squad, person: Person, from_day: date) -> SquadMember:
    """Put a squad under somebody from a day on; whoever led it until then stays in it.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        ValidationError: beside `people`, when they are not in the branch on that day.
    """
    require(actor, squad.branch)
    with refusals_beside(_FIELDS):
        squad = _locked(squad)
        was: SquadMember | None = squad.members.on(from_day).filter(leads=True).first()
        if was is not None and was.person_id == person.pk:
            return was
        # Whoever was to lead later no longer will.
        squad.members.filter(leads=True, during__startswith__gt=from_day).update(leads=False)
        if was is not None:
            _leads(was, from_day, leads=False)
        held = squad.members.on(from_day).filter(person=person).first()
        if held is None:
            [held] = _join(squad, [person], from_day, person)
        else:
            held = _leads(held, from_day, leads=True)
        audit.record(actor, "squad.led", squad, person=str(person.public_id), from_day=from_day.isoformat())
    return held


def end_member(*, actor: Actor, member: SquadMember, last_day: date) -> None:
    """End somebody's time in a squad after a day; one that had not begun by then is taken back.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
    """
    require(actor, member.squad.branch)
    with refusals_beside(_FIELDS):
        _locked(member.squad)
        cut(SquadMember.objects.filter(pk=member.pk), last_day)
        audit.record(actor, "squad.left", member.squad, person=str(member.person.public_id), last_day=last_day.isoformat())


def _join(squad: Squad, people: Sequence[Person], first_day: date, leader: Person | None) -> list[SquadMember]:
    """Put into a squad whoever is not in it on a day; until they leave the branch, where that is known, or come to be in the squad anyway."""
    inside = set(squad.members.on(first_day).values_list("person", flat=True))
    later = dict(squad.members.filter(during__startswith__gt=first_day).order_by("-during").values_list("person", "during"))
    held = dict(Membership.objects.filter(branch_id=squad.branch_id, person__in=people).on(first_day).values_list("person", "during"))
    joined = []
    for person in people:
        if person.pk in inside:
            continue
        if person.pk not in held:
            raise ValidationError({"people": _("%(name)s is not in the branch on that day.") % {"name": person.name}})
        ends = [until for until in (squad.during.upper, held[person.pk].upper, later[person.pk].lower if person.pk in later else None) if until]
        joined.append(SquadMember(squad=squad, person=person, leads=person == leader, during=_ordered(first_day, min(ends, default=None), "first_day")))
    SquadMember.objects.bulk_create(joined)
    return joined


def _leads(held: SquadMember, from_day: date, *, leads: bool) -> SquadMember:
    """Let somebody in a squad lead it from a day on, or lead it no more: until then they were what they were."""
    if held.during.lower == from_day:
        held.leads = leads
        held.save(update_fields=["leads"])
        return held
    until = held.during.upper
    held.during = DateRange(held.during.lower, from_day)
    held.save(update_fields=["during"])
    return SquadMember.objects.create(squad_id=held.squad_id, person_id=held.person_id, leads=leads, during=DateRange(from_day, until))


# --- Grids ----------------------------------------------------------------------------------------------------------------


def cover_grids(*, actor: Actor, squad: Squad, regions: Sequence[Region], first_day: date) -> list[SquadGrid]:
    """Let a squad cover grids from a day on, and return those that it now shares with another squad: allowed, and worth a warning.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
        ValidationError: beside `grids`, when a region is neither covered by the branch nor in its host region.
    """
    require(actor, squad.branch)
    with refusals_beside(_FIELDS):
        squad = _locked(squad)
        covered = _cover(squad, regions, first_day)
        if covered:
            audit.record(actor, "squad.covers", squad, grids=[str(grid.region.public_id) for grid in covered], first_day=first_day.isoformat())
        return list(sharing(SquadGrid.objects.filter(pk__in=[grid.pk for grid in covered])).select_related("region"))


def end_grid(*, actor: Actor, grid: SquadGrid, last_day: date) -> None:
    """Let a squad cover a grid no more after a day; what had not begun by then is taken back.

    Raises:
        Forbidden: the branch's squads are not the actor's to keep.
    """
    require(actor, grid.squad.branch)
    with refusals_beside(_FIELDS):
        _locked(grid.squad)
        cut(SquadGrid.objects.filter(pk=grid.pk), last_day)
        audit.record(actor, "squad.uncovers", grid.squad, grids=[str(grid.region.public_id)], last_day=last_day.isoformat())


def _cover(squad: Squad, regions: Iterable[Region], first_day: date) -> list[SquadGrid]:
    wanted = {region.pk: region for region in regions}
    offered = set(regions_offered(squad.branch, first_day).filter(pk__in=wanted).values_list("pk", flat=True))
    if strangers := [region.name for pk, region in wanted.items() if pk not in offered]:
        raise ValidationError({"grids": _("%(name)s is neither covered by the branch nor in its host region.") % {"name": strangers[0]}})
    inside = set(squad.grids.on(first_day).values_list("region", flat=True))
    later = dict(squad.grids.filter(during__startswith__gt=first_day).order_by("-during").values_list("region", "during"))
    covered = []
    for pk, region in wanted.items():
        if pk in inside:
            continue
        ends = [until for until in (squad.during.upper, later[pk].lower if pk in later else None) if until]
        covered.append(SquadGrid(squad=squad, region=region, during=_ordered(first_day, min(ends, default=None), "first_day")))
    return SquadGrid.objects.bulk_create(covered)


# --- With the branch ------------------------------------------------------------------------------------------------------


def leave(*, branch: Branch, person: Person | None, last_day: date) -> None:
    """Take a person out of a branch's squads after a day; without a person, end all of its squads.

    For services that end a membership or a branch, inside their transaction.
    """
    held = SquadMember.objects.filter(squad__branch=branch)
    cut(held.filter(person=person) if person is not None else held, last_day)
    if person is None:
        cut(SquadGrid.objects.filter(squad__branch=branch), last_day)
        cut(Squad.objects.filter(branch=branch), last_day)


def cut(spans: "QuerySet[Any, Any]", last_day: date) -> None:
    """End the spans that reach past a day on it; those that begin later are taken back."""
    spans.filter(during__startswith__gt=last_day).delete()
    for span in spans.filter(during__contains=last_day + ONE_DAY).select_for_update(of=("self",)):
        span.during = DateRange(span.during.lower, last_day + ONE_DAY)
        span.save(update_fields=["during"])


def require(actor: Actor, branch: Branch) -> None:
    """Refuse whoever may not keep the branch's squads and posts, and everybody when its records are closed."""
    access.require(actor, Act.KEEP_SQUADS, branch)


def _lock(branch: Branch) -> None:
    """Let squads of one branch be founded one after another, so that a form that is sent twice finds what it founded."""
    Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)


def _locked(squad: Squad) -> Squad:
    """Return a squad, changed by nobody else until the end of the transaction."""
    return locks.row(Squad, squad.pk, "branch", no_key=True)


def _shortened(during: DateRange, last_day: date) -> DateRange:
    if during.lower is not None and during.lower > last_day:
        raise ValidationError({"last_day": _("The end is before the start.")})
    return DateRange(during.lower, min(filter(None, (during.upper, last_day + ONE_DAY))))


def _ordered(lower: date, upper: date | None, field: str) -> DateRange:
    """Return the range; PostgreSQL would refuse one whose end is before its start as malformed, without naming a rule."""
    if upper is not None and upper <= lower:
        raise ValidationError({field: _("It has ended by then.")})
    return DateRange(lower, upper)


def _account(actor: Actor) -> Model:
    assert isinstance(actor, Model)  # noqa: S101 - whoever may keep squads has signed in
    return actor
