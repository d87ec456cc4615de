"""A phone that several people use, in a real browser: what one has seen and typed is gone for the next, and lost for nobody."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.needs import recorded
from tests.browser.conftest import type_sign_in
from tests.factories import make_person, make_user
from tests.personas import MARCH_6, City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def sign_out(page: Page) -> None:
    page.locator("summary:has(.who)").click()
    page.locator(".top form[data-sign-out] button").click()
    expect(page.locator("[name=username]")).to_be_visible()


def test_back_after_signing_out_shows_nothing_and_a_draft_waits_for_its_own_typist(
    context_of: Callable[..., BrowserContext], organiser: User, branch: Branch, city: City
) -> None:
    person = make_person("罗示例", city.company, branch, phone="19900001234")
    need = recorded(branch, organiser)
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    form = reverse("activities:report_edit", args=[branch.public_id, MARCH_6])
    page = context_of(organiser).new_page()
    for address, seen in (
        (reverse("members:person_detail", args=[person.public_id]), "19900001234"),
        (reverse("activities:need_detail", args=[need.public_id]), "示例居民"),
    ):
        page.goto(address)
        assert seen in page.inner_text("main")
    page.goto(form)
    # The server gets nothing of it: only the phone has it.
    page.route("**/draft/", lambda route: route.abort())
    page.locator("details.more summary").click()
    page.fill("[name=note]", "门口张示例发热")
    expect(page.locator("[data-draft-state]")).to_contain_text("已暂存本机")

    sign_out(page)
    for _step in range(3):
        page.go_back()
        expect(page.locator("[name=username]")).to_be_visible()
        shown = page.content()
        assert not [words for words in ("19900001234", "示例居民", "罗示例", "张示例") if words in shown], page.url

    page.goto(reverse("accounts:sign_in"))
    type_sign_in(page, colleague)
    page.goto(form)
    expect(page.locator("[data-restore]")).to_be_hidden()
    assert "张示例" not in page.content()
    assert page.input_value("[name=note]") == ""
    sign_out(page)

    type_sign_in(page, organiser)
    page.goto(form)
    page.click("[data-restore-yes]")
    assert page.input_value("[name=note]") == "门口张示例发热"
