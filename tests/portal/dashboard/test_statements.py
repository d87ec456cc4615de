"""What published texts state, beside what the portal computes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from activities.models import Statement
from activities.rollups import computed
from branches.models import Branch, Region
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url
from tests.personas import MARCH_6, City
from tests.portal.dashboard.reading import DAY, page, queries, words

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    ("computes", "value", "qualifier", "agrees"),
    [
        ("sum:vehicles", 380, "nearly", True),
        ("sum:vehicles", 400, "nearly", True),
        ("sum:vehicles", 390, "over", False),
        ("sum:vehicles+turned_back", 383, "exact", True),
        ("latest:home_isolated", 5, "exact", True),
        ("latest:home_isolated", 4, "exact", False),
        ("ratio_percent:turned_back/home_isolated", 60, "exact", True),
        ("households", 65, "exact", True),
        ("residents", 1, "exact", None),
        ("", 1, "exact", None),
    ],
)
@pytest.mark.usefixtures("filed")
def test_a_statement_agrees_with_the_portal_or_differs(computes: str, value: int, qualifier: str, agrees: bool | None, branch: Branch, city: City) -> None:
    Region.objects.filter(pk=city.community.pk).update(households=65)
    branch.covers.add(city.community)
    stated = Statement.objects.create(
        branch=branch,
        what_zh="一",
        what_en="one",
        value=Decimal(value),
        qualifier=qualifier,
        computes=computes,
        stated_on=MARCH_6,
        title="文",
        source="t",
        key="1",
    )

    assert computed(stated).agrees is agrees


def test_a_statement_stands_beside_the_figure_on_the_page(official: User, branch: Branch, filed: None) -> None:
    Statement.objects.create(branch=branch, what_zh="共登记车辆", what_en="vehicles", value=1000, computes="sum:vehicles", stated_on=MARCH_6, title="某报")

    text = words(page(official, dashboard_url(branch, DAY)))

    assert "共登记车辆" in text
    assert "不一致" in text


@pytest.mark.usefixtures("filed")
def test_statements_about_latest_values_take_the_same_queries_for_one_and_for_six(official: User, branch: Branch, city: City) -> None:
    def state(number: int) -> None:
        day = MARCH_6 - timedelta(days=number % 3)
        Statement.objects.create(
            branch=branch, what_zh="居家隔离", what_en="isolated", value=5, computes="latest:home_isolated", stated_on=day, title="文", key=str(number)
        )

    state(0)
    one = queries(official, dashboard_url(branch, DAY))
    for number in range(1, 6):
        state(number)

    assert queries(official, dashboard_url(branch, DAY)) == one
    lines = [computed(each).value for each in Statement.objects.order_by("pk")]
    assert lines == [5, 4, None, 5, 4, None]
