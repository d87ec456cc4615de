"""Lists: pages that follow each other whatever is filed meanwhile, jumps to a day and to a page, and how many rows there are."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activities import rollups
from activities.models import DailyReport, Metric
from activities.rollups import Scope, Span
from activities.services import Figure, file_period_report, works_of
from branches.access import Role
from branches.models import Branch, Region
from portal.accounts.models import User
from portal.foundation import paging
from portal.pages.scopes import records_url
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_6, City, Clock

SPAN = Span(MARCH_6 - timedelta(days=30), MARCH_6)


@pytest.fixture(autouse=True)
def _three_rows_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)


def ago(days: int) -> date:
    """The day so many days before the day of the tests."""
    return MARCH_6 - timedelta(days=days)


def metric(code: str) -> Metric:
    """A metric of the catalogue."""
    return Metric.objects.get(code=code)


def shown(user: User, address: str, status: int = 200) -> str:
    """The page as its reader gets it."""
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def turned(html: str, rel: str) -> str:
    """Where a page leads on to, or back."""
    found = re.findall(rf'rel="{rel}" href="(\?[^"]+)"', html)
    return unescape(found[0]) if found else ""


def rows_of(html: str) -> list[str]:
    """The values of the records on a page."""
    return re.findall(r'<tr data-branch=[^>]*data-value="([\d.]+)"', html)


def words(html: str) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def walked(
    user: User, address: str, rows: Callable[[str], list[str]] = rows_of, rel: str = "next", between: Callable[[], object] | None = None
) -> list[list[str]]:
    """The rows of a page and of all that it leads on to."""
    found, path = [], address.partition("?")[0]
    while address:
        html = shown(user, address)
        found.append(rows(html))
        following = turned(html, rel)
        address = path + following if following else ""
        if between:
            between()
            between = None
    return found


def thing_of(city: City, branch: Branch, scope: str) -> Region | Branch:
    """A region for which totals are kept, one for which none are, or the branch."""
    return branch if scope == "branch" else city.north if scope == "north" else city.community


@pytest.fixture
def filed(clock: Clock, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    """Figures of two branches on nine days, and of three periods; each value of vehicles stands once."""
    for days in range(9):
        file(branch, ago(days), by=organiser, vehicles=days + 1, home_isolated=days + 1, reason="补报")
        file(other_branch, ago(days), by=other_organiser, vehicles=days + 101, reason="补报")
    for number, days in enumerate((8, 3, 2)):
        works = works_of([Figure("vehicles", Decimal(1000 + number))])
        file_period_report(actor=organiser, branch=branch, first_day=ago(days + 1), last_day=ago(days), works=works, uid=uuid4())


# --- Pages that follow each other ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("code", ["vehicles", "home_isolated", ""])
@pytest.mark.parametrize("scope", ["north", "community", "branch"])
def test_pages_hold_each_record_once_in_the_order_of_the_days(official: User, city: City, branch: Branch, scope: str, code: str) -> None:
    thing = thing_of(city, branch, scope)
    wanted = metric(code) if code else None
    behind = rollups.records(Scope.of(thing), SPAN, wanted).order_by("-day", "-pk").values_list("value", flat=True)

    pages = walked(official, records_url(thing, SPAN, wanted))

    assert [Decimal(value) for rows in pages for value in rows] == list(behind)
    assert {len(rows) for rows in pages[:-1]} <= {3}


@pytest.mark.usefixtures("filed")
def test_the_way_back_holds_the_same_pages_as_the_way_there(official: User, city: City) -> None:
    address = records_url(city.north, SPAN, metric("vehicles"))
    there = walked(official, address)
    last = unescape(re.findall(r'href="(\?[^"]+)">末页', shown(official, address))[0])

    assert walked(official, f"/records/{last}", rel="prev")[::-1] == there
    assert len(there) == 7


@pytest.mark.usefixtures("filed")
def test_what_is_filed_between_two_pages_moves_no_record_of_the_list(official: User, city: City) -> None:
    address = records_url(city.north, SPAN, metric("vehicles"))
    before = walked(official, address)
    another = make_branch(city.community)
    by = make_user("", (Role.ORGANISER, another))

    meanwhile = walked(official, address, between=lambda: file(another, MARCH_6, by=by, vehicles=5000))

    assert meanwhile == before
    assert walked(official, address)[0][0] == "5000.000"


@pytest.mark.usefixtures("filed")
def test_pages_of_reports_hold_each_report_once_while_others_are_filed(official: User, city: City) -> None:
    def reports(html: str) -> list[str]:
        return re.findall(r'<th scope="row"><a href="/reports/([^"]+)/"', html)

    another = make_branch(city.community)
    by = make_user("", (Role.ORGANISER, another))

    pages = walked(official, "/reports/", reports, between=lambda: file(another, MARCH_6, by=by, vehicles=1))
    seen = [report for rows in pages for report in rows]

    assert len(seen) == len(set(seen)) == 18
    assert len([report for rows in walked(official, "/reports/", reports) for report in rows]) == 19


@pytest.mark.parametrize("address", ["/people/", "/branches/"])
def test_lists_by_name_hold_each_name_once_though_one_is_added_before(official: User, city: City, branch: Branch, address: str) -> None:
    for number in range(7):
        make_branch(city.community, f"乙{number}号楼党支部")
        make_person(f"乙{number}", city.company, branch)

    def names(html: str) -> list[str]:
        return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)<', html)

    def add() -> None:
        make_branch(city.community, "啊党支部")
        make_person("啊", city.company, branch)

    before = [name for rows in walked(official, address, names) for name in rows]

    assert len(before) == len(set(before)) >= 7
    assert [name for rows in walked(official, address, names, between=add) for name in rows] == before


def test_a_mark_outside_of_the_scope_tells_nothing_about_its_place(organiser: User, branch: Branch, city: City) -> None:
    hidden = make_person("乙", city.company, make_branch(city.other_community))
    for name in ("甲", "丙"):
        make_person(name, city.company, branch)

    assert shown(organiser, f"/people/?after={hidden.public_id}").count('<th scope="row">') == shown(organiser, "/people/").count('<th scope="row">')


# --- Jumps --------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_the_page_of_a_number_holds_what_an_offset_gives(official: User, city: City) -> None:
    address = records_url(city.north, SPAN, metric("vehicles"))
    behind = rollups.records(Scope.of(city.north), SPAN, metric("vehicles")).order_by("-day", "-pk").values_list("value", flat=True)

    for number in range(1, 8):
        html = shown(official, f"{address}&page={number}")
        assert [Decimal(value) for value in rows_of(html)] == list(behind[3 * (number - 1) : 3 * number])
        assert f"第 {number} 页，共 7 页" in words(html)
    assert rows_of(shown(official, f"{address}&page=999")) == rows_of(shown(official, f"{address}&page=7"))
    assert rows_of(shown(official, f"{address}&page=x")) == rows_of(shown(official, f"{address}&page=1"))


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("scope", ["north", "community", "branch"])
def test_a_jump_to_a_day_begins_there_and_leads_both_ways(official: User, city: City, branch: Branch, scope: str) -> None:
    thing = thing_of(city, branch, scope)
    address = records_url(thing, SPAN, metric("vehicles"))
    behind = rollups.records(Scope.of(thing), SPAN, metric("vehicles")).filter(day__lte=ago(3)).order_by("-day", "-pk").values_list("value", flat=True)

    html = shown(official, f"{address}&at={ago(3)}")

    assert [Decimal(value) for value in rows_of(html)] == list(behind[:3])
    assert f'value="{ago(3)}"' in html
    back = rows_of(shown(official, f"/records/{turned(html, 'prev')}"))
    assert back
    assert not set(back) & set(rows_of(html))


@pytest.mark.usefixtures("filed")
def test_a_jump_to_the_newest_day_leads_nowhere_back(official: User, city: City) -> None:
    html = shown(official, f"{records_url(city.north, SPAN, metric('vehicles'))}&at={MARCH_6}")

    assert turned(html, "prev") == ""
    assert turned(html, "next")


@pytest.mark.usefixtures("filed")
def test_a_jump_below_the_last_record_says_that_nothing_follows(official: User, city: City) -> None:
    html = words(shown(official, f"{records_url(city.north, SPAN, metric('vehicles'))}&at=2020-01-01"))

    assert "后面没有了" in html


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("typed", ["2020-02-30", "x", "9999-12-31"])
def test_a_day_that_is_none_is_refused_beside_its_field(official: User, city: City, typed: str) -> None:
    html = shown(official, f"{records_url(city.north, SPAN, metric('vehicles'))}&at={typed}", 400)

    assert typed in html
    assert 'aria-describedby="jump-error"' in html
    assert rows_of(html)


@pytest.mark.usefixtures("filed")
def test_reports_are_opened_from_a_day_on(official: User) -> None:
    days = re.findall(r'data-label="日期"><span class="num">([^<]+)<', shown(official, f"/reports/?at={ago(3)}"))

    assert days[0] == days[1]
    assert len(days) == 3
    assert f"{ago(3).day}" in days[0]


# --- How many -----------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_records_are_counted_exactly_where_totals_are_kept_and_up_to_a_bound_elsewhere(
    official: User, city: City, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED_UP_TO", 20)

    assert "共 22 条" in words(shown(official, records_url(city.north, SPAN)))
    assert "共 21 条" in words(shown(official, records_url(city.north, SPAN, metric("vehicles"))))
    assert "共 1 条" in words(shown(official, records_url(city.north, SPAN, metric("home_isolated"))))
    assert "共 12 条" in words(shown(official, records_url(city.community, SPAN, metric("vehicles"))))
    monkeypatch.setattr(paging, "COUNTED_UP_TO", 10)
    assert "10 条以上" in words(shown(official, records_url(branch, SPAN)))
    assert "10 条以上" in words(shown(official, "/reports/"))


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("part", ["expected", "late", "corrected"])
def test_reports_of_a_region_are_counted_by_the_kept_totals(city: City, branch: Branch, organiser: User, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=77, reason="改正", base=1)
    everyone = make_user("all", (Role.OFFICIAL, None))
    address = f"/reports/?region={city.north.public_id}&only={part}"
    counted = rollups.reports_count_of(city.north, Span(ago(30), MARCH_6), part)
    listed = rollups.reports_counted(DailyReport.objects.all(), part).count()

    assert counted == listed
    assert f"共 {listed} 条" in words(shown(everyone, address)) or not listed


# --- Cost ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_the_figure_above_the_records_of_a_wide_region_reads_no_record(official: User, city: City) -> None:
    client = Client()
    client.force_login(official)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(records_url(city.north, SPAN, metric("vehicles")))

    assert not [each for each in asked.captured_queries if "SUM(" in each["sql"] and "activities_measure" in each["sql"]]
    assert not [each for each in asked.captured_queries if "COUNT(" in each["sql"] and "activities_measure" in each["sql"]]


@pytest.mark.usefixtures("filed")
def test_no_turn_takes_more_queries_deep_down_than_at_the_top(official: User, city: City) -> None:
    address = records_url(city.north, SPAN, metric("vehicles"))
    second = turned(shown(official, address), "next")
    client = Client()
    client.force_login(official)
    taken = {}
    for name, href in {"first": address, "second": f"/records/{second}", "number": f"{address}&page=5", "day": f"{address}&at={ago(2)}"}.items():
        with CaptureQueriesContext(connection) as asked:
            client.get(href)
        taken[name] = len(asked)

    assert taken["second"] == taken["first"]
    assert max(taken.values()) <= 15
