"""An odd little world, and every reader against a naive recount of its rows: it shares nothing with the queries but the tables.

Townships below townships, regions and branches that change places within the span, work done where its branch does not lie, branches in no community
or merged, units three deep, people whose unit changes on the day of the entry, and a 29 February.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from activities import rollups
from activities.models import DailyReport, EntryParticipant, Measure, Metric, PeriodReport
from activities.rollups import Scope, Span, Total
from activities.services import Figure, Participation, Work, file_daily_report, file_period_report
from branches.access import Role
from branches.models import Branch, BranchPlace, Region, RegionParent, WorkUnit
from branches.querysets import hosted_below, places_below
from branches.services import move_branch, reparent_region
from members.models import Membership, Person, Secondment
from tests.factories import FOR_LONG, give, make_branch, make_person, make_region, make_unit, make_user
from tests.personas import Clock

pytestmark = pytest.mark.usefixtures("clock", "catalogue")

FIRST: Final = date(2020, 2, 26)
DAYS: Final = [FIRST + timedelta(days=offset) for offset in range(9)]
SPANS: Final = (Span(FIRST, DAYS[-1]), Span.day(date(2020, 2, 29)), Span(DAYS[2], DAYS[5]))
KINDS: Final = {
    "vehicles": "checkpoint",
    "duty_person_times": "shift",
    "people_on_duty": "shift",
    "home_isolated": "screening",
    "rounds_completed": "screening",
}
LEVELS: Final = ("province", "prefecture", "county", "township", "township", "township", "community", "community", "compound")
WORDS: Final = ("exact", "exact", "over", "nearly", "about", "at_least")


def holds(span: Any, day: date) -> bool:
    """Whether a range of days has a day."""
    return (span.lower is None or span.lower <= day) and (span.upper is None or day < span.upper)


class World:
    """The rows, and what they come to."""

    def __init__(self, seed: int, clock: Clock) -> None:
        """Make the rows."""
        self.random, self.clock = Random(seed), clock
        self.actor = make_user("everything", *((role, None) for role in (Role.ORGANISER, Role.REVIEWER, Role.ADMINISTRATOR)))
        self.regions = [make_region(f"\\%_'😀{level}{number}" + "长" * 80, level) for number, level in enumerate(LEVELS)]
        for number, region in enumerate(self.regions[1:], start=1):
            self._lay(region, self.regions[:number])
        self.units = [make_unit("集团")]
        for parent in (self.units[0], None, self.units[0]):
            self.units.append(make_unit("单位", parent))
        self.units.append(make_unit("班组", self.units[1]))
        starts = {"established_on": date(2020, 2, 1)}, {"established_on": DAYS[2]}, {"established_on": None}
        kinds = ("branch", "branch", "work_team", "command_post")
        self.branches = [make_branch(self.random.choice(self.regions), kind=kind, **self.random.choice(starts)) for kind in kinds]
        for branch in self.branches[:2]:
            move_branch(actor=self.actor, branch=branch, region=self.random.choice(self.regions), from_day=self.random.choice(DAYS))
        self.people = [make_person() for _ in range(5)]
        for person in self.people[:4]:
            day = self.random.choice(DAYS)
            for span in (DateRange(None, day), DateRange(day, None)):
                Secondment.objects.create(person=person, home_unit=self.random.choice(self.units), during=span)
        for _ in range(24):
            clock.move_to(clock.moment + timedelta(minutes=1))
            self._file(Branch.objects.get(pk=self.random.choice(self.branches).pk))
        Branch.objects.filter(pk=self.branches[0].pk).update(state="merged", merged_into=self.branches[1], ended_on=DAYS[6])
        for _ in range(2):
            self._or_refused(lambda: reparent_region(actor=self.actor, region=self._any(), parent=self._any(), from_day=self.random.choice(DAYS)))
        self._read()

    def _any(self) -> Region:
        return self.random.choice(self.regions)

    def _lay(self, region: Region, wider: Sequence[Region]) -> None:
        cuts = sorted(self.random.sample(DAYS, self.random.choice([0, 0, 1, 2])))
        for lower, upper in zip([None, *cuts], [*cuts, None], strict=True):
            # Now and then it lies nowhere for some days.
            if lower is None or self.random.random() < 0.9:
                RegionParent.objects.create(region=region, parent=self.random.choice(wider), during=DateRange(lower, upper))

    def _file(self, branch: Branch) -> None:
        given: dict[str, Any] = {"actor": self.actor, "branch": branch, "works": self._works(), "uid": uuid4(), "reason": "补报"}
        first = self.random.choice(DAYS)
        last = min(first + timedelta(days=self.random.randint(0, 3)), DAYS[-1])
        relation = self.random.choice(["adds_to_daily", "adds_to_daily", "includes_daily"])
        if self.random.random() < 0.7:
            self._or_refused(lambda: file_daily_report(day=first, **given))
        else:
            self._or_refused(lambda: file_period_report(first_day=first, last_day=last, relation=relation, **given))

    def _works(self) -> list[Work]:
        return [
            Work(
                KINDS[code],
                (Figure(code, Decimal(self.random.randint(0, 9)), qualifier=self.random.choice(WORDS)),),
                place=self.random.choice([None, self._any()]),
                participants=tuple(Participation(person) for person in self.random.sample(self.people, self.random.choice([0, 1, 2]))),
            )
            for code in self.random.sample(sorted(KINDS), 2)
        ]

    def _or_refused(self, step: Any) -> None:
        try:
            with transaction.atomic():
                step()
        except (ValidationError, IntegrityError):
            return

    def _read(self) -> None:
        self.branches = list(Branch.objects.prefetch_related("sending_units"))
        self.links, self.places = list(RegionParent.objects.all()), list(BranchPlace.objects.all())
        related = ("metric", "branch", "entry__version__period_report")
        self.measures = list(Measure.objects.select_related(*related).order_by("pk"))
        self.shifts = list(EntryParticipant.objects.select_related("entry__branch", "entry__version__period_report"))
        self.above = dict(WorkUnit.objects.values_list("pk", "parent"))
        self.senders: dict[int, list[int | None]] = defaultdict(list)
        for shift in self.shifts:
            self.senders[shift.entry_id].append(shift.home_unit_id)

    def way_up(self, place: int | None, day: date) -> list[int]:
        """A region and all in which it lies on a day, the nearest first."""
        found = []
        while place is not None:
            found.append(place)
            place = next((link.parent_id for link in self.links if link.region_id == place and holds(link.during, day)), None)
        return found

    def hosted(self, branch: int, day: date) -> list[int]:
        """The regions in which a branch is hosted on a day."""
        return self.way_up(next((place.region_id for place in self.places if place.branch_id == branch and holds(place.during, day)), None), day)

    def units_up(self, unit: int | None) -> list[int]:
        """A unit and all above it."""
        found = []
        while unit is not None:
            found.append(unit)
            unit = self.above[unit]
        return found

    def belongs(self, measure: Measure, scope: Scope) -> bool:
        """Whether a figure is one of the scope."""
        if scope.branch is not None:
            return measure.branch == scope.branch
        if measure.branch.kind == "command_post":
            return False
        if scope.region is not None:
            return scope.region.pk in self.way_up(measure.entry.place_id, days_of(measure.entry)[1])
        sent = self.senders[measure.entry_id]
        return bool(measure.metric.attributable and sent) and all(scope.object.pk in self.units_up(unit) for unit in sent)

    def records(self, scope: Scope, span: Span) -> list[Measure]:
        """The figures behind a total."""
        found, last_ones = [], dict[tuple[int, int], tuple[date, bool, int, Measure]]()
        for measure in filter(lambda each: counts(each.entry), self.measures):
            (first, last), key = days_of(measure.entry), (measure.branch_id, measure.metric_id)
            if measure.metric.over_time != "latest":
                found += [measure] if span.first <= first and last <= span.last and self.belongs(measure, scope) else []
            elif last <= span.last and holds(measure.branch.life, span.last):
                step = last, measure.business_date is not None, measure.pk, measure
                last_ones[key] = max(last_ones.get(key, step), step, key=lambda each: each[:3])
        return found + [step[3] for step in last_ones.values() if self.belongs(step[3], scope)]

    def line(self, scope: Scope, measure: Measure) -> int | None:
        """In which line of the table below a region a figure stands."""
        way = self.way_up(measure.entry.place_id, days_of(measure.entry)[1])
        at = way.index(scope.object.pk)
        return way[at - 1] if at else None

    def shifts_of(self, unit: int, span: Span) -> int:
        """How many shifts people of a unit and those below did."""
        counted = [
            shift for shift in self.shifts if counts(shift.entry) and shift.entry.branch.kind != "command_post" and unit in self.units_up(shift.home_unit_id)
        ]
        return sum(span.first <= days_of(shift.entry)[0] and days_of(shift.entry)[1] <= span.last for shift in counted)


def days_of(entry: Any) -> tuple[date, date]:
    """The first and the last day of an entry."""
    period = entry.version.period_report
    return (entry.business_date, entry.business_date) if period is None else (period.first_day, period.last_day)


def counts(entry: Any) -> bool:
    """Whether an entry counts."""
    period = entry.version.period_report
    return entry.version.state in {"filed", "accepted"} and (period is None or period.relation == "adds_to_daily")


def summed(measures: Iterable[Measure]) -> dict[str, tuple[Decimal | None, str, int]]:
    """The totals of figures: value, qualifier and how many they are."""
    by_code: dict[str, list[Measure]] = defaultdict(list)
    for measure in measures:
        by_code[measure.metric.code].append(measure)
    found = {}
    for code, held in by_code.items():
        metric, words = held[0].metric, {measure.qualifier for measure in held} - {"exact"}
        one = len({measure.branch_id for measure in held}) == 1
        adds = len(held) == 1 or (metric.over_time not in {"distinct", "none"} and (one or metric.over_places == "sum"))
        word = "at_least" if words == {"at_least", "over"} else words.pop() if len(words) == 1 else "about" if words else "exact"
        found[code] = (sum((measure.value for measure in held), Decimal(0)) if adds else None, word, len(held))
    return found


def said(totals: dict[str, Total] | Any) -> dict[str, tuple[Decimal | None, str, int]]:
    """The same of what a reader found."""
    return {code: (total.value, str(total.qualifier), total.count) for code, total in totals.items()}


def keys(rows: Iterable[Any]) -> list[int]:
    """The keys of rows; one that comes twice stands twice."""
    return sorted(row.pk for row in rows)


def overlap(one: DateRange, other: DateRange) -> bool:
    """Whether two spans of days, not empty, have a day in common."""
    starts, ends = (max(span.lower or date.min for span in (one, other)), min(span.upper or date.max for span in (one, other)))
    return starts < ends


@pytest.fixture(params=[1, 2])
def world(request: pytest.FixtureRequest, clock: Clock, catalogue: None) -> World:
    return World(request.param, clock)


def test_places_hosts_and_what_was_done_there_are_those_of_the_tree_of_each_day(world: World) -> None:
    ever = [date(1900, 1, 1), *DAYS]
    for region in world.regions:
        below = {each.pk for each in world.regions if any(region.pk in world.way_up(each.pk, day) for day in ever)}
        assert set(places_below(region).values_list("descendant", flat=True)) == below
        assert set(hosted_below(region).values_list("branch", flat=True)) == {place.branch_id for place in world.places if place.region_id in below}
        done = [each for each in world.measures if region.pk in world.way_up(each.entry.place_id, days_of(each.entry)[1])]
        assert keys(Measure.objects.within(region)) == keys(done)
        assert keys(Measure.objects.done_at(places_below(region))) == keys(each for each in world.measures if each.entry.place_id in below)
        assert keys(DailyReport.objects.hosted_in(region)) == keys(
            each for each in DailyReport.objects.all() if region.pk in world.hosted(each.branch_id, each.business_date)
        )
        assert keys(PeriodReport.objects.hosted_in(region)) == keys(
            each for each in PeriodReport.objects.all() if region.pk in world.hosted(each.branch_id, each.last_day)
        )
        for day in DAYS:
            assert keys(Branch.objects.within(region, day)) == keys(each for each in world.branches if region.pk in world.hosted(each.pk, day))


def test_totals_records_and_lists_of_every_scope_are_a_recount(world: World) -> None:
    metrics = list(Metric.objects.filter(code__in=KINDS))
    for scope in (*map(Scope.of, world.regions), *map(Scope.of, world.units), *map(Scope.of, world.branches)):
        for span in SPANS:
            expected = world.records(scope, span)
            assert keys(rollups.records(scope, span)) == keys(expected)
            assert keys(row for part in rollups.listed(scope, span, metrics) for row in part) == keys(expected)
            assert said(rollups.totals(scope, span, metrics)) == summed(expected)
            if scope.work_unit is not None:
                assert rollups.attributed(scope.work_unit, span).person_shifts == world.shifts_of(scope.work_unit.pk, span)


def test_lines_below_a_region_are_a_recount(world: World) -> None:
    metrics = list(Metric.objects.filter(code__in=KINDS))
    for scope in (Scope(region=region) for region in world.regions):
        for span in SPANS:
            lines: dict[int | None, list[Measure]] = defaultdict(list)
            for measure in world.records(scope, span):
                lines[measure.branch_id if rollups.lists_branches(scope) else world.line(scope, measure)].append(measure)
            rows = {row.child.pk if row.child else None: row for row in rollups.by_child(scope, span, metrics) if row.totals}
            assert {key: said(row.totals) for key, row in rows.items()} == {key: summed(held) for key, held in lines.items()}
            for key, row in rows.items():
                if row.child is not None and scope.region is not None:
                    assert keys(rollups.of_line(scope.region, row.child, rollups.records(Scope.of(row.child), span))) == keys(lines[key])


def test_who_holds_several_grants_sees_each_row_once_and_none_beside(world: World) -> None:
    today, tomorrow = world.clock.today(), world.clock.today() + timedelta(days=1)
    for person in world.people:
        branch, day = world.branches[2], world.random.choice(DAYS)
        begun = DateRange(max(day, branch.life.lower or day), branch.life.upper)
        Membership.objects.create(person=person, branch=branch, during=world.random.choice([branch.life, begun]))
    for _ in range(8):
        reader, held = make_user(), set[Any]()
        for thing in (world.random.choice(world.regions), world.random.choice(world.units), world.random.choice(world.branches)):
            during = world.random.choice([FOR_LONG, DateRange(None, tomorrow), DateRange(None, today), DateRange(tomorrow, FOR_LONG.upper)])
            give(reader, Role.OFFICIAL, thing, during=during)
            held |= {thing} if holds(during, today) else set()
        own = [each for each in Secondment.objects.all() for unit in held if isinstance(unit, WorkUnit) and unit.pk in world.units_up(each.home_unit_id)]
        sent = {each.person_id for each in own if each.pk == max(each.person.secondments.all(), key=lambda one: one.during.lower or date.min).pk}
        territorial = {
            each.pk for each in world.branches if each in held or any(isinstance(one, Region) and one.pk in world.way_up(each.region_id, today) for one in held)
        }
        meanwhile = [each for one in own for each in Membership.objects.filter(person=one.person_id) if overlap(each.during, one.during)]
        seen = territorial | {each.branch_id for each in meanwhile}
        assert keys(Branch.objects.visible_to(reader)) == sorted(seen)
        assert keys(Measure.objects.visible_to(reader)) == keys(each for each in world.measures if each.branch_id in seen)
        members = {each.person_id for each in Membership.objects.filter(branch__in=territorial)}
        assert keys(Person.objects.visible_to(reader)) == sorted(sent | members)
