"""A contact point in a real browser: given out at a desk, visited on a phone, and what was found there read by the branch."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from activities.models import ContactPoint
from portal.accounts.models import User
from tests.browser.walks import overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

ContextOf = Callable[..., BrowserContext]


def test_a_site_is_given_out_visited_and_what_was_found_goes_to_the_branch(context_of: ContextOf, organiser: User, reviewer: User) -> None:
    desk = context_of(reviewer, language="en", viewport={"width": 1440, "height": 900}, javascript=False).new_page()
    desk.goto(reverse("contacts:contact_new"))
    desk.fill("[name=region]", "望江社区")
    desk.fill("[name=spot]", "东门")
    desk.fill("[name=name]", "示例局长")
    desk.locator("main form button.primary").click()
    expect(desk.locator("main")).to_contain_text("示例局长")
    point = ContactPoint.objects.get()

    phone = context_of(reviewer, language="en", viewport={"width": 360, "height": 740}, javascript=False).new_page()
    phone.goto(reverse("contacts:visit_record", args=[point.public_id]))
    assert overflow(phone) <= 0
    phone.fill("[name=found]", "卡口夜间照明不足")
    phone.locator("[name$=what]").first.fill("加装一盏灯")
    phone.locator(".dock button.primary").click()
    expect(phone.locator("main")).to_contain_text("卡口夜间照明不足")

    branch = context_of(organiser, language="en", viewport={"width": 360, "height": 740}).new_page()
    branch.goto(reverse("inspections:point_list"))
    expect(branch.locator("main")).to_contain_text("加装一盏灯")
    expect(branch.locator("main")).to_contain_text("示例局长")
