"""What counts in a total, and what never does."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities import rollups
from activities.figures import Qualifier
from activities.models import DailyReport, Metric
from activities.rollups import DAWN, Ledger, Scope, Span
from activities.services import Figure, Participation, Work, accept, file_daily_report, file_period_report, return_to_branch, save_draft, withdraw, works_of
from branches.access import Role
from branches.models import Branch, RegionParent
from branches.services import move_branch
from portal.accounts.models import User
from tests.factories import file, make_branch, make_person, make_user, since
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.usefixtures("clock")

DAY = Span.day(MARCH_6)
TWO_DAYS = Span(MARCH_5, MARCH_6)


def value(scope: Scope, span: Span, code: str) -> Decimal | None:
    """The value of a total; None when nothing was reported."""
    total = rollups.totals(scope, span).get(code)
    return total.value if total else None


def metric(code: str) -> Metric:
    return Metric.objects.get(code=code)


def figures(code: str, value: int) -> dict[str, Any]:
    """A figure whose metric is a parameter, as a keyword of `file`."""
    return {code: value}


def file_period(branch: Branch, first: date, last: date, by: User, relation: str = "adds_to_daily", **figures: object) -> None:
    works = works_of([Figure(code, Decimal(str(figure))) for code, figure in figures.items()])
    file_period_report(actor=by, branch=branch, first_day=first, last_day=last, works=works, uid=uuid4(), relation=relation)


@pytest.fixture
def north(city: City) -> Scope:
    return Scope(region=city.north)


def test_a_sum_adds_days_and_branches_and_keeps_the_qualifier(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, north: Scope
) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200)
    file(branch, MARCH_6, by=organiser, vehicles=300, qualifiers={"vehicles": "over"})
    file(other_branch, MARCH_6, by=other_organiser, vehicles=50)

    total = rollups.totals(north, TWO_DAYS)["vehicles"]

    assert (total.value, total.qualifier, total.count, total.inexact) == (Decimal(550), Qualifier.OVER, 3, 1)
    assert value(north, DAY, "vehicles") == 350
    assert value(Scope(branch=branch), TWO_DAYS, "vehicles") == 500


def test_what_nobody_reported_is_absent_and_zero_is_a_figure(branch: Branch, organiser: User, north: Scope) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=0)

    assert list(rollups.totals(north, DAY)) == ["vehicles"]
    assert value(north, DAY, "vehicles") == 0


def test_only_the_current_version_counts(branch: Branch, organiser: User, reviewer: User, north: Scope) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    filed = file(branch, MARCH_6, by=organiser, vehicles=210)
    assert value(north, DAY, "vehicles") == 210

    accept(actor=reviewer, version=filed.version)
    assert value(north, DAY, "vehicles") == 210

    return_to_branch(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=220).version, note="请核对")
    assert value(north, DAY, "vehicles") is None


def test_a_withdrawn_report_and_a_draft_are_in_no_total(branch: Branch, organiser: User, north: Scope) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    withdraw(actor=organiser, version=filed.version, reason="误报")
    save_draft(user=organiser, branch=branch, day=MARCH_5, data={"vehicles": "7"}, base=0)

    assert rollups.totals(north, TWO_DAYS) == {}


def test_a_period_counts_only_inside_the_span_and_is_named_when_the_span_cuts_it(branch: Branch, organiser: User, north: Scope) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=10)
    file_period(branch, MARCH_5, MARCH_6, organiser, vehicles=200)

    assert value(north, TWO_DAYS, "vehicles") == 210
    assert value(north, DAY, "vehicles") == 10
    assert [measure.value for measure in rollups.cut_by(north, DAY)] == [200]
    assert not rollups.cut_by(north, TWO_DAYS).exists()


def test_a_period_that_includes_the_daily_reports_is_compared_and_never_added(branch: Branch, organiser: User, north: Scope) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=10)
    file_period(branch, MARCH_5, MARCH_6, organiser, relation="includes_daily", vehicles=15)

    assert value(north, TWO_DAYS, "vehicles") == 10
    assert [measure.value for measure in rollups.compared(north, TWO_DAYS)] == [15]


def test_the_latest_value_is_carried_forward_and_summed_over_branches(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, north: Scope
) -> None:
    file(branch, MARCH_5, by=organiser, home_isolated=4)
    file(other_branch, MARCH_5, by=other_organiser, home_isolated=3)
    file(other_branch, MARCH_6, by=other_organiser, home_isolated=1)

    assert value(north, DAY, "home_isolated") == 5
    assert value(north, TWO_DAYS, "home_isolated") == 5
    assert value(north, Span.day(MARCH_5), "home_isolated") == 7


def test_the_latest_value_ends_with_the_branch(city: City, catalogue: None, north: Scope) -> None:
    ended = make_branch(city.community, ended_on=MARCH_5, state="dissolved")
    file(ended, MARCH_5, by=make_user("", (Role.ORGANISER, ended)), home_isolated=4)

    assert value(north, Span.day(MARCH_5), "home_isolated") == 4
    assert value(north, DAY, "home_isolated") is None


def test_a_latest_value_of_a_period_takes_effect_on_its_last_day(branch: Branch, organiser: User, north: Scope) -> None:
    file_period(branch, MARCH_5, MARCH_6, organiser, home_isolated=9)

    assert value(north, Span.day(MARCH_5), "home_isolated") is None
    assert value(north, DAY, "home_isolated") == 9


def test_the_latest_value_of_a_branch_that_moved_is_counted_once(branch: Branch, organiser: User, city: City) -> None:
    file(branch, MARCH_5, by=organiser, home_isolated=4)
    move_branch(actor=make_user("keeper", (Role.ADMINISTRATOR, city.north)), branch=branch, region=city.other_community, from_day=MARCH_6)
    file(branch, MARCH_6, by=organiser, home_isolated=6)

    assert value(Scope(region=city.street), DAY, "home_isolated") is None
    assert value(Scope(region=city.other_street), DAY, "home_isolated") == 6
    assert value(Scope(region=city.north), DAY, "home_isolated") == 6


def test_distinct_counts_are_never_added_but_a_single_one_is_shown(branch: Branch, organiser: User, north: Scope) -> None:
    file(branch, MARCH_5, by=organiser, people_on_duty=8)
    file(branch, MARCH_6, by=organiser, people_on_duty=9)

    assert value(north, DAY, "people_on_duty") == 9
    total = rollups.totals(north, TWO_DAYS)["people_on_duty"]
    assert (total.value, total.count) == (None, 2)


def test_rounds_of_several_branches_are_not_added(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, north: Scope) -> None:
    file(branch, MARCH_6, by=organiser, rounds_completed=3)
    assert value(north, DAY, "rounds_completed") == 3

    file(other_branch, MARCH_6, by=other_organiser, rounds_completed=2)
    assert value(north, DAY, "rounds_completed") is None
    assert value(Scope(branch=branch), DAY, "rounds_completed") == 3


def test_figures_stay_where_the_region_lay_on_the_day(branch: Branch, organiser: User, city: City) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=100)
    RegionParent.objects.filter(region=city.community).update(during=since(date(2020, 1, 1), MARCH_5))
    RegionParent.objects.create(region=city.community, parent=city.other_street, during=since(MARCH_6))
    file(branch, MARCH_6, by=organiser, vehicles=30)

    assert value(Scope(region=city.street), TWO_DAYS, "vehicles") == 100
    assert value(Scope(region=city.other_street), TWO_DAYS, "vehicles") == 30
    assert value(Scope(region=city.north), TWO_DAYS, "vehicles") == 130


def test_a_command_post_is_in_no_region(city: City, branch: Branch, organiser: User, north: Scope) -> None:
    post = make_branch(city.community, "示例集团指挥部", kind="command_post")
    file(post, MARCH_6, by=make_user("post", (Role.ORGANISER, post)), vehicles=999)
    file(branch, MARCH_6, by=organiser, vehicles=1)

    assert value(north, DAY, "vehicles") == 1
    assert value(Scope(branch=post), DAY, "vehicles") == 999


@pytest.mark.parametrize("code", ["vehicles", "home_isolated", "people_on_duty", "goods_unloaded"])
def test_every_total_is_its_records(code: str, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, north: Scope) -> None:
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, **figures(code, day.day))
        file(other_branch, day, by=other_organiser, **figures(code, 2 * day.day))

    behind = rollups.records(north, TWO_DAYS, metric(code))
    total = rollups.totals(north, TWO_DAYS)[code]

    assert behind.count() == total.count
    if total.value is not None:
        assert sum(measure.value for measure in behind) == total.value


def test_a_day_of_the_chart_is_the_total_of_that_day(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, north: Scope) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200, home_isolated=4, people_on_duty=3)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=50, home_isolated=2, people_on_duty=5)
    file_period(branch, MARCH_6, MARCH_6, organiser, vehicles=7)
    file_period(branch, MARCH_5, MARCH_6, organiser, vehicles=1000)
    codes = ("vehicles", "home_isolated", "people_on_duty")

    charted = rollups.by_day(north, Span(MARCH_5 - timedelta(days=1), MARCH_7), [metric(code) for code in codes])

    for day in (MARCH_5 - timedelta(days=1), MARCH_5, MARCH_6, MARCH_7):
        single = rollups.totals(north, Span.day(day))
        for code in codes:
            assert charted[code].get(day) == single.get(code)


def test_a_ledger_answers_as_the_database_does(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, north: Scope) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200, people_on_duty=3, qualifiers={"vehicles": "nearly"})
    file(branch, MARCH_6, by=organiser, vehicles=10, people_on_duty=4)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=50)
    file_period(branch, MARCH_5, MARCH_6, organiser, vehicles=1000)
    ledger = Ledger(north, MARCH_7, Metric.objects.all())

    for span in (DAY, TWO_DAYS, Span.day(MARCH_5), Span(DAWN, MARCH_7)):
        assert ledger.totals(span) == rollups.totals(north, span)
    assert ledger.days(metric("vehicles"), TWO_DAYS) == rollups.by_day(north, TWO_DAYS, [metric("vehicles")])["vehicles"]
    assert (ledger.first_day, ledger.last_day) == (MARCH_5, MARCH_6)


def test_the_rows_of_the_children_add_up(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City, north: Scope) -> None:
    direct = make_branch(city.north, "区直临时党支部")
    file(branch, MARCH_6, by=organiser, vehicles=200)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=50)
    file(direct, MARCH_6, by=make_user("direct", (Role.ORGANISER, direct)), vehicles=3)

    rows = rollups.by_child(north, DAY, [metric("vehicles")])

    assert {getattr(row.child, "name", ""): (row.reported, row.due, row.totals["vehicles"].value) for row in rows} == {
        "梧桐街道": (1, 1, Decimal(200)),
        "银杏街道": (1, 1, Decimal(50)),
        "": (1, 1, Decimal(3)),
    }


def test_a_community_is_shown_by_branch(branch: Branch, organiser: User, city: City) -> None:
    idle = make_branch(city.community, "望江社区第二临时党支部")
    file(branch, MARCH_6, by=organiser, vehicles=200)

    rows = rollups.by_child(Scope(region=city.community), DAY, [metric("vehicles")])

    assert {row.child: row.reported for row in rows} == {branch: 1, idle: 0}


def test_a_returned_report_is_missing_again(branch: Branch, organiser: User, reviewer: User, north: Scope) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    assert rollups.completeness(north, MARCH_6).missing == 0

    return_to_branch(actor=reviewer, version=filed.version, note="请核对")

    counted = rollups.completeness(north, MARCH_6)
    assert (counted.due, counted.reported, counted.missing) == (1, 0, 1)
    assert [(row.branch, row.returned) for row in rollups.missing_branches(north, MARCH_6)] == [(branch, True)]


def test_late_corrected_and_waiting_reports_are_counted(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, reviewer: User, north: Scope, clock: Clock
) -> None:
    accept(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=200).version)
    clock.move_to(branch.due_at(MARCH_6) + timedelta(hours=1))
    file(branch, MARCH_6, by=organiser, vehicles=201, reason="漏计")
    file(other_branch, MARCH_6, by=other_organiser, vehicles=1)

    counted = rollups.completeness(north, MARCH_6)

    assert (counted.due, counted.reported, counted.late, counted.corrected, counted.waiting) == (2, 2, 1, 1, 2)
    reports = DailyReport.objects.for_day(MARCH_6)
    assert set(rollups.reports_counted(reports)) == set(reports)
    assert [report.branch for report in rollups.reports_counted(reports, "late")] == [other_branch]
    assert [report.branch for report in rollups.reports_counted(reports, "corrected")] == [branch]


def test_a_report_that_was_not_owed_is_in_no_count_and_in_no_list_behind_one(branch: Branch, organiser: User, north: Scope) -> None:
    branch.reports_daily = False
    branch.save()
    file(branch, MARCH_6, by=organiser, vehicles=200)
    assert rollups.completeness(north, MARCH_6).reported == 0
    assert not rollups.reports_counted(DailyReport.objects.all()).exists()


def test_a_missing_branch_is_named_with_its_days_its_draft_and_whom_to_call(branch: Branch, organiser: User, north: Scope) -> None:
    file(branch, MARCH_5 - timedelta(days=1), by=organiser, vehicles=1)
    draft = save_draft(user=organiser, branch=branch, day=MARCH_6, data={"vehicles": "7"}, base=0)

    [row] = rollups.missing_branches(north, MARCH_6)

    assert (row.branch, row.days, row.draft_since) == (branch, 2, draft.saved_at)
    assert row.contact is not None
    assert (row.contact.name, row.contact.phone) == ("示例书记", "19900005678")


def test_a_work_unit_has_only_what_its_own_people_did(branch: Branch, organiser: User, city: City) -> None:
    ours, theirs = make_person("甲", city.company, branch), make_person("乙", city.bureau, branch)
    file_daily_report(
        actor=organiser,
        branch=branch,
        day=MARCH_6,
        uid=uuid4(),
        works=(
            Work("shift", (Figure("duty_person_times", Decimal(5)),), participants=(Participation(ours, Decimal(6)),)),
            Work("shift", (Figure("duty_person_times", Decimal(9)),), participants=(Participation(ours, Decimal(2)), Participation(theirs, Decimal(2)))),
            Work("checkpoint", (Figure("vehicles", Decimal(200)),), participants=(Participation(ours),)),
        ),
    )
    group = Scope(work_unit=city.group)

    assert value(group, DAY, "duty_person_times") == 5
    assert value(group, DAY, "vehicles") is None
    done = rollups.attributed(city.group, DAY)
    assert (done.person_shifts, done.people, done.hours, done.entries) == (3, 1, Decimal(8), 3)
    assert [getattr(entry, "shifts", 0) for entry in rollups.entries_taken_part_in(city.group, DAY)] == [1, 1, 1]
    assert [(unit, found.person_shifts) for unit, found in rollups.attributed_by_child(city.group, DAY)] == [(city.company, 3)]
    [row] = rollups.served(city.group, DAY, Metric.objects.all())
    assert row.child == branch
    assert (row.totals["vehicles"].value, row.totals["duty_person_times"].value) == (Decimal(200), Decimal(14))


def test_totals_take_as_many_queries_for_ten_branches_as_for_one(branch: Branch, organiser: User, city: City, north: Scope) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            rollups.totals(north, Span(DAWN, MARCH_6))
            rollups.completeness(north, MARCH_6)
            rollups.missing_branches(north, MARCH_6)
            rollups.by_child(north, DAY, Metric.objects.all())
        return len(counted)

    file(branch, MARCH_6, by=organiser, vehicles=1)
    few = queries()
    for number in range(9):
        another = make_branch(city.other_community if number % 2 else city.community)
        file(another, MARCH_6, by=make_user("", (Role.ORGANISER, another)), vehicles=1, home_isolated=1)

    assert queries() == few
