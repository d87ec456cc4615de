"""Suggestions over the API: who reads which, and that neither words nor answers are among it."""

from collections.abc import Callable

import pytest

from activities.services.suggestions import answer
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.suggestions import WORDS, suggested
from tests.api.conftest import Caller
from tests.factories import make_branch, make_user
from tests.personas import City

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def test_each_reads_the_suggestions_of_their_scope_and_neither_words_nor_answers(
    call: Call, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, reviewer: User, client_machine: User, city: City
) -> None:
    own, other = suggested(branch, organiser, to=city.street), suggested(other_branch, other_organiser)
    answer(actor=reviewer, suggestion=own, seen=2, answer="明日送到电暖器", for_all=True)
    neighbour = make_user("neighbour", (Role.ORGANISER, make_branch(city.community)))

    assert {row["public_id"] for row in call(client_machine).rows("suggestions/")} == {str(own.public_id), str(other.public_id)}
    assert call(neighbour).rows("suggestions/") == []
    [row] = call(organiser).rows("suggestions/")
    assert (row["state"], row["for_all"], row["with_region"]["name"]) == ("answered", True, city.street.name)
    for user in (organiser, reviewer, client_machine):
        text = call(user).get(f"suggestions/{own.public_id}/").content.decode()
        assert WORDS not in text
        assert "电暖器" not in text


def test_suggestions_are_filtered_as_on_the_page(call: Call, branch: Branch, organiser: User, city: City) -> None:
    passed, work = suggested(branch, organiser, to=city.street), suggested(branch, organiser, topic="work", words="复工证明")
    caller = call(organiser)

    for query, expected in (
        ({"state": "passed"}, {passed}),
        ({"topic": "work"}, {work}),
        ({"from": "2020-03-07"}, set()),
        ({"to": "2020-03-06"}, {passed, work}),
    ):
        assert {row["public_id"] for row in caller.rows("suggestions/", query)} == {str(each.public_id) for each in expected}, query


def test_a_change_of_a_suggestion_is_in_the_feed(call: Call, branch: Branch, organiser: User) -> None:
    suggested(branch, organiser)

    assert {row["resource"] for row in call(organiser).rows("changes/", {"resource": "suggestions"})} <= {"suggestions"}
