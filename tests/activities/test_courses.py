"""What lies below a region over several days: each line has the figures, and the reports, that its own page has."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities import rollups
from activities.models import Metric
from activities.rollups import Rate, Scope, Span, upkeep
from activities.services import return_to_branch
from branches.access import Role
from branches.models import Branch, Region
from branches.services import move_branch, reparent_region
from portal.accounts.models import User
from tests.factories import file, make_branch, make_region, make_user
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")

WEEK = Span(MARCH_6 - timedelta(days=6), MARCH_6)
SCOPES = ("province", "city", "north", "street", "community")


@pytest.fixture
def week(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City) -> list[Branch]:
    """Some reports of two branches, and of one that lies in the district itself."""
    direct = make_branch(city.north, "区直临时党支部")
    by_direct = make_user("direct", (Role.ORGANISER, direct))
    for offset in (0, 1, 4):
        file(branch, MARCH_6 - timedelta(days=offset), by=organiser, vehicles=200 + offset, qualifiers={"vehicles": "over"})
    file(other_branch, MARCH_5, by=other_organiser, vehicles=20)
    file(direct, MARCH_6, by=by_direct, vehicles=3)
    upkeep.fold()
    return [branch, other_branch, direct]


@pytest.fixture
def keeper(city: City) -> User:
    return make_user("keeper", (Role.ADMINISTRATOR, city.city))


@pytest.fixture
def apart(city: City) -> Branch:
    """A branch of a community that lies in the district itself, beside its streets."""
    community = make_region("直管社区", "community", city.north)
    branch = make_branch(community, "直管社区临时党支部")
    file(branch, MARCH_5, by=make_user("apart", (Role.ORGANISER, branch)), vehicles=9)
    return branch


@pytest.mark.parametrize("scope", SCOPES)
def test_the_course_of_each_line_is_that_of_its_own_page(scope: str, week: list[Branch], city: City) -> None:
    assert_same_course(getattr(city, scope))


def test_communities_beside_streets_have_their_own_lines(week: list[Branch], apart: Branch, city: City) -> None:
    assert_same_course(city.north)
    assert rollups.rates_by_child(Scope(region=city.north), WEEK) == summed(city.north, WEEK)
    assert set(summed(city.north, WEEK)) == {city.street.pk, city.other_street.pk, apart.region_id, None}


def assert_same_course(region: Region) -> None:
    """Compare the course of each line below a region with that of its own page, and all of them with the region."""
    vehicles = Metric.objects.get(code="vehicles")
    about = Scope(region=region)

    found = rollups.by_child_and_day(about, WEEK, vehicles)

    rows = {row.child.pk if row.child else None: row.child for row in rollups.by_child(about, WEEK, [vehicles]) if row.totals}
    assert found.keys() == rows.keys()
    for key, child in rows.items():
        if child is not None:
            assert found[key] == rollups.by_day(Scope.of(child), WEEK, [vehicles])["vehicles"]
    assert sum(total.value or 0 for days in found.values() for total in days.values()) == rollups.totals(about, WEEK, [vehicles])["vehicles"].value


def test_a_figure_stands_on_no_day_of_a_line_that_lay_elsewhere(week: list[Branch], city: City, keeper: User) -> None:
    reparent_region(actor=keeper, region=city.other_street, parent=city.south, from_day=MARCH_6)
    vehicles = Metric.objects.get(code="vehicles")

    assert rollups.by_child_and_day(Scope(region=city.north), WEEK, vehicles)[city.other_street.pk].keys() == {MARCH_5}
    assert city.other_street.pk not in rollups.by_child_and_day(Scope(region=city.south), WEEK, vehicles)


def test_a_value_that_holds_has_no_course_by_child(week: list[Branch], city: City) -> None:
    with pytest.raises(ValueError, match="its last value holds"):
        rollups.by_child_and_day(Scope(region=city.north), WEEK, Metric.objects.get(code="home_isolated"))


def summed(region: Region, span: Span) -> dict[int | None, Rate]:
    """The completeness of each line, added up day by day."""
    rates: dict[int | None, Rate] = {}
    for day in span.days():
        for row in rollups.by_child(Scope(region=region), Span.day(day), []):
            key = row.child.pk if row.child else None
            held = rates.get(key, Rate())
            rates[key] = Rate(held.due + row.due, held.reported + row.reported)
    return {key: rate for key, rate in rates.items() if rate.due}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("moved", [False, True])
def test_a_rate_is_the_completeness_of_each_day_added_up(scope: str, moved: bool, week: list[Branch], city: City, reviewer: User, keeper: User) -> None:
    branch, _other_branch, direct = week
    branch.reports_from = MARCH_5
    branch.save()
    return_to_branch(actor=reviewer, version=branch.daily_reports.get(business_date=MARCH_6).versions.get(), note="请核对")
    if moved:
        move_branch(actor=keeper, branch=direct, region=city.community, from_day=MARCH_5)
        reparent_region(actor=keeper, region=city.other_street, parent=city.south, from_day=MARCH_6)
    region = getattr(city, scope)

    rates = rollups.rates_by_child(Scope(region=region), WEEK)

    assert rates
    assert rates == summed(region, WEEK)


def test_reading_lines_over_days_takes_as_many_queries_for_ten_as_for_one(week: list[Branch], city: City, organiser: User) -> None:
    vehicles = Metric.objects.get(code="vehicles")

    def queries(region: Region) -> int:
        with CaptureQueriesContext(connection) as counted:
            rollups.by_child_and_day(Scope(region=region), WEEK, vehicles)
            rollups.rates_by_child(Scope(region=region), WEEK)
        return len(counted)

    few = [queries(region) for region in (city.north, city.street, city.community)]
    for _number in range(9):
        another = make_branch(city.community)
        file(another, MARCH_6, by=make_user("", (Role.ORGANISER, another)), vehicles=1)
    assert [queries(region) for region in (city.north, city.street, city.community)] == few
    assert max(few) <= 4
