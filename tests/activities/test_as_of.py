"""As of a moment, figures and completeness are what they were when it was the present."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities import rollups
from activities.models import ReportVersion
from activities.rollups import Scope, Span
from activities.services import Figure, Participation, Work, accept, file_daily_report, file_period_report, return_to_branch, withdraw
from branches.access import Role
from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock", "catalogue")

DAYS: Final = [date(2020, 3, 2) + timedelta(days=offset) for offset in range(5)]
SPANS: Final = (Span.day(MARCH_6), Span(DAYS[0], MARCH_6))
# One of each rule over time: adds up, latest value, everybody once, not added.
KINDS: Final = {"vehicles": "checkpoint", "home_isolated": "screening", "people_on_duty": "shift", "duty_person_times": "shift"}
STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(["file", "file", "file", "period", "accept", "return", "withdraw"]),
        st.integers(0, 1),
        st.integers(0, 4),
        st.sampled_from(sorted(KINDS)),
        st.integers(0, 9),
        st.sampled_from(["exact", "over"]),
    ),
    min_size=3,
    max_size=14,
)


class Story:
    """Two branches that file, correct, are returned and withdraw, a minute after the other."""

    def __init__(self, city: City, clock: Clock) -> None:
        """Begin after all the days, so that some filings are late and corrections give a reason."""
        self.city, self.clock = city, clock
        self.actor = make_user("everything", *((role, None) for role in (Role.ORGANISER, Role.REVIEWER)))
        self.branches: tuple[Branch, ...] = (make_branch(city.community), make_branch(city.other_community))
        self.people: tuple[Person, ...] = tuple(make_person("示例党员", city.company, branch) for branch in self.branches)
        self.scopes = [Scope.of(thing) for thing in (city.city, city.street, city.community, city.group, *self.branches)]

    def take(self, step: tuple[str, int, int, str, int, str]) -> None:
        """Let a minute pass and do something."""
        self.clock.move_to(self.clock.moment + MINUTE)
        what, who, day, code, value, exactness = step
        people = (Participation(self.people[who], Decimal(1)),)
        works = [Work(KINDS[code], (Figure(code, Decimal(value), qualifier=exactness),), participants=people)]
        options: dict[str, Any] = {"actor": self.actor, "branch": self.branches[who], "uid": uuid4(), "works": works, "reason": "示例"}
        if what == "file":
            file_daily_report(day=DAYS[day], **options)
        elif what == "period":
            relation = "adds_to_daily" if value % 3 else "includes_daily"
            file_period_report(first_day=DAYS[max(0, day - value)], last_day=DAYS[day], relation=relation, **options)
        else:
            self._review(what, day)

    def _review(self, what: str, which: int) -> None:
        versions: list[ReportVersion] = list(ReportVersion.objects.current().order_by("pk"))
        if what == "accept":
            versions = [version for version in versions if version.state == "filed"]
        if not versions:
            return
        version = versions[which % len(versions)]
        if what == "accept":
            accept(actor=self.actor, version=version)
        elif what == "return":
            return_to_branch(actor=self.actor, version=version, note="请核对")
        else:
            withdraw(actor=self.actor, version=version, reason="误报")

    def told(self, at: datetime | None = None) -> list[Any]:
        """What the readers say of every scope, without when it was last fed."""
        found: list[Any] = []
        for scope in self.scopes:
            for span in SPANS:
                totals = rollups.totals(scope, span, known_at=at)
                found.append([(code, total.value, total.qualifier, total.count, total.inexact) for code, total in totals.items()])
            full = rollups.completeness(scope, MARCH_6, known_at=at)
            found.append((full.due, full.reported, full.late, full.corrected, full.waiting))
        return found


def test_as_of_each_remembered_moment_the_remembered_figures_come_back(city: City, clock: Clock) -> None:
    clock.move_to(clock.moment + timedelta(hours=1))
    story, begin = Story(city, clock), clock.moment

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=STEPS)
    def holds(steps: Iterable[tuple[str, int, int, str, int, str]]) -> None:
        with transaction.atomic():
            clock.move_to(begin)
            remembered = {begin: story.told()}
            for step in steps:
                story.take(step)
                remembered[clock.moment] = story.told()
            assert {moment: story.told(moment) for moment in remembered} == remembered
            transaction.set_rollback(True)

    holds()


def test_the_records_as_of_a_moment_are_those_behind_the_figure_then(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_5, by=organiser, home_isolated=4)
    before = clock.moment
    clock.move_to(before + MINUTE)
    file(branch, MARCH_6, by=organiser, home_isolated=7)
    file(branch, MARCH_5, by=organiser, home_isolated=5, reason="点错了")

    scope, day = Scope(branch=branch), Span.day(MARCH_6)

    assert [measure.value for measure in rollups.records(scope, day, known_at=before)] == [4]
    assert [measure.value for measure in rollups.records(scope, day, known_at=before - MINUTE)] == []
    assert [measure.value for measure in rollups.records(scope, day)] == [7]


def test_what_was_accepted_and_then_returned_had_been_accepted_in_between(branch: Branch, organiser: User, reviewer: User, clock: Clock) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=4).version
    filed = clock.moment
    clock.move_to(filed + MINUTE)
    accept(actor=reviewer, version=version)
    clock.move_to(filed + 2 * MINUTE)
    return_to_branch(actor=reviewer, version=version, note="请核对")

    def waiting(moment: datetime) -> int:
        return rollups.completeness(Scope(branch=branch), MARCH_6, known_at=moment).waiting

    assert [waiting(filed + minutes * MINUTE) for minutes in (0, 1, 2)] == [1, 0, 0]
