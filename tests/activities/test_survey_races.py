"""Many answer one survey at once, and it may close meanwhile: whatever is thanked for is stored, whatever is not is said."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from activities.models import Survey, SurveyResponse
from activities.services import surveys
from activities.services.surveys import Form, Given
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.test_review_races import all_at_once
from tests.activities.test_survey_pages import link, sent
from tests.activities.test_surveys import SATISFIED, answered, made, opened
from tests.rules import outcome_of_second

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def by_threads(count: int, work: Callable[[int], Any], numbers: Iterable[int]) -> list[Any]:
    """Do work for each number in so many threads, each with a connection of its own."""

    def closing(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(closing, numbers))


def test_300_residents_answer_in_a_minute_and_all_of_them_are_stored(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)

    def one(number: int) -> int:
        resident = Client()
        uid = re.search(r'name="uid" value="([0-9a-f-]{36})"', resident.get(link(survey)).content.decode())
        assert uid is not None
        return int(sent(resident, survey, uid=uid[1], q1=str(1 + number % 4)).status_code)

    assert Counter(by_threads(12, one, range(300))) == {302: 300}
    assert survey.responses.filter(state="valid").count() == 300
    assert survey.responses.filter(satisfied=True).count() == 150


def test_a_form_sent_by_two_taps_is_stored_once_and_thanked_for_twice(branch: Branch, organiser: User) -> None:
    survey, resident = opened(branch, organiser), Client()
    resident.get(link(survey))
    cookies, uid = {name: morsel.value for name, morsel in resident.cookies.items()}, str(uuid4())

    def tap(_number: int) -> int:
        client = Client()
        client.cookies.load(cookies)
        return int(sent(client, survey, uid=uid).status_code)

    assert by_threads(6, tap, range(6)) == [302] * 6
    assert survey.responses.count() == 1


def test_two_forms_of_one_browser_at_once_leave_one_answer(branch: Branch, organiser: User) -> None:
    survey, browser = opened(branch, organiser), uuid4()
    question = survey.questions.get(position=1)
    forms = [Form(uuid4(), {question.pk: Given((1,))}) for _number in range(2)]

    refusals = all_at_once(*(lambda form=form: surveys.answer_survey(survey=survey, form=form, browser=browser) for form in forms))

    assert [getattr(refusal, "code", None) for refusal in refusals if refusal] == ["answered"]
    assert survey.responses.count() == 1


def test_whoever_answers_while_the_survey_closes_is_stored_or_told(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)

    def work(number: int) -> int:
        if number == 20:
            surveys.close_survey(actor=organiser, survey=survey)
            return 0
        return int(sent(Client(), survey).status_code)

    outcomes = Counter(by_threads(8, work, range(60)))

    assert set(outcomes) <= {0, 302, 409}
    assert outcomes[302] == survey.responses.count()
    assert sent(Client(), survey).status_code == 409


def test_closing_waits_for_an_answer_that_is_being_stored(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)

    def close() -> None:
        surveys.close_survey(actor=organiser, survey=Survey.objects.get(pk=survey.pk))

    assert outcome_of_second(lambda: answered(survey, SATISFIED), close) is None
    assert SurveyResponse.objects.count() == 1
    survey.refresh_from_db()
    assert survey.closed_at is not None


def test_a_survey_opened_by_two_at_once_is_opened_once(branch: Branch, organiser: User) -> None:
    survey = made(branch, organiser)

    assert all_at_once(*[lambda: surveys.open_survey(actor=organiser, survey=survey)] * 4) == [None] * 4
    assert Survey.objects.get().state == Survey.State.OPEN


def test_a_survey_sent_by_two_taps_is_made_once(branch: Branch, organiser: User) -> None:
    uid = uuid4()

    assert all_at_once(*[lambda: made(branch, organiser, uid=uid)] * 4) == [None] * 4
    assert Survey.objects.count() == 1


def test_an_answer_judged_by_two_at_once_has_one_reason_and_the_other_is_told(branch: Branch, organiser: User) -> None:
    response = answered(opened(branch, organiser), SATISFIED)
    response.refresh_from_db()

    refusals = all_at_once(
        *(lambda reason=reason: surveys.judge(actor=organiser, response=response, reason=reason, revision=response.revision) for reason in ("twice", "other"))
    )

    assert [getattr(refusal, "code", None) for refusal in refusals if refusal] == ["stale"]
    response.refresh_from_db()
    assert response.state == SurveyResponse.State.INVALID
