"""Dashboards: which reports came, which are missing, and which may still come in time."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from activities.rollups import Span
from activities.services import accept, return_to_branch, save_draft
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock
from tests.portal.dashboard.reading import DAY, page, words

pytestmark = pytest.mark.usefixtures("clock")


def states(html: str) -> list[str]:
    """The words of all pills of a page."""
    return [words(pill).strip() for pill in re.findall(r'<span class="pill[^"]*">.*?</span></span>', html, re.S)]


def test_each_number_of_reports_opens_as_many_reports(
    official: User, reviewer: User, city: City, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, clock: Clock
) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=180)
    clock.move_to(branch.due_at(MARCH_6) + timedelta(hours=1))
    file(other_branch, MARCH_6, by=other_organiser, vehicles=21)
    accept(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=181, reason="漏计").version)
    # Reports of its own will, owed to nobody.
    post = make_branch(city.community, name="示例指挥部", kind="command_post")
    file(post, MARCH_6, by=make_user("post", (Role.ORGANISER, post)), vehicles=1)

    html = page(official, dashboard_url(city.north, DAY))
    legend = re.findall(r'<li>(?:<span class="swatch[^>]*></span>)?<a href="([^"]+)">([^<]+)<b>(\d+)</b></a>', html)

    assert [(label.strip(), count) for _href, label, count in legend] == [("已通过", "1"), ("待审核", "1"), ("迟报", "1"), ("更正", "1")]
    for href, label, count in legend:
        rows = re.findall(r'<tr>\s*<th scope="row">', page(official, unescape(href)))
        assert len(rows) == int(count), label


@pytest.mark.usefixtures("filed")
def test_the_list_behind_a_number_names_its_day_in_its_filter(official: User, city: City) -> None:
    legend = page(official, dashboard_url(city.north, DAY)).split('class="legend')[1].split("</ul>")[0]
    href = unescape(re.findall(r'href="([^"]+)"', legend)[0])

    assert {name: values for name, values in parse_qs(urlsplit(href).query).items() if name in ("since", "until", "day")} == {
        "since": ["2020-03-06"],
        "until": ["2020-03-06"],
    }
    html = page(official, href)
    assert html.count('value="2020-03-06"') == 2
    assert 'type="hidden" name="day"' not in html


@pytest.mark.usefixtures("filed")
def test_the_page_says_who_has_reported_and_names_who_has_not(official: User, city: City, other_branch: Branch, other_organiser: User) -> None:
    save_draft(user=other_organiser, branch=other_branch, day=MARCH_6, data={"vehicles": "7"}, base=0)

    text = words(page(official, dashboard_url(city.north, DAY)))

    assert "1 / 2" in text
    assert "临湖社区临时党支部" in text
    assert "已填未传" in text


def test_before_the_due_time_a_branch_is_to_report_and_afterwards_it_is_missing(
    official: User, liaison: User, branch: Branch, city: City, clock: Clock
) -> None:
    pages = [(official, dashboard_url(thing, DAY)) for thing in (city.north, city.community, branch)]
    pages.append((liaison, dashboard_url(city.group, DAY)))
    pages.append((make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south)), f"/dashboard/?from={MARCH_6}"))

    for user, address in pages:
        html = page(user, address)
        assert any(word.startswith("待报") for word in states(html)), address
        assert not any(word.startswith("未报") for word in states(html)), address
    clock.move_to(branch.due_at(MARCH_6) + timedelta(minutes=1))
    for user, address in pages:
        html = page(user, address)
        assert any(word.startswith("未报") for word in states(html)), address
        assert not any(word.startswith("待报") for word in states(html)), address


def test_days_missed_before_are_told_beside_a_report_that_is_not_due_yet(official: User, organiser: User, branch: Branch, city: City) -> None:
    file(branch, MARCH_5 - timedelta(days=2), by=organiser, vehicles=1)

    assert "待报 · 此前 2 日未报" in states(page(official, dashboard_url(city.north, DAY)))


def test_a_table_of_branches_tells_what_became_of_each_report(liaison: User, reviewer: User, organiser: User, branch: Branch, city: City, clock: Clock) -> None:
    def told() -> str:
        row = re.findall(rf'<th scope="row"><a href="[^"]+">{branch.name}</a></th>.*?</td>', page(liaison, dashboard_url(city.group, DAY)), re.S)[0]
        return " ".join(states(row))

    first = file(branch, MARCH_6, by=organiser, vehicles=1).version
    assert told() == "待审核"
    return_to_branch(actor=reviewer, version=first, note="请核对")
    assert told() == "已退回"
    clock.move_to(branch.due_at(MARCH_6) + timedelta(minutes=1))
    accept(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=2, reason="漏计").version)
    assert told().startswith("已通过")


def test_several_days_say_on_which_of_them_reports_are_counted(official: User, city: City, branch: Branch) -> None:
    html = page(official, dashboard_url(city.north, Span(MARCH_5, MARCH_6)))

    assert "2020年3月6日" in words(html.split('class="big num">')[1].split("</p>")[0])
    assert "2020" in words(html.split('id="below"')[1].split("</thead>")[0])
    assert "（2020年3月6日）" not in words(page(official, dashboard_url(city.north, DAY)).split('class="big num">')[1].split("</p>")[0])


@pytest.mark.usefixtures("filed")
def test_where_no_report_is_due_the_last_day_with_figures_is_named(official: User, branch: Branch, other_branch: Branch, city: City) -> None:
    for each in (branch, other_branch):
        each.reports_daily = False
        each.save()

    html = page(official, dashboard_url(city.north, Span.day(MARCH_6 + timedelta(days=9))))
    assert "最近一次有数据：2020年3月6日" in words(html)
    assert dashboard_url(city.north, DAY) in unescape(html)
    both = make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south))
    silent = page(both, f"/dashboard/?from={MARCH_6 + timedelta(days=9)}")
    assert "北示区 最近一次上报 2020年3月6日" in words(silent)
