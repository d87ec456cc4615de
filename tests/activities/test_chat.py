"""A branch's day as text for a chat: what it says of a value that holds, and of sums."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from activities import chat
from activities.chat import branch_day_text
from activities.rollups import Scope
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file, make_branch
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def said(branch: Branch, lang: str = "zh-hans") -> list[str]:
    return branch_day_text(branch, MARCH_6, lang=lang).splitlines()[1:]


def test_a_value_of_an_earlier_day_is_said_with_that_day_and_not_compared(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5 - timedelta(days=2), by=organiser, home_isolated=4)
    file(branch, MARCH_6, by=organiser, vehicles=7)
    assert said(branch) == ["【卡口出入】车辆登记：当日7台次，累计7台次", "【排查】居家隔离：目前4人（3月3日报）"]
    assert said(branch, "en")[1] == "[Screening] in home isolation: now 4 people (reported on 3 March)"


def test_a_value_is_not_compared_with_one_that_only_held_the_day_before(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5 - timedelta(days=1), by=organiser, home_isolated=4)
    file(branch, MARCH_6, by=organiser, home_isolated=4)
    assert said(branch) == ["【排查】居家隔离：目前4人"]
    file(branch, MARCH_5, by=organiser, home_isolated=6)
    assert said(branch) == ["【排查】居家隔离：目前4人，较昨日减少2"]


def test_a_dashboard_of_a_branch_says_the_same(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, home_isolated=4, vehicles=1)
    file(branch, MARCH_6, by=organiser, vehicles=7)
    client = Client(headers={"accept-language": "en"})
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("portal:branch_dashboard", args=[branch.public_id]), {"from": "2020-03-06", "to": "2020-03-06"})
    text = page.content.decode().split('id="chat-text"')[1].split("</pre>")[0]
    assert "now 4 people (reported on 5 March)" in text


def test_a_sum_of_rough_figures_says_so_behind_its_unit(branch: Branch, organiser: User) -> None:
    for day, vehicles in ((MARCH_5, 8000), (MARCH_6, 600)):
        file(branch, day, by=organiser, vehicles=vehicles, qualifiers={"vehicles": "over"})
    assert said(branch) == ["【卡口出入】车辆登记：当日600余台次，累计8,600台次（含约数），较昨日减少约7,400"]


def test_the_text_takes_as_many_queries_whatever_was_filed(branch: Branch, organiser: User, django_assert_max_num_queries: object) -> None:
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, home_isolated=4, vehicles=1, turned_back=2)
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        said(branch)


def test_a_chat_names_as_many_missing_branches_as_anybody_reads(branch: Branch, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "MOST_NAMED", 2)
    others = [make_branch(city.other_community) for _ in range(3)]
    text = chat.scope_day_text(Scope(region=city.north), MARCH_6, lang="zh-hans")
    assert "未报4个，包括：" in text
    assert sum(each.name in text for each in (branch, *others)) == 2


def test_a_chat_is_as_of_the_running_totals_too(branch: Branch, organiser: User, city: City, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=7)
    clock.move_to(clock.moment + timedelta(hours=2))
    # An earlier day comes late: the running total of the 6th is as of now.
    file(branch, MARCH_5, by=organiser, vehicles=3, reason="补报")
    for scope in (Scope(region=city.north), Scope(branch=branch)):
        assert chat.scope_day_text(scope, MARCH_6, lang="zh-hans").endswith("截至 2020年3月6日 23:00")
