"""A suggestion in a real browser: written down and passed up on a phone, answered at a desk, read by the branch."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from activities.models import Suggestion
from portal.accounts.models import User
from tests.browser.walks import overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

ContextOf = Callable[..., BrowserContext]


def test_a_suggestion_goes_up_from_a_phone_and_its_answer_comes_back(context_of: ContextOf, organiser: User, reviewer: User) -> None:
    phone = context_of(organiser, language="en", viewport={"width": 360, "height": 740}, javascript=False).new_page()
    phone.goto(reverse("suggestions:suggestion_record"))
    phone.locator("label:has([name=topic][value=duty])").click()
    phone.fill("[name=words]", "夜班卡口没有取暖设备")
    phone.locator(".dock button.primary").click()
    phone.locator("[name=to]").first.select_option(label="梧桐街道")
    phone.get_by_role("button", name="Pass it on").click()
    expect(phone.get_by_text("Passed on.")).to_be_visible()
    assert overflow(phone) <= 0

    desk = context_of(reviewer, language="en", viewport={"width": 1440, "height": 900}).new_page()
    desk.goto(reverse("suggestions:suggestion_list"))
    expect(desk.get_by_text("夜班卡口没有取暖设备")).to_be_visible()
    desk.locator("table.needs tbody th a").click()
    desk.fill("[name=answer]", "明日送到电暖器")
    desk.check("[name=for_all]")
    desk.get_by_role("button", name="Answer it").click()
    expect(desk.get_by_text("Answered.")).to_be_visible()

    phone.goto(reverse("suggestions:suggestion_detail", args=[Suggestion.objects.get().public_id]))
    expect(phone.get_by_role("heading", name="Answer of 梧桐街道")).to_be_visible()
    expect(phone.locator(".need-words").first).to_have_text("明日送到电暖器")
