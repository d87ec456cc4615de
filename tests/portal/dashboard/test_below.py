"""Dashboards: what lies below a region, by place and by the units that sent the people."""

import re
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from activities.models import Metric
from activities.services import Figure, Participation, Work, file_daily_report, file_period_report, works_of
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url, records_url
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City
from tests.portal.dashboard.reading import DAY, TWO_DAYS, page, words

pytestmark = pytest.mark.usefixtures("clock")


def below(html: str) -> list[str]:
    """The names of the table below a region, in their order."""
    [table] = re.findall(r'<table class="data below">.*?</table>', html, re.S)
    return [words(name).strip() for name in re.findall(r'<th scope="row">(.*?)</th>', table.split("<tfoot")[0], re.S)]


def test_the_table_below_is_ordered_by_the_rate_of_reports_and_by_nothing_that_people_did(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, official: User, city: City
) -> None:
    make_branch(city.north, "区直临时党支部")
    file(branch, MARCH_5, by=organiser, vehicles=1, party_money_donated=1)
    file(branch, MARCH_6, by=organiser, vehicles=1)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=900, party_money_donated=900)
    address = dashboard_url(city.north, TWO_DAYS)
    by_name, by_rate = ["梧桐街道", "银杏街道", "直属于北示区"], ["直属于北示区", "银杏街道", "梧桐街道"]
    by_name[-1] = by_rate[0] = below(page(official, address))[-1]

    assert below(page(official, address)) == by_name
    html = page(official, f"{address}&order=rate")
    assert below(html) == by_rate
    assert "50% 1 / 2" in words(html)
    assert below(page(official, f"{dashboard_url(city.north, DAY)}&order=rate"))[0] == by_rate[0]
    refused = [metric.code for metric in Metric.objects.all()] + ["name", "-rate", "persons", "value", "reported", ""]
    assert all(below(page(official, f"{address}&order={order}")) == by_name for order in refused)


def test_the_table_below_draws_the_course_of_its_first_figure(filed: None, official: User, city: City) -> None:
    [table] = re.findall(r'<table class="data below">.*?</table>', page(official, dashboard_url(city.north, TWO_DAYS)), re.S)

    # Two days joined, and one alone.
    assert [re.findall(r'<path d="([^"]*)"', svg)[0].count("L") for svg in re.findall(r"<svg class=\"sparkline\".*?</svg>", table, re.S)] == [1, 0]
    assert "metric=vehicles#chart" in unescape(table)


def test_a_region_counts_the_work_of_each_unit_that_sent_people_and_names_none_of_them(official: User, organiser: User, branch: Branch, city: City) -> None:
    ours, theirs, local = make_person("甲", city.company, branch), make_person("别家的人", city.bureau, branch), make_person("本地人", None, branch)
    shared = Work("shift", (), participants=(Participation(ours, Decimal(6)), Participation(theirs, Decimal(2)), Participation(local)))
    alone = Work("patrol", (Figure("patrol_rounds", Decimal(1)),), participants=(Participation(ours, Decimal(1)),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, uid=uuid4(), works=(shared, alone))
    everywhere = make_user("everywhere", (Role.OFFICIAL, None))

    html = page(official, f"{dashboard_url(city.north, DAY)}&by=unit")
    table = html.split('id="below"')[1].split("</section>")[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    cells = [[words(cell).split()[0] for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]

    assert sorted(row[1:] for row in cells[1:]) == [["1", "0", "1"], ["1", "2", "1"], ["2", "7", "2"], ["4", "9", "2"]]
    assert cells[-1] == [city.north.name, "4", "9", "2"]
    assert "别家的人" not in table
    assert dashboard_url(city.bureau) not in table
    assert dashboard_url(city.bureau) in page(everywhere, f"{dashboard_url(city.north, DAY)}&by=unit")
    assert "没有人员参与记录" in words(page(everywhere, f"{dashboard_url(city.south, DAY)}&by=unit"))
    opened = [(shifts, unescape(href)) for shifts, href in re.findall(r'data-shifts="(\d+)" href="([^"]+)"', table)]
    assert sorted(shifts for shifts, _href in opened) == ["1", "1", "2", "4"]
    for shifts, href in opened:
        records = page(official, href)
        assert re.findall(r'<p data-shifts="(\d+)"', records) == [shifts]
        assert sum(map(int, re.findall(r'<tr data-shifts="(\d+)"', records))) == int(shifts)
        assert "别家的人" not in records


def test_person_shifts_of_a_unit_that_is_not_there_are_not_found(official: User, city: City) -> None:
    for sent_by in (str(uuid4()), "x"):
        page(official, records_url(city.north, DAY, of="shifts", sent_by=sent_by), 404)


def test_what_is_counted_from_records_comes_after_the_page_of_a_wide_region(filed: None, branch: Branch, organiser: User, official: User, city: City) -> None:
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works_of([Figure("vehicles", Decimal(9))]), uid=uuid4())
    reader = make_user("city", (Role.OFFICIAL, city.city))
    address = f"{dashboard_url(city.city, DAY)}&by=unit"

    html = page(reader, address)

    parts = [unescape(href) for href in re.findall(r'data-later="([^"]+)"[^>]* aria-busy="true"', html)]
    assert [parse_qs(urlsplit(part).query)["part"] for part in parts] == [["below"], ["beside"]]
    assert html.count('class="skeleton"') == 2
    answers = [page(reader, urlsplit(address).path + part) for part in parts]
    assert "没有人员参与记录" in words(answers[0])
    assert "多日数据" in words(answers[1])
    assert all("<html" not in answer and "part=" not in answer for answer in answers)
    # Without script a link shows everything at once.
    [whole] = {unescape(href).split("#")[0] for href in re.findall(r'href="(\?[^"]*whole=1[^"]*)"', html)}
    complete = page(reader, urlsplit(address).path + whole)
    assert "data-later" not in complete
    assert "没有人员参与记录" in words(complete)
    # Whoever may not see the page gets none of its parts.
    page(official, urlsplit(address).path + parts[1], 404)


def test_a_narrow_region_shows_everything_at_once(filed: None, official: User, city: City) -> None:
    assert "data-later" not in page(official, f"{dashboard_url(city.north, DAY)}&by=unit")
