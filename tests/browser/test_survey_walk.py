"""A survey in real browsers: made and opened by the branch, answered by a resident without a sign-in, typed in from paper, read from 5 answers on."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from activities.models import SurveyResponse
from branches.models import Branch
from portal.accounts.models import User
from tests.browser.walks import DESK, SMALL, Walk, overflow

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

HIDDEN = "What was chosen is shown from 5 valid answers on"


def choose(page: Page, question: str, choice: str) -> None:
    asked = page.locator(".question", has_text=question)
    asked.get_by_label(choice, exact=True).check()


def open_a_survey(desk: Page) -> str:
    """Make the ready-made survey, open it, and return the address under which it is answered."""
    desk.goto(reverse("surveys:survey_new"))
    desk.get_by_role("button", name="Go on to the questions").click()
    expect(desk.locator("ol.asked li")).to_have_count(4)
    desk.get_by_role("button", name="Open the survey").click()
    expect(desk.get_by_text("The survey is open.")).to_be_visible()
    return desk.locator("#survey-link").inner_text()


def test_residents_answer_by_link_and_on_paper_and_few_are_hidden(walk: Walk, organiser: User, branch: Branch) -> None:
    desk = walk.as_somebody(organiser, DESK)
    link = open_a_survey(desk)
    survey = desk.url

    resident = walk.as_somebody(None, SMALL)
    resident.goto(link)
    # What must be answered is said beside the question, and nothing typed is lost.
    resident.locator("textarea").fill("夜里门口灯太暗")
    resident.get_by_role("button", name="Send").click()
    expect(resident.get_by_role("alert").first).to_be_visible()
    assert resident.locator("textarea").input_value() == "夜里门口灯太暗"
    choose(resident, "Are you satisfied", "Very satisfied")
    resident.get_by_role("button", name="Send").click()
    expect(resident.get_by_role("heading", name="Your answer has arrived")).to_be_visible()
    resident.goto(link)
    expect(resident.get_by_role("heading", name="This browser has answered already")).to_be_visible()
    assert overflow(resident) <= 0

    phone = walk.as_somebody(organiser, SMALL)
    phone.goto(survey)
    phone.get_by_role("link", name="Type in paper answers").click()
    for sheet, grade in enumerate(("Satisfied", "Satisfied", "Neither", "Very satisfied"), 1):
        if sheet == 4:
            desk.goto(survey)
            expect(desk.get_by_text(HIDDEN)).to_be_visible()
            expect(desk.locator(".shares")).to_have_count(0)
        choose(phone, "Are you satisfied", grade)
        phone.get_by_role("button", name="Store, next sheet").click()
        expect(phone.get_by_text("Stored. Ready for the next sheet.")).to_be_visible()
        expect(phone.locator(".dock")).to_contain_text(f"{sheet} sheet")

    desk.goto(survey)
    expect(desk.get_by_text(HIDDEN)).to_have_count(0)
    expect(desk.locator(".lead .big")).to_contain_text("80%")
    expect(desk.locator(".shares").first).to_contain_text("Very satisfied")
    expect(desk.locator("main")).not_to_contain_text("夜里门口灯太暗")
    desk.get_by_role("link", name="Read what was written").click()
    expect(desk.locator("main")).to_contain_text("夜里门口灯太暗")
    assert SurveyResponse.objects.filter(state="valid").count() == 5
    assert overflow(phone) <= 0
