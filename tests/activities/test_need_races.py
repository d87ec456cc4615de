"""Several people and one need: each thread has a connection of its own."""

from uuid import uuid4

import pytest

from activities.models import Need, NeedEvent
from activities.services.needs import NeedFacts, hand_on, record_need, resolve, resolve_many
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.accounts.threads import at_once
from tests.activities.needs import recorded
from tests.factories import make_user
from tests.personas import City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


@pytest.fixture
def colleague(branch: Branch) -> User:
    return make_user("colleague", (Role.ORGANISER, branch))


def test_a_double_tap_records_one_need(branch: Branch, organiser: User) -> None:
    uid, facts = uuid4(), NeedFacts("wechat", "food", words="白菜两棵")
    call = lambda: record_need(actor=organiser, branch=branch, facts=facts, uid=uid)  # noqa: E731 - the same call, four times

    assert at_once(call, call, call, call) == ["done"] * 4
    assert Need.objects.count() == NeedEvent.objects.count() == 1


def test_of_two_who_resolve_a_need_one_does_and_the_other_is_told(branch: Branch, organiser: User, colleague: User) -> None:
    need = recorded(branch, organiser)

    ended = at_once(lambda: resolve(actor=organiser, need=need, seen=1, result="我送的"), lambda: resolve(actor=colleague, need=need, seen=1, result="也送了"))

    assert sorted(ended) == ["Conflict", "done"]
    assert need.events.filter(kind="resolved").count() == 1


def test_a_double_tap_on_resolve_resolves_once_and_refuses_neither(branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)
    call = lambda: resolve(actor=organiser, need=need, seen=1, result="已送达")  # noqa: E731 - the same call, twice

    assert at_once(call, call) == ["done", "done"]
    assert need.events.filter(kind="resolved").count() == 1


def test_a_need_handed_on_while_it_is_resolved_is_one_of_the_two(branch: Branch, organiser: User, colleague: User, city: City) -> None:
    need = recorded(branch, organiser)

    ended = at_once(lambda: resolve(actor=organiser, need=need, seen=1, result="已送达"), lambda: hand_on(actor=colleague, need=need, seen=1, to=city.street))

    assert sorted(ended) == ["Conflict", "done"]
    need.refresh_from_db()
    assert need.state in ("resolved", "handed_on")
    assert need.events.count() == need.revision == 2


def test_two_lists_that_share_needs_resolve_each_need_once(branch: Branch, organiser: User, colleague: User) -> None:
    needs = [recorded(branch, organiser, household=f"{number}栋") for number in range(6)]

    ended = at_once(
        lambda: resolve_many(actor=organiser, chosen=[(need, 1) for need in needs[:4]], result="一组送达"),
        lambda: resolve_many(actor=colleague, chosen=[(need, 1) for need in reversed(needs[2:])], result="二组送达"),
    )

    assert ended == ["done", "done"]
    assert NeedEvent.objects.filter(kind="resolved").count() == 6
