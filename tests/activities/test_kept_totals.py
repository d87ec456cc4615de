"""The kept totals of regions equal a recount of every row after each step, whatever the steps are."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any, Final
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import translation
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from activities import rollups
from activities.models import Metric, ReportVersion, Rollup, RollupDelta
from activities.models.rollup import Series
from activities.rollups import Scope, Span, upkeep
from activities.rollups.stored import Kept, held_on, steps_of
from activities.services import Figure, Work, accept, file_daily_report, file_period_report, return_to_branch, withdraw
from branches.access import Role
from branches.models import Branch, Region
from branches.services import move_branch, reparent_region
from portal.accounts.models import User
from portal.foundation.errors import Conflict
from tests.activities.recount import Recount, plain
from tests.factories import file, make_branch, make_region, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock", "catalogue")

FIRST: Final = date(2020, 2, 26)
DAYS: Final = [FIRST + timedelta(days=offset) for offset in range(11)]
LAST: Final = DAYS[-1]
KINDS: Final = {"vehicles": "checkpoint", "turned_back": "checkpoint", "people_on_duty": "shift", "home_isolated": "screening", "rounds_completed": "screening"}
PLACES: Final = ("community", "other_community", "street", "other_street", "north", "south", "city")
FACTS: Final = (Series.REPORTED, Series.LATE, Series.CORRECTED, Series.WAITING)


class CutOffError(Exception):
    """The compactor is cut off."""


def assert_exact() -> None:
    """Compare everything that is kept with a recount."""
    counted = Recount(DAYS)
    metrics = list(Metric.objects.all())
    standing = [metric.pk for metric in metrics if metric.over_time != "latest"]
    holding = [metric.pk for metric in metrics if metric.over_time == "latest"]
    entries = list(range(Series.ENTRIES - 40, Series.ENTRIES + 1))
    rows = Kept(sorted(counted.kept), [*standing, *entries, *FACTS], Span(date(1900, 1, 1), date(2100, 1, 1))).by("node", "series", "day", "days")
    kept = {(row["node"], row["series"], row["day"], row["days"]): plain(row) for row in rows}
    expected = {key: counts.plain() for key, counts in counted.standing.items()}
    assert _without_owners(kept) == _without_owners(expected)
    found: dict[tuple[int, int, date], Any] = {}
    for region in Region.objects.filter(pk__in=counted.kept):
        steps = steps_of(region, [*holding, Series.DUE], LAST)
        for series in [*holding, Series.DUE]:
            held = held_on(DAYS, [step for step in steps if step["series"] == series])
            found |= {(region.pk, series, day): plain(row) for day, row in held.items()}
    assert _without_owners(found) == _without_owners({key: counts.plain() for key, counts in counted.holding.items()})


def _without_owners(rows: dict[Any, tuple[Any, ...]]) -> dict[Any, tuple[Any, ...]]:
    """Forget the branches of what is counted by itself: only figures have owners."""
    return {key: (row if key[1] > 0 else row[:2]) for key, row in rows.items()}


class KeptTotals(RuleBasedStateMachine):
    """Whatever is filed, reviewed, moved, ended and folded."""

    city: City
    clock: Clock
    actor: User
    branches: tuple[Branch, ...]

    @initialize()
    def begin(self) -> None:
        """Begin with what stands before all examples."""
        self.unfinished = transaction.atomic()
        self.unfinished.__enter__()
        self.present = self.clock.moment

    def teardown(self) -> None:
        """Undo the example."""
        if hasattr(self, "unfinished"):
            transaction.set_rollback(True)
            self.unfinished.__exit__(None, None, None)
            self.clock.move_to(self.present)

    @rule(
        branch=st.integers(0, 3),
        day=st.sampled_from(DAYS),
        figures=st.dictionaries(st.sampled_from(sorted(KINDS)), st.tuples(st.integers(0, 9), st.sampled_from(["exact", "over", "nearly"])), min_size=1),
        place=st.none() | st.sampled_from(PLACES),
    )
    def file(self, branch: int, day: date, figures: dict[str, tuple[int, str]], place: str | None) -> None:
        """File a day, a supplement or a correction, as often long after the day."""
        self._go_on()
        options: dict[str, Any] = {"reason": "示例", "uid": uuid4(), "works": self._works(figures, place)}
        self._or_refused(lambda: file_daily_report(actor=self.actor, branch=self._branch(branch), day=day, **options))

    @rule(
        branch=st.integers(0, 3),
        first=st.sampled_from(DAYS),
        length=st.integers(0, 4),
        figures=st.dictionaries(st.sampled_from(sorted(KINDS)), st.tuples(st.integers(0, 9), st.just("about")), min_size=1),
        relation=st.sampled_from(["adds_to_daily", "includes_daily"]),
    )
    def file_period(self, branch: int, first: date, length: int, figures: dict[str, tuple[int, str]], relation: str) -> None:
        """File some days together."""
        self._go_on()
        last = min(first + timedelta(days=length), LAST)
        options: dict[str, Any] = {"reason": "示例", "uid": uuid4(), "works": self._works(figures, None), "relation": relation}
        self._or_refused(lambda: file_period_report(actor=self.actor, branch=self._branch(branch), first_day=first, last_day=last, **options))

    @rule(chosen=st.integers(0, 99), what=st.sampled_from(["accept", "return", "withdraw"]))
    def review(self, chosen: int, what: str) -> None:
        """Accept, return or withdraw something that counts."""
        self._go_on()
        versions = list(self._versions())
        if not versions:
            return
        version = versions[chosen % len(versions)]
        try:
            if what == "accept":
                accept(actor=self.actor, version=version)
            elif what == "return":
                return_to_branch(actor=self.actor, version=version, note="请核对")
            else:
                withdraw(actor=self.actor, version=version, reason="误报")
        except Conflict:
            assert what == "accept"

    @rule(branch=st.integers(0, 3), place=st.sampled_from(PLACES), day=st.sampled_from(DAYS))
    def move_branch(self, branch: int, place: str, day: date) -> None:
        """Host a branch elsewhere from a day on, which may lie back."""
        self._or_refused(lambda: move_branch(actor=self.actor, branch=self._branch(branch), region=getattr(self.city, place), from_day=day))

    @rule(region=st.sampled_from(PLACES), parent=st.sampled_from(PLACES), day=st.sampled_from(DAYS))
    def move_region(self, region: str, parent: str, day: date) -> None:
        """Put a region below another from a day on."""
        self._or_refused(lambda: reparent_region(actor=self.actor, region=getattr(self.city, region), parent=getattr(self.city, parent), from_day=day))

    @rule(region=st.sampled_from(["community", "street"]), level=st.sampled_from(["township", "community"]))
    def change_level(self, region: str, level: str) -> None:
        """Make a community a township, or the other way."""
        Region.objects.filter(pk=getattr(self.city, region).pk).update(level=level)

    @rule(
        branch=st.integers(0, 3),
        change=st.sampled_from([{"state": "dissolved"}, {"state": "merged"}, {"state": "active", "merged_into": None, "ended_on": None}]),
        day=st.sampled_from(DAYS),
    )
    def end_or_revive(self, branch: int, change: dict[str, Any], day: date) -> None:
        """Dissolve a branch, merge it into another, or take that back."""
        into: dict[str, Any] = {"merged_into": self.branches[(branch + 1) % 4]} if change["state"] == "merged" else {"merged_into": None}
        ended = {} if change["state"] == "active" else {"ended_on": day}
        self._or_refused(lambda: Branch.objects.filter(pk=self.branches[branch].pk).update(**change | into | ended))

    @rule(branch=st.integers(0, 3), day=st.none() | st.sampled_from(DAYS), what=st.sampled_from(["started_work_on", "reports_from", "established_on"]))
    def change_start(self, branch: int, day: date | None, what: str) -> None:
        """Change from when a branch works, or owes reports."""
        self._or_refused(lambda: Branch.objects.filter(pk=self.branches[branch].pk).update(**{what: day}))

    @rule(branch=st.integers(0, 3), owes=st.booleans())
    def change_duty(self, branch: int, owes: bool) -> None:  # As hypothesis passes it.
        """Let a branch owe daily reports or not."""
        Branch.objects.filter(pk=self.branches[branch].pk).update(reports_daily=owes)

    @rule(limit=st.sampled_from([1, 3, 10, upkeep.BATCH]))
    def fold(self, limit: int) -> None:
        """Fold some of what waits."""
        waiting = RollupDelta.objects.count()
        assert upkeep.fold(limit) == min(limit, waiting)

    @rule()
    def crash_while_folding(self) -> None:
        """Cut the compactor off before it commits."""
        with pytest.raises(CutOffError):
            self._cut_off()

    @rule()
    def rebuild(self) -> None:
        """Build everything anew: nothing was wrong."""
        assert upkeep.rebuild().differing == 0

    @invariant()
    def everything_is_exact(self) -> None:
        """Compare with the recount."""
        if hasattr(self, "unfinished"):
            assert_exact()

    @transaction.atomic
    def _cut_off(self) -> None:
        upkeep.fold()
        raise CutOffError

    def _branch(self, number: int) -> Branch:
        return Branch.objects.get(pk=self.branches[number].pk)

    def _versions(self) -> Iterable[ReportVersion]:
        return ReportVersion.objects.current().order_by("pk")

    def _works(self, figures: dict[str, tuple[int, str]], place: str | None) -> list[Work]:
        where = getattr(self.city, place) if place else None
        return [Work(KINDS[code], (Figure(code, Decimal(value), qualifier=exactness),), place=where) for code, (value, exactness) in sorted(figures.items())]

    def _go_on(self) -> None:
        self.clock.move_to(self.clock.moment + timedelta(minutes=1))

    def _or_refused(self, step: Any) -> None:
        try:
            with transaction.atomic():
                step()
        except (ValidationError, IntegrityError):
            # Refused with a reason, and then nothing changed: the invariant sees to it.
            return


@pytest.fixture
def machine(city: City, clock: Clock) -> type[KeptTotals]:
    """The steps, over a small city with four branches and one who may do everything."""
    clock.move_to(clock.moment + timedelta(days=3))
    actor = make_user("everything", *((role, None) for role in (Role.ORGANISER, Role.REVIEWER, Role.ADMINISTRATOR)))
    branches = (make_branch(city.community), make_branch(city.other_community), make_branch(city.street), make_branch(city.south, reports_daily=False))
    return type("Machine", (KeptTotals,), {"city": city, "clock": clock, "actor": actor, "branches": branches})


def test_kept_totals_equal_a_recount_after_each_step(machine: type[KeptTotals]) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(machine, settings=settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=checks))


def test_on_one_day_the_daily_value_is_stronger_than_that_of_a_period_filed_later(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, home_isolated=4)
    works = [Work("screening", (Figure("home_isolated", Decimal(9)),))]
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works, uid=uuid4())
    assert_exact()


# --- Upkeep -------------------------------------------------------------------------------------------------------------


def told(**options: bool) -> str:
    """What the command says."""
    output = StringIO()
    with translation.override("zh-hans"):
        call_command("rollups", stdout=output, **options)
    return output.getvalue()


def test_a_check_names_what_differs_and_a_rebuild_puts_it_right(branch: Branch, organiser: User, city: City) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    told(fold=True)
    assert "相符" in told(check=True)
    Rollup.objects.filter(node=city.north, series=Metric.objects.get(code="vehicles").pk).update(value=199)

    with pytest.raises(CommandError, match="--rebuild"):
        told(check=True)
    assert "北示区 2020-03-06 vehicles: value 199.000 -> 200.000" in told(rebuild=True)

    assert "相符" in told(check=True)
    assert rollups.totals(Scope(region=city.north), Span.day(MARCH_6))["vehicles"].value == 200


@pytest.mark.parametrize("level", ["township", "county"])
def test_what_lies_below_a_township_below_another_counts_once_at_each(city: City, level: str) -> None:
    inner = make_region("示例管理区", level, city.street)
    place = make_region("新示社区", "community", inner)
    clerk = make_user("clerk", (Role.ORGANISER, city.street))
    file(make_branch(place, "新示临时党支部"), MARCH_6, by=clerk, vehicles=200, people_on_duty=2, home_isolated=3)
    told(fold=True)
    assert "相符" in told(check=True)
    assert all(rollups.totals(Scope(region=region), Span.day(MARCH_6))["vehicles"].value == 200 for region in (inner, city.street, city.north))


def test_the_worker_folds_what_waits(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    assert RollupDelta.objects.exists()
    call_command("work", once=True)
    assert not RollupDelta.objects.exists()


def test_a_filing_folds_when_many_changes_wait(
    branch: Branch, organiser: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(upkeep, "MANY", 5)
    with django_capture_on_commit_callbacks(execute=True):
        file(branch, MARCH_5, by=organiser, vehicles=200)
    waiting = RollupDelta.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        file(branch, MARCH_6, by=organiser, vehicles=200, turned_back=1, people_on_duty=2, home_isolated=3)
    assert RollupDelta.objects.count() < max(waiting, 6)


def test_totals_kept_before_the_triggers_came_are_there(branch: Branch, organiser: User, city: City) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200, home_isolated=3)
    upkeep.fold()
    # As after loading data past the triggers: nothing is kept, and nothing waits.
    Rollup.objects.all().delete()
    assert "vehicles" not in rollups.totals(Scope(region=city.north), Span.day(MARCH_6))
    upkeep.rebuild()
    assert rollups.totals(Scope(region=city.north), Span.day(MARCH_6))["home_isolated"].value == 3
    assert_exact()


@pytest.mark.parametrize("scope", ["province", "city", "north", "street"])
def test_readers_say_the_same_from_kept_totals_and_from_the_records(
    scope: str, city: City, branch: Branch, organiser: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, number in ((MARCH_5, 3), (MARCH_6, 5)):
        file(branch, day, by=organiser, vehicles=number, home_isolated=number, people_on_duty=number, qualifiers={"vehicles": "over"})
    about, span = Scope(region=getattr(city, scope)), Span(MARCH_5, MARCH_6)
    metrics = list(Metric.objects.all())

    def read() -> list[Any]:
        ledger = rollups.Ledger(about, MARCH_6, metrics)
        lines = [(line.metric.code, line.now, line.running) for line in rollups.lines(span, metrics, ledger)]
        children = [(row.child, row.completeness, dict(row.totals)) for row in rollups.by_child(about, span, metrics)]
        return [rollups.totals(about, span), rollups.by_day(about, span, metrics), lines, children, rollups.completeness(about, MARCH_6)]

    kept = read()
    for module in ("stored", "children"):
        monkeypatch.setattr(f"activities.rollups.{module}.ROLLED_LEVELS", ())
    assert read() == kept


def test_a_kept_total_is_read_with_what_waits_in_one_statement(branch: Branch, organiser: User, city: City, django_assert_num_queries: Any) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    upkeep.fold()
    file(branch, MARCH_5, by=organiser, vehicles=20)
    vehicles = Metric.objects.get(code="vehicles")
    with django_assert_num_queries(1):
        found = rollups.totals(Scope(region=city.city), Span(MARCH_5, MARCH_6), [vehicles])
    assert found["vehicles"].value == 220
