"""Dashboards: needs of residents that should have been resolved by now, and the regions and branches that have most of them first."""

from datetime import timedelta

import pytest

from activities.models import Need
from activities.services.needs import hand_on, resolve
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url, overdue_url
from tests.activities.needs import recorded
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_6, City, Clock
from tests.portal.dashboard.reading import DAY, TWO_DAYS, page, queries, words
from tests.portal.dashboard.test_below import below

pytestmark = pytest.mark.usefixtures("clock")
LATE = timedelta(days=2)


def overdue(branch: Branch, by: User, clock: Clock, number: int = 1) -> list[Need]:
    """Needs that were to be resolved yesterday."""
    return [recorded(branch, by, household=f"{each}栋", at=clock.now() - LATE) for each in range(number)]


def test_regions_are_ranked_by_overdue_needs_and_each_number_opens_them(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, official: User, city: City, clock: Clock
) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1)
    address = dashboard_url(city.north, DAY)
    assert "Overdue" not in page(official, address)
    assert "超时需求" not in page(official, address)
    own, other = overdue(branch, organiser, clock), overdue(other_branch, other_organiser, clock, 3)
    recorded(branch, organiser)

    html = page(official, f"{address}&order=overdue")

    assert below(page(official, address)) == ["梧桐街道", "银杏街道"]
    assert below(html) == ["银杏街道", "梧桐街道"]
    assert "居民需求 4 项" in words(html)
    # What waits now waits now, whatever the days shown.
    assert below(page(official, f"{dashboard_url(city.north, TWO_DAYS)}&order=overdue")) == ["银杏街道", "梧桐街道"]
    assert "居民需求 4 项" in words(page(official, dashboard_url(city.north, TWO_DAYS)))
    assert overdue_url(city.street) in html.replace("&amp;", "&")
    for region, needs in ((city.street, own), (city.other_street, other), (city.north, own + other)):
        listed = page(official, overdue_url(region))
        assert all(str(need.public_id) in listed for need in needs)
        assert f"共 {len(needs)} 条" in words(listed)


def test_below_a_community_branches_are_ranked(branch: Branch, organiser: User, official: User, city: City, clock: Clock) -> None:
    second = make_branch(city.community, "望江社区第二临时党支部")
    overdue(second, make_user("second", (Role.ORGANISER, second)), clock)

    assert below(page(official, f"{dashboard_url(city.community, DAY)}&order=overdue"))[0] == second.name
    assert "居民需求 1 项" in words(page(official, dashboard_url(second, DAY)))
    assert "居民需求 1 项" not in words(page(official, dashboard_url(branch, DAY)))


def test_what_was_handed_on_is_still_overdue_and_what_was_resolved_is_not(branch: Branch, organiser: User, official: User, city: City, clock: Clock) -> None:
    waiting, done = overdue(branch, organiser, clock, 2)
    hand_on(actor=organiser, need=waiting, seen=1, to=city.street)
    resolve(actor=organiser, need=done, seen=1, result="已送达")

    assert "居民需求 1 项" in words(page(official, dashboard_url(city.street, DAY)))


def test_a_need_counts_where_its_branch_is_hosted_now_or_directly_at_the_region(official: User, city: City, clock: Clock) -> None:
    at_the_district = make_branch(city.north, "区直临时党支部")
    overdue(at_the_district, make_user("district", (Role.ORGANISER, at_the_district)), clock)

    assert below(page(official, f"{dashboard_url(city.north, DAY)}&order=overdue"))[0] == "北示区本级"


def test_overdue_needs_cost_the_same_queries_however_many_there_are(branch: Branch, organiser: User, official: User, city: City, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1)
    addresses = [dashboard_url(thing, DAY) for thing in (city.north, city.community, branch)]
    few = [queries(official, address) for address in addresses]
    overdue(branch, organiser, clock, 12)

    many = [queries(official, address) for address in addresses]
    assert many == few
    assert max(many) <= 15
