"""A reviewer with a telephone in the hand: the second factor set up, asked for, and asked for again before a file."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import override_settings
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from branches.models import Branch
from portal.accounts.models import User
from portal.accounts.proof import HOLDS
from tests.accounts.telephone import Telephone
from tests.browser.conftest import type_sign_in
from tests.browser.walks import SMALL
from tests.personas import Clock


@pytest.mark.django_db(transaction=True)
@override_settings(SECOND_FACTOR=True)
def test_a_reviewer_sets_a_telephone_up_signs_in_with_it_and_takes_a_file(
    context_of: Callable[..., BrowserContext], reviewer: User, branch: Branch, clock: Clock
) -> None:
    page = context_of(None, javascript=False, viewport=SMALL).new_page()
    page.goto("/reports/review/")
    type_sign_in(page, reviewer)
    assert "/account/security/second-factor/" in page.url
    expect(page.locator("svg.qr")).to_be_visible()
    page.click("summary:has-text('手动输入')")
    expect(page.locator("#key span").last).to_be_visible()
    telephone = Telephone("".join(page.locator("#key span").all_inner_texts()))
    page.fill("[name=code]", telephone.code())
    page.click("main button.primary")
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    codes = page.locator("#recovery-codes li").all_inner_texts()
    page.click("text=已妥善保存")
    assert page.url.endswith("/reports/review/")

    page.goto("/account/")
    page.locator("summary:has(.who)").click()
    page.locator("form[data-sign-out] button").first.click()
    type_sign_in(page, reviewer)
    assert "/account/second-step/" in page.url
    page.fill("[name=code]", codes[0])
    page.click("main button.primary")
    assert "/account/" not in page.url

    clock.move_to(clock.now() + HOLDS + timedelta(seconds=1))
    page.goto(reverse("portal:dashboard_export", args=["branch", branch.public_id, "csv"]))
    assert "/account/prove/" in page.url
    page.fill("[name=proof_of_me]", telephone.code())
    with page.expect_download() as download:
        page.click("main button.primary")
    assert download.value.suggested_filename.endswith(".csv")
    page.click("main a.primary")
    assert "/account/" not in page.url
