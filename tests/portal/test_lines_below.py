"""Each figure in the table below a scope opens exactly the records behind it, whatever moved; and nothing there leads to a closed page."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from activities.services import Figure, Participation, Work, file_daily_report
from branches.access import Role
from branches.models import Branch, Region, RegionParent, WorkUnit
from branches.services import move_branch, reparent_region
from portal.accounts.models import User
from portal.pages.below import ChildLine
from portal.pages.board import RegionBoard, WorkUnitBoard
from portal.pages.scopes import find
from tests.factories import file, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City

pytestmark = pytest.mark.usefixtures("clock")

DAYS = "from=2020-03-01&to=2020-03-06"


@pytest.fixture
def keeper(city: City) -> User:
    return make_user("keeper", (Role.ADMINISTRATOR, city.city))


@pytest.fixture
def elsewhere(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City) -> None:
    """A branch that worked at home and in another street, where another one reports on two days."""
    works = [Work("checkpoint", (Figure("vehicles", Decimal(5)),)), Work("checkpoint", (Figure("vehicles", Decimal(7)),), place=city.other_community)]
    file_daily_report(actor=organiser, branch=branch, day=MARCH_5, works=works, uid=uuid4(), reason="补报")
    file(other_branch, MARCH_5, by=other_organiser, vehicles=20, home_isolated=3)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=30)


def official(thing: Region) -> User:
    """Whoever reads a region and nothing beside."""
    return make_user("", (Role.OFFICIAL, thing))


def opened(reader: User, address: str) -> Any:
    """The page as its reader gets it."""
    client = Client()
    client.force_login(reader)
    response = client.get(address)
    assert response.status_code == 200, address
    return response


def lines(reader: User, region: Region) -> Iterator[ChildLine]:
    """The lines below a region, each of whose figures opens exactly the records behind it, as list and as file."""
    for line in RegionBoard(find(reader, "region", region.public_id), QueryDict(DAYS), region).children:
        for address in filter(None, (line.href, line.course_href, line.rate_href)):
            opened(reader, address)
        for cell in line.cells:
            if cell.total is not None:
                page = opened(reader, cell.href)
                assert page.context["question"].total == cell.total
                assert (page.context["counted"].total, len(page.context["rows"])) == (cell.total.count, cell.total.count)
                file_of = cell.href.replace(reverse("portal:records"), reverse("portal:records_export", args=["csv"]))
                assert len(b"".join(opened(reader, file_of)).splitlines()) == cell.total.count + 1
        yield line


def said(reader: User, region: Region) -> dict[str, tuple[int, bool]]:
    """The vehicles of each line, and whether its name leads on."""
    cells = [(line, cell.total) for line in lines(reader, region) for cell in line.cells if cell.metric.code == "vehicles"]
    return {line.name: (int(total.value or 0), bool(line.href)) for line, total in cells if total is not None}


@pytest.mark.usefixtures("elsewhere")
def test_a_branch_has_in_a_community_what_it_did_there(city: City) -> None:
    assert said(official(city.community), city.community) == {"望江社区临时党支部": (5, True)}
    assert said(official(city.other_community), city.other_community) == {"望江社区临时党支部": (7, False), "临湖社区临时党支部": (50, True)}
    assert said(official(city.city), city.other_community) == {"望江社区临时党支部": (7, True), "临湖社区临时党支部": (50, True)}


@pytest.mark.usefixtures("elsewhere")
def test_a_branch_that_moved_away_leaves_its_records_and_no_way_to_its_page(city: City, branch: Branch, keeper: User) -> None:
    move_branch(actor=keeper, branch=branch, region=city.south, from_day=MARCH_6)
    assert said(official(city.community), city.community) == {"望江社区临时党支部": (5, False)}


@pytest.mark.usefixtures("elsewhere")
def test_a_street_that_changed_districts_has_in_each_the_days_on_which_it_lay_there(city: City, keeper: User) -> None:
    reparent_region(actor=keeper, region=city.other_street, parent=city.south, from_day=MARCH_6)
    assert said(official(city.north), city.north) == {"梧桐街道": (5, True), "银杏街道": (27, False)}
    assert said(official(city.south), city.south) == {"银杏街道": (30, True)}
    RegionParent.objects.filter(region=city.other_street, parent=city.south).update(during=DateRange(MARCH_6, MARCH_7))
    RegionParent.objects.create(region=city.other_street, parent=city.north, during=DateRange(MARCH_7, None))
    assert said(official(city.north), city.north) == {"梧桐街道": (5, True), "银杏街道": (27, False)}


@pytest.mark.usefixtures("elsewhere")
def test_a_line_that_a_table_never_had_is_not_there(city: City, branch: Branch, other_branch: Branch) -> None:
    reader = make_user("reader", (Role.OFFICIAL, None))
    for region, child in ((city.community, other_branch), (city.north, city.south), (city.north, branch), (city.community, city.street)):
        client = Client()
        client.force_login(reader)
        address = reverse("portal:records")
        assert client.get(address, {"region": str(region.public_id), "child": str(child.public_id)}).status_code == 404
        assert client.get(address, {"region": str(region.public_id), "child": "x"}).status_code == 404


def test_a_unit_with_people_of_its_own_and_units_below_counts_its_own_apart(branch: Branch, organiser: User, city: City) -> None:
    people = [make_person("", unit) for unit in (city.group, city.company, city.company)]
    work = Work("shift", (Figure("duty_person_times", Decimal(3)),), participants=tuple(Participation(person, Decimal(2)) for person in people))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[work], uid=uuid4())
    reader = make_user("", (Role.LIAISON, city.group))

    found = {line.name: line for line in WorkUnitBoard(find(reader, "unit", city.group.public_id), QueryDict(DAYS), city.group).units}

    assert {name: line.done.person_shifts for name, line in found.items()} == {"示例集团": 1, "示例一公司": 2}
    for line in found.values():
        page = opened(reader, line.records_href)
        assert page.context["done"].person_shifts == line.done.person_shifts
        assert [(entry.shifts, entry.hours) for entry in page.context["rows"]] == [(line.done.person_shifts, line.done.hours)]
    assert "示例集团本级" in opened(reader, found["示例集团"].records_href).content.decode()
    whole: WorkUnit = city.group
    assert opened(reader, f"{reverse('portal:records')}?unit={whole.public_id}&of=shifts&{DAYS}").context["done"].person_shifts == 3
