"""Surveys over the API: who reads which, by the filters of the page, and that nobody's choices or words are among it."""

from collections.abc import Callable

import pytest

from activities.services import surveys
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.test_surveys import NEITHER, SATISFIED, answered, made, opened, response_revision
from tests.api.conftest import Caller

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def test_a_survey_says_how_many_count_and_are_satisfied(call: Call, branch: Branch, organiser: User, client_machine: User) -> None:
    survey = opened(branch, organiser)
    given = [answered(survey, choice) for choice in (SATISFIED, SATISFIED, NEITHER, SATISFIED)]
    surveys.judge(actor=organiser, response=given[0], reason="twice", revision=response_revision(given[0]))

    (row,) = call(client_machine).rows("surveys/")

    assert {name: row[name] for name in ("state", "answers", "valid", "satisfied", "satisfied_percent")} == {
        "state": "open",
        "answers": 4,
        "valid": 3,
        "satisfied": 2,
        "satisfied_percent": 67,
    }
    assert [row["reason"] for row in call(client_machine).rows("survey-answers/", {"state": "invalid"})] == ["twice"]
    assert AuditEntry.objects.filter(action="api.pulled").count() == 2


def test_each_reads_the_surveys_of_their_scope(
    call: Call, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, client_machine: User
) -> None:
    own, other = opened(branch, organiser), made(other_branch, other_organiser)

    assert [row["public_id"] for row in call(organiser).rows("surveys/")] == [str(own.public_id)]
    assert len(call(client_machine).rows("surveys/")) == 2
    assert call(organiser).get(f"surveys/{other.public_id}/").status_code == 404


def test_nobodys_words_or_choices_are_told(call: Call, branch: Branch, organiser: User, client_machine: User) -> None:
    survey = opened(branch, organiser)
    answer = answered(survey, SATISFIED, 1, 2, "夜里灯暗")

    for user in (organiser, client_machine):
        for path in ("surveys/", f"surveys/{survey.public_id}/", "survey-answers/", f"survey-answers/{answer.public_id}/"):
            text = call(user).get(path).content.decode()
            assert not [word for word in ("夜里灯暗", "租户", "choices", survey.code, str(answer.browser)) if word in text]


def test_surveys_and_answers_are_filtered_as_on_the_page(call: Call, branch: Branch, organiser: User) -> None:
    caller, survey = call(organiser), opened(branch, organiser)
    made(branch, organiser)
    for choice in (SATISFIED, NEITHER):
        answered(survey, choice)
    day = {"from": "2020-03-06", "to": "2020-03-06", "branch": str(branch.public_id)}

    assert len(caller.rows("surveys/", {"state": "draft"})) == 1
    assert len(caller.rows("surveys/", {"state": "open", **day})) == 1
    assert caller.rows("surveys/", {"from": "2020-03-09"}) == []
    assert len(caller.rows("survey-answers/", {"satisfied": "yes", "state": "valid", **day})) == 1
    assert len(caller.rows("survey-answers/", {"satisfied": "said", "survey": str(survey.public_id), **day})) == 2
    assert caller.get("survey-answers/", {"since": "2020-03-06"}).status_code == 422
