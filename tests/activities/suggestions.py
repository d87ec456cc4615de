"""Suggestions as tests record them."""

from typing import Any
from uuid import uuid4

from activities.models import Suggestion
from activities.services.suggestions import SuggestionFacts, Target, pass_on, record_suggestion
from branches.models import Branch
from portal.accounts.models import User

WORDS = "夜班卡口没有取暖设备"


def suggested(branch: Branch, by: User, *, words: str = WORDS, to: Target | None = None, **facts: Any) -> Suggestion:
    """A suggestion of a branch, recorded by somebody who may, and passed to where `to` says."""
    suggestion, created = record_suggestion(actor=by, branch=branch, facts=SuggestionFacts(**{"topic": "duty", "words": words} | facts), uid=uuid4())
    assert created
    return pass_on(actor=by, suggestion=suggestion, seen=1, to=to) if to is not None else suggestion
