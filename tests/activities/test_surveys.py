"""Surveys: made and opened by the branch, answered by link and on paper, judged, and what they found."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError

from activities.models import Survey, SurveyQuestion, SurveyResponse
from activities.services import surveys
from activities.services.surveys import Asked, Form, Given
from activities.survey_results import hidden_groups, percent, results_of, tallies
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.personas import MARCH_5, MARCH_6, MARCH_7, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
SATISFIED, NEITHER = 2, 3


def made(branch: Branch, by: User, *, questions: Sequence[Asked] | None = None, **values: Any) -> Survey:
    """A survey in preparation until 7 March, with the ready-made questions."""
    asked = surveys.satisfaction_survey() if questions is None else questions
    given: dict[str, Any] = {"title": "满意度", "last_day": MARCH_7, "uid": uuid4()} | values
    return surveys.make_survey(actor=by, branch=branch, questions=asked, **given)


def opened(branch: Branch, by: User, **values: Any) -> Survey:
    """The same, open."""
    return surveys.open_survey(actor=by, survey=made(branch, by, **values))


def form(survey: Survey, *choices: int | str | None, uid: UUID | None = None) -> Form:
    """A form with a choice or words for each question in turn; None for none."""
    given = {}
    for question, choice in zip(survey.questions.all(), choices, strict=False):
        if choice is not None:
            given[question.pk] = Given(words=choice) if isinstance(choice, str) else Given((choice,))
    return Form(uid or uuid4(), given)


def answered(survey: Survey, *choices: int | str | None, browser: UUID | None = None, **rest: Any) -> SurveyResponse:
    """An answer by link."""
    return surveys.answer_survey(survey=survey, form=form(survey, *choices), browser=browser or uuid4(), **rest)


# --- Making and opening -------------------------------------------------------------------------------------------------


def test_the_ready_made_survey_asks_who_is_satisfied_who_answers_and_what_could_be_better(branch: Branch, organiser: User) -> None:
    questions = list(made(branch, organiser).questions.all())

    assert [question.kind for question in questions] == ["one", "several", "one", "words"]
    assert [question.satisfied_at for question in questions] == [2, None, None, None]
    assert [question.groups for question in questions] == [False, False, True, False]


def test_a_survey_sent_twice_is_made_once_and_other_content_is_refused(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    first = made(branch, organiser, uid=uid)

    assert made(branch, organiser, uid=uid) == first
    assert Survey.objects.count() == 1
    with pytest.raises(Conflict):
        made(branch, organiser, uid=uid, title="别的")


def test_nobody_else_makes_opens_or_judges_a_branchs_surveys(branch: Branch, organiser: User, official: User, reviewer: User, other_organiser: User) -> None:
    survey = opened(branch, organiser)
    response = answered(survey, SATISFIED)

    for stranger in (official, reviewer, other_organiser):
        with pytest.raises(Forbidden):
            made(branch, stranger)
        with pytest.raises(Forbidden):
            surveys.close_survey(actor=stranger, survey=survey)
        with pytest.raises(Forbidden):
            surveys.judge(actor=stranger, response=response, reason="other", revision=response.revision)


def test_a_question_moves_up_and_goes_until_the_survey_opens(branch: Branch, organiser: User) -> None:
    survey = made(branch, organiser, questions=[Asked("words", "一"), Asked("words", "二"), Asked("words", "三")])
    third = survey.questions.get(wording="三")

    surveys.raise_question(actor=organiser, question=third)
    assert [question.wording for question in survey.questions.all()] == ["一", "三", "二"]
    surveys.remove_question(actor=organiser, question=survey.questions.get(wording="一"))
    surveys.open_survey(actor=organiser, survey=survey)

    with pytest.raises(ValidationError, match="另做一份"):
        surveys.remove_question(actor=organiser, question=SurveyQuestion.objects.get(pk=third.pk))
    assert [question.wording for question in survey.questions.all()] == ["三", "二"]


def test_a_refused_question_says_beside_which_field(branch: Branch, organiser: User) -> None:
    survey = made(branch, organiser)

    with pytest.raises(ValidationError) as refusal:
        surveys.add_question(actor=organiser, survey=survey, asked=Asked("one", "问", ["只有一个"]))
    assert set(refusal.value.message_dict) == {"options"}
    with pytest.raises(ValidationError) as refusal:
        surveys.add_question(actor=organiser, survey=survey, asked=Asked("scale", "再问", satisfied_at=4))
    assert set(refusal.value.message_dict) == {"satisfied_at"}


def test_a_survey_without_questions_or_with_its_last_day_over_does_not_open(branch: Branch, organiser: User, clock: Clock) -> None:
    with pytest.raises(ValidationError):
        opened(branch, organiser, questions=[])
    survey = made(branch, organiser)
    clock.move_to(clock.now() + 2 * DAY)
    with pytest.raises(ValidationError) as refusal:
        surveys.open_survey(actor=organiser, survey=survey)
    assert set(refusal.value.message_dict) == {"last_day"}


def test_a_survey_closes_by_its_last_day_and_a_later_one_opens_it_again(branch: Branch, organiser: User, clock: Clock) -> None:
    survey = opened(branch, organiser)
    clock.move_to(clock.now() + 2 * DAY)

    assert survey.state == Survey.State.CLOSED
    with pytest.raises(Conflict) as refusal:
        answered(survey, SATISFIED)
    assert refusal.value.code == "closed"
    survey = surveys.change_survey(actor=organiser, survey=survey, facts={"last_day": MARCH_7 + 5 * DAY})
    assert survey.state == Survey.State.OPEN
    assert answered(survey, SATISFIED).is_valid


# --- Answers ------------------------------------------------------------------------------------------------------------


def test_an_answer_counts_and_says_whether_somebody_is_satisfied(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)

    assert answered(survey, SATISFIED).satisfied is True
    assert answered(survey, NEITHER).satisfied is False
    assert tallies([survey])[survey.pk] == (2, 2, 1)


def test_the_same_form_sent_again_is_stored_once(branch: Branch, organiser: User) -> None:
    survey, uid, browser = opened(branch, organiser), uuid4(), uuid4()

    sent = [surveys.answer_survey(survey=survey, form=form(survey, SATISFIED, uid=uid), browser=browser) for _time in range(2)]

    assert sent[0] == sent[1]
    assert survey.responses.count() == 1


def test_a_browser_answers_once_unless_the_survey_allows_more(branch: Branch, organiser: User) -> None:
    once, often, browser = opened(branch, organiser), opened(branch, organiser, several_a_browser=True), uuid4()
    answered(once, SATISFIED, browser=browser)

    with pytest.raises(Conflict) as refusal:
        answered(once, NEITHER, browser=browser)
    assert refusal.value.code == "answered"
    assert [answered(often, choice, browser=browser).browser for choice in (SATISFIED, NEITHER)] == [None, None]


def test_what_a_machine_fills_in_is_stored_and_counts_only_when_the_branch_says_so(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    response = answered(survey, SATISFIED, by_machine=True)
    assert (response.state, response.reason) == ("invalid", "machine")

    judged = surveys.judge(actor=organiser, response=response, reason="", revision=response_revision(response))

    assert judged.is_valid
    assert AuditEntry.objects.get(action="survey_answer.judged").details == {"state": "valid", "reason": ""}


def test_more_than_a_survey_takes_in_a_minute_is_not_stored(branch: Branch, organiser: User, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "MOST_A_MINUTE", 2)
    survey = opened(branch, organiser)
    for _number in range(2):
        answered(survey, SATISFIED)

    with pytest.raises(Conflict) as refusal:
        answered(survey, SATISFIED)
    assert refusal.value.code == "too_many"
    clock.move_to(clock.now() + timedelta(minutes=1))
    assert answered(survey, SATISFIED).is_valid


def test_a_sheet_of_paper_counts_for_its_day_and_an_incomplete_one_does_not(branch: Branch, organiser: User, clock: Clock) -> None:
    survey = opened(branch, organiser)
    clock.move_to(clock.now() + 3 * DAY)

    complete = surveys.type_in(actor=organiser, survey=survey, form=form(survey, SATISFIED), answered_on=MARCH_7)
    incomplete = surveys.type_in(actor=organiser, survey=survey, form=form(survey, None, None, None, "多消杀"), answered_on=MARCH_6)

    assert (complete.business_date, complete.state, complete.satisfied) == (MARCH_7, "valid", True)
    assert (incomplete.state, incomplete.reason, incomplete.satisfied) == ("invalid", "incomplete", None)


@pytest.mark.parametrize("day", [MARCH_5, MARCH_7])
def test_a_sheet_of_a_day_outside_the_survey_or_not_here_yet_is_refused(day: date, branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)

    with pytest.raises(ValidationError) as refusal:
        surveys.type_in(actor=organiser, survey=survey, form=form(survey, SATISFIED), answered_on=day)
    assert set(refusal.value.message_dict) == {"answered_on"}


def test_a_judgement_of_a_page_that_somebody_else_was_quicker_than_is_refused(branch: Branch, organiser: User) -> None:
    response = answered(opened(branch, organiser), SATISFIED)
    opened_on = response_revision(response)
    surveys.judge(actor=organiser, response=response, reason="twice", revision=opened_on)

    with pytest.raises(Conflict) as refusal:
        surveys.judge(actor=organiser, response=response, reason="other", revision=opened_on)
    assert refusal.value.code == "stale"
    assert surveys.judge(actor=organiser, response=response, reason="twice", revision=opened_on).reason == "twice"


def response_revision(response: SurveyResponse) -> int:
    """What the database has given it."""
    response.refresh_from_db()
    return response.revision


# --- What it found ------------------------------------------------------------------------------------------------------


def test_231_of_236_are_98_per_cent() -> None:
    assert percent(231, 236) == 98
    assert [percent(1, 8), percent(3, 8), percent(1, 200)] == [13, 38, 1]


def test_of_fewer_than_five_answers_only_the_two_figures_are_told(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    for _number in range(4):
        answered(survey, SATISFIED)

    assert (results_of(survey).tally.percent, results_of(survey).questions) == (100, [])
    answered(survey, NEITHER)
    shown = results_of(survey)
    assert [(line.count, line.percent) for line in shown.questions[0].lines] == [(0, 0), (4, 80), (1, 20), (0, 0)]


def test_groups_below_five_are_hidden_with_the_one_that_would_give_them_away(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    for group, size in ((1, 9), (2, 6), (3, 2)):
        for _number in range(size):
            answered(survey, SATISFIED, None, group)

    assert [(line.valid, line.percent) for line in results_of(survey).groups] == [(9, 100), (None, None), (None, None)]
    answered(survey, NEITHER)
    silent = results_of(survey).groups[-1]
    assert (silent.label, silent.valid) == ("未说明", None)


@pytest.mark.parametrize(("sizes", "hidden"), [([9, 6, 2], {1, 2}), ([9, 3, 2], {1, 2}), ([9, 6], set()), ([3], {0}), ([0, 7, 4, 5], {2, 3}), ([], set())])
def test_which_groups_are_hidden(sizes: list[int], hidden: set[int]) -> None:
    assert hidden_groups(sizes) == hidden


def test_an_answer_that_does_not_count_is_in_no_result(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    given = [answered(survey, SATISFIED) for _number in range(6)]
    surveys.judge(actor=organiser, response=given[0], reason="not_from_here", revision=response_revision(given[0]))

    shown = results_of(survey)
    assert shown.tally == (6, 5, 5)
    assert shown.questions[0].answered == 5
