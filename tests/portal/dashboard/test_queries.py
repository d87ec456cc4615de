"""Dashboards and the records behind them take as many queries for many branches as for few."""

import pytest

from activities.models import Metric
from activities.rollups import Span
from activities.services import return_to_branch
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url, records_url
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City
from tests.portal.dashboard.reading import DAY, queries

pytestmark = pytest.mark.usefixtures("clock")


def test_dashboards_and_records_take_the_same_queries_at_any_size(
    official: User, liaison: User, reviewer: User, city: City, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User
) -> None:
    addresses = [
        (official, f"{dashboard_url(city.north, DAY)}&metric=home_isolated"),
        (official, f"{dashboard_url(city.north, DAY)}&by=unit"),
        (make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south), (Role.ORGANISER, branch), (Role.LIAISON, city.group)), "/dashboard/"),
        (official, dashboard_url(city.north, Span(MARCH_5, MARCH_6))),
        (official, dashboard_url(city.community, DAY)),
        (official, dashboard_url(branch, DAY)),
        (liaison, dashboard_url(city.group, DAY)),
        (liaison, dashboard_url(city.group, Span(MARCH_5, MARCH_6))),
        (official, records_url(city.north, DAY)),
        (official, records_url(city.north, DAY, Metric.objects.get(code="vehicles"))),
    ]
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, vehicles=1, home_isolated=1)
    return_to_branch(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=2, home_isolated=1).version, note="请核对")
    file(branch, MARCH_6, by=organiser, vehicles=2, home_isolated=1)
    # Whose times have to be read: its report is not due yet.
    make_branch(city.community).sending_units.add(city.company)
    few = [queries(user, address) for user, address in addresses]

    for number in range(12):
        another = make_branch(city.community if number % 2 else city.other_community)
        another.sending_units.add(city.company)
        by = make_user("", (Role.ORGANISER, another))
        make_person("", city.company, another, "secretary", duty_phone="19900001111")
        if number % 3:
            file(another, MARCH_6, by=by, vehicles=1, home_isolated=1, turned_back=1, people_on_duty=2)

    many = [queries(user, address) for user, address in addresses]
    assert many == few
    assert max(many) <= 15
