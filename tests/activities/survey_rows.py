"""Surveys, their questions and answers that agree with each other, most of them not stored."""

from typing import Any
from uuid import uuid4

from django.test import Client

from activities.models import Survey, SurveyAnswer, SurveyQuestion, SurveyResponse
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.rows import NINE, a_branch, serial, stored
from tests.factories import make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7

YES_NO = ["是", "否"]


def signed_in(user: User) -> Client:
    """A browser of somebody who reads Chinese."""
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def survey(branch: Branch | None = None, **values: Any) -> Survey:
    """A survey from 5 to 7 March, not stored."""
    given = {"branch": branch or a_branch(), "title": "满意度", "made_on": MARCH_5, "last_day": MARCH_7, "code": f"TEST{next(serial)}", "made_by": make_user()}
    return Survey(**given | values)


def question(of: Survey | None = None, **values: Any) -> SurveyQuestion:
    """A choice between yes and no that need not be answered, not stored."""
    given = {"survey": of or stored(survey()), "position": 1, "kind": "one", "wording": "问", "options": YES_NO, "required": False}
    return SurveyQuestion(**given | values)


def opened(branch: Branch | None = None, **values: Any) -> Survey:
    """An open survey with one question, stored; `values` are the question's."""
    made = stored(survey(branch))
    stored(question(made, **values))
    made.opened_at = NINE
    made.save()
    return made


def response(of: Survey | None = None, **values: Any) -> SurveyResponse:
    """An answer by link on 6 March, not stored."""
    of = of or opened()
    given = {"survey": of, "branch": of.branch, "business_date": MARCH_6, "given_at": NINE, "channel": "link", "uid": uuid4(), "browser": uuid4()}
    return SurveyResponse(**given | values)


def answer(of: SurveyResponse | None = None, **values: Any) -> SurveyAnswer:
    """The first option of the first question, not stored."""
    of = of or stored(response())
    return SurveyAnswer(**{"response": of, "question": of.survey.questions.get(), "choices": [1]} | values)
