"""An inspection in a real browser: recorded at a desk, mended on a phone, looked at again at the desk; without script too."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from activities.models import InspectionPoint
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.inspected import a_point
from tests.browser.walks import overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

ContextOf = Callable[..., BrowserContext]
DESK: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}


def record(page: Page, branch: Branch) -> None:
    """Record an inspection with two points, from the page of the branch."""
    page.goto(reverse("branches:branch_detail", args=[branch.public_id]))
    page.get_by_role("link", name="督查", exact=True).last.click()
    page.get_by_role("link", name="登记督查").click()
    page.fill("[name=looked_at]", "夜间值守")
    page.fill("[name=result]", "登记有缺项")
    page.fill("[name=p1-what]", "晚班登记补体温")
    page.fill("[name=p1-due_on]", "2020-03-07")
    page.select_option("[name=p1-owner]", label="示例书记")
    page.fill("[name=p2-what]", "更换警示牌")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("已登记。")).to_be_visible()


def test_an_inspection_goes_from_the_desk_to_the_phone_and_back(context_of: ContextOf, official: User, organiser: User, branch: Branch) -> None:
    desk = context_of(official, viewport=DESK).new_page()
    record(desk, branch)
    expect(desk.locator(".found li")).to_have_count(2)

    phone = context_of(organiser, viewport=NARROW).new_page()
    phone.goto(reverse("activities:today"))
    expect(phone.get_by_text("2 个督查问题待整改")).to_be_visible()
    phone.get_by_role("link", name="去整改").click()
    for words in ("晚班登记补体温", "更换警示牌"):
        assert overflow(phone) <= 0
        phone.get_by_role("link", name=words).click()
        phone.fill("[name=note]", "已办妥")
        assert overflow(phone) <= 0
        phone.get_by_role("button", name="报告整改完成").click()
        expect(phone.get_by_text("已报告整改完成，等待复查。")).to_be_visible()
        phone.goto(reverse("inspections:point_list"))

    desk.goto(reverse("inspections:point_list"))
    desk.get_by_role("link", name="待复查").click()
    desk.get_by_role("link", name="晚班登记补体温").click()
    desk.get_by_role("button", name="复查通过，销号").click()
    expect(desk.get_by_text("复查通过，已销号。")).to_be_visible()
    desk.goto(f"{reverse('inspections:point_list')}?state=mended")
    desk.get_by_role("link", name="更换警示牌").click()
    desk.locator("summary", has_text="退回整改").click()
    send_back = desk.locator("form:has([name=act][value=send_back])")
    send_back.locator("[name=note]").fill("电话号码仍看不清")
    send_back.get_by_role("button").click()
    expect(desk.get_by_text("已退回支部继续整改。")).to_be_visible()

    assert dict(InspectionPoint.objects.values_list("what", "state")) == {"晚班登记补体温": "checked", "更换警示牌": "open"}


def test_the_whole_way_works_without_script(context_of: ContextOf, official: User, organiser: User, branch: Branch) -> None:
    desk = context_of(official, viewport=DESK, javascript=False).new_page()
    record(desk, branch)

    phone = context_of(organiser, viewport=NARROW, javascript=False).new_page()
    phone.goto(reverse("inspections:point_list"))
    phone.get_by_role("link", name="更换警示牌").click()
    phone.fill("[name=note]", "已更换")
    phone.get_by_role("button", name="报告整改完成").click()
    expect(phone.get_by_text("已报告整改完成，等待复查。")).to_be_visible()
    assert overflow(phone) <= 0


def test_somebody_overtaken_on_the_phone_reads_what_they_typed(context_of: ContextOf, official: User, organiser: User, branch: Branch) -> None:
    point = a_point(branch, official)
    first, second = (context_of(organiser, viewport=NARROW).new_page() for _which in range(2))
    for page in (first, second):
        page.goto(reverse("inspections:point_detail", args=[point.public_id]))
    first.fill("[name=note]", "我补的")
    first.get_by_role("button", name="报告整改完成").click()
    second.fill("[name=note]", "我也补了两页")
    second.get_by_role("button", name="报告整改完成").click()

    expect(second.get_by_role("alert")).to_contain_text("其间这个问题有了新情况")
    expect(second.get_by_text("我也补了两页")).to_be_visible()
