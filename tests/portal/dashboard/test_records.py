"""The records behind a figure: read to the last, and who filed them."""

import re
from datetime import timedelta
from html import unescape

import pytest

from activities.models import Metric
from activities.rollups import Span
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import records_url
from tests.factories import file
from tests.personas import MARCH_6, City
from tests.portal.dashboard.reading import DAY, page, words

pytestmark = pytest.mark.usefixtures("clock")


def test_records_are_read_page_by_page_without_loss(official: User, city: City, branch: Branch, organiser: User) -> None:
    for offset in range(120):
        file(branch, MARCH_6 - timedelta(days=offset), by=organiser, vehicles=offset, reason="补报" if offset else "")
    address, seen = records_url(city.north, Span(MARCH_6 - timedelta(days=200), MARCH_6), Metric.objects.get(code="vehicles")), []

    while address:
        html = page(official, address)
        seen += [int(re.sub(r"\D", "", words(row))) for row in re.findall(r'<td class="num" data-label="数值">(.*?)</td>', html, re.S)]
        following = re.findall(r'rel="next" href="(\?[^"]+)"', html)
        address = f"/records/{unescape(following[0])}" if following else ""

    assert seen == list(range(120))


@pytest.mark.parametrize(
    "query", ["", "region=x", "metric=vehicles", "region={region}&metric=unknown", "region={region}&kind=unknown", "region={region}&after=x"]
)
def test_records_of_nothing_in_particular_are_not_found(query: str, official: User, branch: Branch, city: City) -> None:
    page(official, f"/records/?{query.format(region=city.north.public_id)}", 404)


@pytest.mark.usefixtures("filed")
def test_records_of_several_figures_say_why_they_have_no_total(official: User, city: City) -> None:
    assert "没有合计" in words(page(official, records_url(city.north, DAY)))
    assert "没有合计" not in words(page(official, records_url(city.north, DAY, Metric.objects.get(code="vehicles"))))


def test_who_filed_is_shown_to_those_who_see_people_there(official: User, liaison: User, organiser: User, branch: Branch, filed: None) -> None:
    address = records_url(branch, DAY)
    assert "organiser" in words(page(official, address))
    assert "organiser" not in words(page(liaison, address))
