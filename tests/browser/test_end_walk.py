"""The end of a branch in real browsers: prepared on the organiser's phone, confirmed at the administrator's desk, looked at when it is over."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from branches.models import Branch
from portal.accounts.models import User
from portal.ending.models import BranchEnd
from tests.activities.needs import recorded
from tests.browser.walks import SMALL, Walk, overflow
from tests.ending.ended import work_off
from tests.factories import make_branch
from tests.personas import City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def go_on(page: Page) -> None:
    """Take the next step."""
    page.get_by_role("link", name="Next:").click()


def test_a_branch_is_brought_to_its_end(walk: Walk, organiser: User, administrator: User, city: City, branch: Branch) -> None:
    neighbour = make_branch(city.community, "望江社区第二临时党支部")
    recorded(branch, organiser)
    phone = walk.as_somebody(organiser, SMALL)
    phone.goto(reverse("branches:branch_detail", args=[branch.public_id]))
    phone.get_by_role("link", name="End the branch").click()
    phone.get_by_role("button", name="Begin to prepare").click()
    phone.get_by_role("link", name="Hand on what is open").click()

    phone.get_by_label("To whom", exact=True).select_option(label=neighbour.name)
    phone.get_by_role("button", name="Hand all of them on").click()
    expect(phone.get_by_text("1 need was handed on.")).to_be_visible()
    phone.get_by_label("What went to whom").fill("口罩交居委会")
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_text("This step is done.")).to_be_visible()

    go_on(phone)
    phone.get_by_text("all of them", exact=True).click()
    phone.get_by_label("Why it stays as it is").fill("停电两日")
    phone.get_by_role("button", name="Keep the reason").click()
    expect(phone.get_by_text("This step is done.")).to_be_visible()
    go_on(phone)
    go_on(phone)
    phone.get_by_role("button", name="Number and date the letters").click()
    phone.get_by_role("link", name="Open and print").click()
    expect(phone.locator("article.letter")).to_contain_text("示例书记")
    phone.go_back()
    go_on(phone)
    draft = phone.locator("#story-draft").inner_text()
    phone.locator("[name=narrative]").fill(draft)
    phone.get_by_role("button", name="Save").click()
    go_on(phone)
    phone.get_by_role("button", name="Make a pack").click()
    work_off()
    phone.get_by_role("link", name="Look again").click()
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith("-20200306.zip")
    go_on(phone)
    expect(phone.get_by_text("An administrator of the area confirms")).to_be_visible()
    assert overflow(phone) <= 0

    desk = walk.as_somebody(administrator, SMALL)
    desk.goto(reverse("branches:end_step", args=[branch.public_id, "confirm"]))
    desk.get_by_label("I have read what happens").check()
    desk.get_by_role("button", name="End the branch and close its records").click()
    expect(desk.get_by_role("heading", name="Dissolved")).to_be_visible()
    assert BranchEnd.objects.get().state == "confirmed"
    branch.refresh_from_db()
    assert branch.closed_at is not None
