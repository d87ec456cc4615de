"""The text of a day, or of several, for a chat group: the figures of the page."""

from datetime import timedelta
from html import unescape

import pytest

from activities.chat import branch_day_text, scope_day_text
from activities.rollups import Scope, Span
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6, City
from tests.portal.dashboard.reading import page

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.usefixtures("filed")
def test_the_chat_text_names_the_missing_and_writes_qualifiers_as_chinese_does(city: City, branch: Branch, organiser: User, reviewer: User) -> None:
    text = scope_day_text(Scope(region=city.north), MARCH_6, lang="zh-hans")
    assert "应报2个支部，已报1个。未报1个：临湖社区临时党支部" in text
    assert "车辆登记：当日近180台次，累计400台次（含约数），较昨日减少约40" in text
    assert "居家隔离：目前6人，较昨日增加1" in text

    own = branch_day_text(branch, MARCH_6, lang="zh-hans")
    assert own.splitlines()[0] == "望江社区临时党支部 3月6日工作日报"
    assert "车辆登记：当日近180台次，累计380台次（含约数），较昨日减少约20" in own
    assert "now 5 people" in branch_day_text(branch, MARCH_6, lang="en")


def test_a_kind_with_one_figure_takes_one_line_of_the_chat(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6 - timedelta(days=1), by=organiser, vehicles=5, turned_back=2, patrol_rounds=4, home_isolated=1, reason="补报")
    file(branch, MARCH_6, by=organiser, vehicles=7, turned_back=2, patrol_rounds=3, home_isolated=1)

    assert branch_day_text(branch, MARCH_6, lang="zh-hans").splitlines()[1:] == [
        "【卡口出入】",
        "车辆登记：当日7台次，累计12台次，较昨日增加2",
        "劝返：当日2人次，累计4人次，与昨日持平",
        "【巡查】当日3次，累计7次，较昨日减少1",
        "【排查】居家隔离：目前1人，与昨日持平",
    ]


@pytest.mark.usefixtures("filed")
def test_several_days_have_a_chat_text_with_their_totals(official: User, city: City) -> None:
    html = page(official, dashboard_url(city.north, Span(MARCH_5, MARCH_6)))
    text = unescape(html.split('id="chat-text"')[1].split(">", 1)[1].split("</pre>")[0])

    assert text.splitlines()[0].endswith("3月5日至3月6日工作汇总")
    assert "3月6日：应报2个支部，已报1个" in text
    assert "车辆登记：合计400台次（含约数）" in text
    assert "较昨日" not in text


def test_a_branch_without_figures_says_so_in_the_chat(branch: Branch) -> None:
    assert "暂无填报" in branch_day_text(branch, MARCH_6, lang="zh-hans")
