"""Dashboards: each figure in all its places, and that it opens the records that make it."""

import re
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from activities.models import Metric
from activities.rollups import Scope, Span, totals
from activities.services import Figure, file_period_report, works_of
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url, records_url
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6, City
from tests.portal.dashboard.reading import DAY, figures, page, words

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.usefixtures("filed")
def test_a_figure_shows_the_day_the_running_total_and_the_change(official: User, city: City) -> None:
    text = words(page(official, dashboard_url(city.north, DAY)))

    assert "近180" in text
    assert "400（含约数）" in text
    assert "约−40" in text


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("span", [DAY, Span(MARCH_5, MARCH_6)])
def test_every_figure_opens_records_that_make_it(span: Span, official: User, city: City) -> None:
    shown = figures(page(official, dashboard_url(city.north, span)))
    assert len(shown) > 10

    for href, text in shown:
        html = page(official, href)
        query = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
        [metric] = Metric.objects.filter(code=query["metric"])
        lead = words(html.split('class="big num">')[1].split("</p>")[0]).strip()
        number = lead.removesuffix(metric.unit_zh).strip()
        assert number in text
        rows = re.findall(r'<td class="num" data-label="数值">(.*?)</td>', html, re.S)
        values = [Decimal(re.sub(r"[^0-9.]", "", words(row))) for row in rows]
        if metric.over_time == "sum" and "不相加" not in number:
            assert sum(values) == Decimal(re.sub(r"[^0-9.]", "", number))


def test_the_page_and_the_totals_cannot_disagree(official: User, city: City, filed: None) -> None:
    shown = dict(figures(page(official, dashboard_url(city.north, DAY))))
    for code, total in totals(Scope(region=city.north), DAY).items():
        text = shown[records_url(city.north, DAY, Metric.objects.get(code=code))]
        assert total.value is None or f"{int(total.value):,}" in text


@pytest.mark.usefixtures("filed")
def test_a_bar_says_of_a_sum_what_its_tile_says_and_over_the_bar_more_briefly(official: User, other_branch: Branch, other_organiser: User, city: City) -> None:
    file(other_branch, MARCH_6, by=other_organiser, vehicles=12_000)

    html = page(official, f"{dashboard_url(city.north, DAY)}&metric=vehicles")

    assert "12,180（含约数） 台次" in words(html.split('class="tile"')[1].split("</p>")[0])
    assert re.findall(r'aria-label="3/6: ([^"]+)"', html) == ["12,180（含约数） 台次"]
    assert set(re.findall(r'<text class="value[^>]*>(1[^<]+)<', html)) == {"1.2万 含约数"}


@pytest.mark.usefixtures("filed")
def test_distinct_counts_of_several_branches_are_listed_and_not_added(official: User, city: City) -> None:
    text = words(page(official, dashboard_url(city.north, Span(MARCH_5, MARCH_6))))

    assert "3 条，不相加" in text


def test_a_period_that_the_span_cuts_is_named(official: User, organiser: User, branch: Branch, city: City) -> None:
    works = works_of([Figure("vehicles", Decimal(900))])
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works, uid=uuid4())

    text = words(page(official, dashboard_url(city.north, DAY)))

    assert "900台次" in text
    assert "起止日期超出所选日期" in text


@pytest.mark.usefixtures("filed")
def test_a_chosen_metric_is_drawn_a_bar_a_day_and_the_bars_open_their_day(official: User, city: City) -> None:
    html = page(official, f"{dashboard_url(city.north, DAY)}&metric=home_isolated")

    assert "每日居家隔离" in words(html)
    assert records_url(city.north, Span.day(MARCH_5), Metric.objects.get(code="home_isolated")) in unescape(html)


def test_english_is_complete(official: User, city: City, filed: None) -> None:
    client = Client()
    client.force_login(official)
    client.cookies["django_language"] = "en"
    html = client.get(dashboard_url(city.north, DAY)).content.decode()

    assert "branches have reported" in html
    assert "nearly 180" in words(html)
