"""On a phone without a script: seven squads over seven grids, and a pioneer post claimed and released."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from branches.models import Branch
from members.grids import grids_of
from members.models import PioneerClaim, PioneerPost, Squad
from portal.accounts.models import User
from tests.factories import make_person, make_region
from tests.personas import MARCH_6, City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

ContextOf = Callable[..., BrowserContext]


@pytest.fixture
def page(context_of: ContextOf, organiser: User, branch: Branch, city: City) -> Page:
    for number in "一二三四五六七":
        make_region(f"第{number}网格", "site", city.community)
    for place in range(8):
        make_person(f"示例队员{place}", branch=branch, kind="volunteer" if place % 2 else "member")
    return context_of(organiser, javascript=False).new_page()


def test_seven_squads_cover_seven_grids_after_a_few_taps(page: Page, branch: Branch) -> None:
    page.goto(reverse("branches:branch_detail", args=[branch.public_id]))
    page.get_by_role("link", name="各网格由谁负责").click()
    expect(page.get_by_role("heading", name="7 个网格无人负责")).to_be_visible()

    page.get_by_role("link", name="为空网格各建一队").click()
    expect(page.get_by_label("第七网格")).to_have_value("第七网格突击队")
    page.get_by_role("button", name="组建").click()
    expect(page.get_by_text("已组建 7 支小分队，接下来添加队员。")).to_be_visible()
    assert all(len(grid.coverage) == 1 for grid in grids_of(branch, MARCH_6))

    page.get_by_role("row").get_by_role("link", name="第一网格突击队").first.click()
    page.get_by_role("link", name="添加队员").click()
    for number in range(3):
        page.get_by_label(f"示例队员{number}").check()
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="设为队长 示例队员1").click()
    expect(page.get_by_text("示例队员1任队长。")).to_be_visible()
    squad = Squad.objects.get(name="第一网格突击队")
    assert squad.members.count() == 3
    assert squad.members.get(leads=True).person.name == "示例队员1"


def test_a_post_is_opened_claimed_and_released(page: Page, context_of: ContextOf, branch: Branch, member: User) -> None:
    page.goto(reverse("squads:post_list"))
    page.get_by_role("link", name="新设先锋岗").click()
    page.get_by_label("名称").fill("东门先锋岗")
    page.get_by_label("岗位职责").fill("守好东门，查验登记")
    page.get_by_role("button", name="保存").click()
    post = PioneerPost.objects.get()

    own = context_of(member, javascript=False).new_page()
    own.goto(reverse("squads:post_detail", args=[post.public_id]))
    own.get_by_role("button", name="认领", exact=True).click()
    expect(own.get_by_text("已认领。")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="岗位牌").click()
    expect(page.locator(".sign")).to_contain_text("示例党员")

    own.get_by_role("link", name="退岗").click()
    own.get_by_role("button", name="保存").click()
    assert PioneerClaim.objects.get().during.upper is not None
