"""Surveys feed the figures of a day: 231 of 236 satisfied come out of the answers, and open exactly these."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from activities.models import Measure, SurveyAnswer, SurveyResponse
from activities.registers import Derived, figures_of
from activities.registers.surveys import METRICS
from activities.services import surveys
from activities.services.surveys import Asked
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.survey_rows import signed_in
from tests.activities.test_surveys import DAY, NEITHER, SATISFIED, answered, made, opened, response_revision
from tests.factories import current, file
from tests.personas import MARCH_5, MARCH_6, MARCH_7, Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def figures(branch: Branch, day: date = MARCH_6) -> dict[str, Derived]:
    return figures_of(branch, day, METRICS)


def said(branch: Branch, **day: Any) -> dict[str, int]:
    """What the register says of 6 March, or of another day."""
    return {code: int(derived.value) for code, derived in figures(branch, **day).items()}


def test_the_published_survey_comes_out_of_its_answers(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    question = survey.questions.get(position=1)
    given = {"survey": survey, "branch": branch, "business_date": MARCH_6, "given_at": survey.opened_at, "channel": "link"}
    rows = SurveyResponse.objects.bulk_create(SurveyResponse(uid=uuid4(), browser=uuid4(), satisfied=number < 231, **given) for number in range(236))
    SurveyAnswer.objects.bulk_create(SurveyAnswer(response=row, question=question, choices=[1 if row.satisfied else 4]) for row in rows)

    assert said(branch) == {"survey_valid": 236, "survey_satisfied": 231}
    page = signed_in(organiser).get(reverse("surveys:survey_detail", args=[survey.public_id])).content.decode()
    assert "98%" in page
    assert "有效 236 份" in page
    file(branch, MARCH_6, by=organiser, survey_valid=236, survey_satisfied=231)
    filed = Measure.objects.filter(entry__version=current(branch, MARCH_6))
    assert {measure.source for measure in filed} == {Measure.Source.DERIVED}


def test_each_figure_opens_exactly_the_answers_that_it_counts(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    answered(opened(branch, organiser, questions=[Asked("one", "买菜？", ["是", "否"])]), 1)
    for choice in (SATISFIED, SATISFIED, NEITHER):
        answered(survey, choice)
    wrong = answered(survey, SATISFIED)
    surveys.judge(actor=organiser, response=wrong, reason="twice", revision=response_revision(wrong))

    for derived in figures(branch).values():
        assert len(signed_in(organiser).get(derived.href).context["page"].items) == derived.value
    assert said(branch) == {"survey_valid": 3, "survey_satisfied": 2}


def test_a_day_without_answers_says_zero_while_a_survey_runs_and_nothing_otherwise(branch: Branch, other_branch: Branch, organiser: User, clock: Clock) -> None:
    assert said(branch) == {}
    survey = opened(branch, organiser)

    assert said(branch) == {"survey_valid": 0, "survey_satisfied": 0}
    assert said(branch, day=MARCH_5) == said(branch, day=MARCH_7 + DAY) == said(other_branch) == {}
    surveys.close_survey(actor=organiser, survey=survey)
    assert said(branch) == {"survey_valid": 0, "survey_satisfied": 0}
    assert said(branch, day=MARCH_7) == {}


def test_a_survey_about_something_else_or_in_preparation_says_nothing(branch: Branch, organiser: User) -> None:
    made(branch, organiser)
    answered(opened(branch, organiser, questions=[Asked("one", "买菜？", ["是", "否"])]), 1)

    assert said(branch) == {}


def test_whatever_changes_a_figure_raises_its_revision(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)
    revisions = [figures(branch)["survey_valid"].revision]
    response = answered(survey, SATISFIED)
    revisions.append(figures(branch)["survey_valid"].revision)
    for reason in ("twice", ""):
        surveys.judge(actor=organiser, response=response, reason=reason, revision=response_revision(response))
        revisions.append(figures(branch)["survey_valid"].revision)

    assert revisions[0] == 0
    assert revisions == sorted(set(revisions))
