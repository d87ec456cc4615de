"""Several people and one suggestion: each thread has a connection of its own."""

from uuid import uuid4

import pytest

from activities.models import Suggestion, SuggestionEvent
from activities.services.suggestions import SuggestionFacts, answer, give_back, pass_on, record_suggestion
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.accounts.threads import at_once
from tests.activities.suggestions import suggested
from tests.factories import make_user
from tests.personas import City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


@pytest.fixture
def colleague(city: City) -> User:
    return make_user("colleague", (Role.REVIEWER, city.street))


def test_a_double_tap_records_one_suggestion(branch: Branch, organiser: User) -> None:
    uid, facts = uuid4(), SuggestionFacts("duty", "夜班卡口没有取暖设备")
    call = lambda: record_suggestion(actor=organiser, branch=branch, facts=facts, uid=uid)  # noqa: E731 - the same call, four times

    assert at_once(call, call, call, call) == ["done"] * 4
    assert Suggestion.objects.count() == SuggestionEvent.objects.count() == 1


def test_of_two_who_answer_one_does_and_the_other_is_told(branch: Branch, organiser: User, reviewer: User, colleague: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)

    ended = at_once(
        lambda: answer(actor=reviewer, suggestion=held, seen=2, answer="明日送到"), lambda: answer(actor=colleague, suggestion=held, seen=2, answer="后天送到")
    )

    assert sorted(ended) == ["Conflict", "done"]
    assert held.events.filter(kind="answered").count() == 1


def test_a_double_tap_on_answer_answers_once_and_refuses_neither(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)
    call = lambda: answer(actor=reviewer, suggestion=held, seen=2, answer="明日送到")  # noqa: E731 - the same call, twice

    assert at_once(call, call) == ["done", "done"]
    assert held.events.count() == 3


def test_a_double_tap_on_passing_on_passes_once_and_refuses_neither(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)
    call = lambda: pass_on(actor=reviewer, suggestion=held, seen=2, to=city.north)  # noqa: E731 - the same call, twice

    assert at_once(call, call) == ["done", "done"]
    assert held.events.count() == 3


def test_a_suggestion_taken_back_while_it_is_answered_is_one_of_the_two(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)

    ended = at_once(
        lambda: answer(actor=reviewer, suggestion=held, seen=2, answer="明日送到"), lambda: give_back(actor=organiser, suggestion=held, seen=2, note="已解决")
    )

    assert sorted(ended) == ["Conflict", "done"]
    held.refresh_from_db()
    assert held.state in ("answered", "open")
    assert held.revision == 3
