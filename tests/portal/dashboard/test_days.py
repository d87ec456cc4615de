"""Dashboards: the days that are asked for, and those that they are compared with."""

import re
from datetime import timedelta
from html import unescape

import pytest

from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url
from tests.factories import file
from tests.personas import MARCH_6, City, Clock
from tests.portal.dashboard.reading import DAY, TWO_DAYS, page, words

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2020-02-30&to=2020-03-06", "日期无效"),
        ("from=abc", "日期无效"),
        ("to=0001-01-01", "日期无效"),
        ("from=2020-03-06&to=2020-03-05", "结束日期不能早于开始日期"),
    ],
)
def test_impossible_days_are_named_beside_their_field_and_the_default_is_shown(query: str, sentence: str, official: User, branch: Branch, city: City) -> None:
    html = page(official, f"{dashboard_url(city.north)}?{query}", 400)

    assert sentence in words(html)
    assert 'aria-invalid="true"' in html
    assert "2020年3月6日" in words(html)


def test_full_width_digits_are_read_as_days(official: User, branch: Branch, city: City) -> None:
    assert "2020年3月5日" in words(page(official, f"{dashboard_url(city.north)}?from=２０２０-０３-０５"))


def test_until_noon_a_page_shows_yesterday(official: User, branch: Branch, city: City, clock: Clock) -> None:
    clock.move_to(clock.moment.replace(hour=8))
    assert "2020年3月5日" in words(page(official, dashboard_url(city.north)))


def test_several_days_are_compared_with_as_many_before_when_asked(branch: Branch, organiser: User, official: User, city: City) -> None:
    for back, vehicles in ((3, 5), (2, 6), (1, 10), (0, 20)):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, vehicles=vehicles, home_isolated=vehicles)
    address = dashboard_url(city.north, TWO_DAYS)

    plain, compared = page(official, address), page(official, f"{address}&compare=before")

    assert "较之前2天" not in words(plain)
    assert "compare=before" in plain
    assert words(compared).count("较之前2天 +19") == 1  # the tile: 30 after 11
    assert re.findall(r'class="num moved[^"]*" data-label="较之前2天">([^<]+)<', compared) == ["+19", "+14"]  # in force: 20 after 6
    assert "较昨日" not in words(compared)
    # A day is compared with the day before, whatever the address says.
    assert "较之前" not in words(page(official, f"{dashboard_url(city.north, DAY)}&compare=before"))


def test_what_was_chosen_stays_when_other_days_are(filed: None, official: User, city: City) -> None:
    html = unescape(page(official, f"{dashboard_url(city.north, TWO_DAYS)}&compare=before&order=rate&metric=vehicles"))

    kept = "compare=before&metric=vehicles&order=rate"
    assert all(href.endswith(kept) for href in re.findall(r'<a class="chip"[^>]* href="(/dashboard/[^"]+)"', html))
    assert all(f'<input type="hidden" name="{name}" value="{value}">' in html for name, value in (pair.split("=") for pair in kept.split("&")))
    assert f"{dashboard_url(city.street, TWO_DAYS)}&compare=before&order=rate" in html
