"""Dashboards: who sees which, and where a reader begins."""

import re

import pytest
from django.test import Client

from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url
from tests.factories import make_user
from tests.personas import MARCH_6, City
from tests.portal.dashboard.reading import page, words

pytestmark = pytest.mark.usefixtures("clock")


def test_the_dashboard_leads_to_the_widest_scope(official: User, organiser: User, liaison: User, branch: Branch, city: City) -> None:
    for user, thing in ((official, city.north), (organiser, branch), (liaison, city.group)):
        client = Client()
        client.force_login(user)
        assert client.get("/dashboard/").headers["Location"] == dashboard_url(thing)


def test_several_scopes_are_listed_and_none_is_refused(city: City, branch: Branch, system_keeper: User) -> None:
    both = make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south))

    assert {city.north.name, city.south.name} <= set(re.findall(r'dashboard/regions/[^>]+">([^<]+)<', page(both, "/dashboard/")))
    page(system_keeper, "/dashboard/", 403)


@pytest.mark.usefixtures("filed")
def test_the_first_page_of_several_scopes_says_who_has_not_reported_where(city: City, other_branch: Branch, branch: Branch) -> None:
    both = make_user("both", (Role.OFFICIAL, city.south), (Role.OFFICIAL, city.north), (Role.LIAISON, city.group), (Role.LIAISON, city.bureau))

    html = page(both, f"/dashboard/?from={MARCH_6}")
    lead, below = html.split("</section>", 1)

    assert "1 / 2" in words(lead)
    assert other_branch.name in words(lead)
    assert branch.name not in words(lead)
    assert city.south.name in words(below)
    assert {dashboard_url(city.group), dashboard_url(city.bureau)} <= set(re.findall(r'href="([^"]+)"', below))
    assert dashboard_url(city.bureau) not in page(both, f"/dashboard/?unit={city.group.name}")


def test_an_organiser_sees_the_branch_and_not_the_community_around_it(organiser: User, branch: Branch, other_branch: Branch, city: City) -> None:
    page(organiser, dashboard_url(branch))
    for other in (city.community, city.north, other_branch, city.company):
        page(organiser, dashboard_url(other), 404)


def test_an_official_sees_what_lies_below_and_nothing_beside(official: User, branch: Branch, city: City) -> None:
    for thing in (city.north, city.street, city.community, branch):
        page(official, dashboard_url(thing))
    for other in (city.city, city.south, city.group):
        page(official, dashboard_url(other), 404)


def test_a_liaison_sees_the_own_unit_and_the_branches_where_its_people_serve(liaison: User, branch: Branch, other_branch: Branch, city: City) -> None:
    for thing in (city.group, city.company, branch):
        page(liaison, dashboard_url(thing))
    for other in (city.bureau, city.north, other_branch):
        page(liaison, dashboard_url(other), 404)


def test_the_way_down_links_only_what_the_reader_may_open(official: User, branch: Branch, city: City) -> None:
    html = page(official, dashboard_url(branch))

    assert dashboard_url(city.north) in html
    assert dashboard_url(city.city) not in html
    assert "示例市" in words(html)
