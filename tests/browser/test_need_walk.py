"""A need in real browsers: recorded at the gate in two taps, seen to, called back about, and followed by the resident."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from activities.models import Need
from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from tests.browser.walks import SMALL, Walk, overflow
from tests.factories import make_person
from tests.personas import City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


@pytest.fixture
def hand(city: City, branch: Branch) -> Person:
    return make_person("值守甲", city.company, branch)


def do(page: Page, act: str) -> None:
    """Open one of the things that may be done with a need."""
    page.locator("details.card summary", has_text=act).click()


def look(page: Page, code: str) -> None:
    page.goto(reverse("portal:follow"))
    page.fill("[name=code]", code)
    page.get_by_role("button", name="Look").click()


def test_a_need_is_recorded_in_two_taps_resolved_and_followed(walk: Walk, organiser: User, branch: Branch, hand: Person) -> None:
    phone = walk.as_somebody(organiser, SMALL)
    phone.goto(reverse("activities:need_record"))
    phone.locator("label", has_text="Medicine").click()
    phone.get_by_role("button", name="Record", exact=True).click()
    expect(phone.get_by_text("Recorded.", exact=True)).to_be_visible()
    need = Need.objects.get()
    assert (need.category, need.branch) == ("medicine", branch)

    do(phone, "Assign")
    phone.select_option("[name=person]", label="值守甲")
    phone.get_by_role("button", name="Assign").click()
    expect(phone.locator(".facts")).to_contain_text("值守甲")

    # The code is shown once; the resident, who has no sign-in, sees state and dates.
    phone.get_by_role("button", name="Give the resident a code to follow it").click()
    code = phone.locator(".slips .code").inner_text()
    resident = walk.as_somebody(None, SMALL)
    look(resident, code)
    expect(resident.get_by_role("heading", name="It is being seen to")).to_be_visible()
    expect(resident.locator("main")).not_to_contain_text("Medicine")

    phone.get_by_role("link", name="Done").click()
    phone.fill("[name=result]", "已送到门口")
    phone.get_by_role("button", name="Resolve").click()
    expect(phone.locator(".sub .states, .head .states").first).to_contain_text("Resolved")
    look(resident, code)
    expect(resident.locator("section").get_by_role("heading", name="Resolved")).to_be_visible()

    phone.locator("label:has([name=answer][value=solved])").click()
    phone.get_by_role("button", name="Write it down").click()
    expect(phone.locator(".history li").first).to_contain_text("alled back")
    for page in (phone, resident):
        assert overflow(page) <= 0


def test_a_need_like_one_that_waits_is_asked_about_first(walk: Walk, organiser: User, branch: Branch) -> None:
    phone = walk.as_somebody(organiser, SMALL)
    for _each in range(2):
        phone.goto(reverse("activities:need_record"))
        phone.locator("label", has_text="Medicine").click()
        phone.fill("[name=household]", "3栋501")
        phone.get_by_role("button", name="Record", exact=True).click()
    expect(phone.get_by_role("heading", name="This may be recorded already")).to_be_visible()
    assert Need.objects.count() == 1
    phone.get_by_role("button", name="It is another one: record it").click()
    expect(phone.get_by_text("Recorded.", exact=True)).to_be_visible()
    assert Need.objects.count() == 2
