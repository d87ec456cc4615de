"""Invented suggestions of the branch of the demo's organiser: answered for all, answered, waiting at the street and the district, and at the branch."""

from typing import Any, Final
from uuid import UUID

from activities.models import Suggestion
from activities.services import suggestions as services
from branches.models import Branch, Level, Region
from portal.accounts.models import User
from portal.demo.invention import Invention
from portal.foundation import clock

# The first of them go to the street.
PASSED: Final = 4


def add_suggestions(invention: Invention, organisers: dict[int, User], sign_ins: dict[str, User]) -> None:
    """Record each of the invented words; answer the first for all, let the second go on to the district, give the last that was passed back."""
    branch = invention.posts[0].branch
    organiser = organisers[branch.pk]
    above = {region.level: region for region in Region.objects.above(branch.region, clock.today())}
    street, district = above[Level.TOWNSHIP], above[Level.COUNTY]
    for place, words in enumerate(invention.words["suggestions"]):
        suggestion = _recorded(invention, branch, organiser, words)
        if place < PASSED:
            services.pass_on(actor=organiser, suggestion=suggestion, seen=1, to=street)
        if place == 0:
            services.answer(actor=sign_ins["demo-street"], suggestion=suggestion, seen=2, answer=words["answer"], for_all=True)
        elif place == 1:
            services.pass_on(actor=sign_ins["demo-street"], suggestion=suggestion, seen=2, to=district, note="需区里协调")
            services.answer(actor=sign_ins["demo-reviewer"], suggestion=suggestion, seen=3, answer=words["answer"])
        elif place == PASSED - 1:
            services.give_back(actor=sign_ins["demo-street"], suggestion=suggestion, seen=2, note="请写明往返的是哪两个街道")


def _recorded(invention: Invention, branch: Branch, organiser: User, words: dict[str, Any]) -> Suggestion:
    facts = services.SuggestionFacts(topic=words["topic"], words=words["words"], voice=words["voice"])
    uid = UUID(int=invention.chance.getrandbits(128), version=4)
    suggestion, _created = services.record_suggestion(actor=organiser, branch=branch, facts=facts, uid=uid)
    return suggestion
