"""A shift changes hands only when the other agrees, and only as the rules of the roster allow."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from branches.models import Branch
from members.models import Assignment, Person, Shift, Swap
from members.services import roster
from members.services.roster import PostFacts
from members.services.swap import answer_swap, ask_swap
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from tests.accounts.threads import at_once
from tests.factories import make_person, make_user
from tests.members.broken_roster import at
from tests.personas import MARCH_7, City, Clock
from tests.rules import crossed

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)


@pytest.fixture
def colleague(city: City, branch: Branch) -> User:
    return make_user("colleague", person=make_person("同事", city.company, branch))


@pytest.fixture
def shifts(organiser: User, member: User, colleague: User, branch: Branch) -> tuple[Shift, Shift]:
    """Tomorrow's shift, which the member is on, and that of the day after, which the colleague is on."""
    facts = PostFacts("checkpoint", 1, ((time(8), time(16)), (time(16), time(0))))
    [post] = roster.add_posts(actor=organiser, branch=branch, names=["东门"], facts=facts, first_day=MARCH_7)
    morning = post.times.get(starts_at=time(8))
    mine, theirs = (Shift.objects.create(post=post, during=morning.on(day), business_date=day) for day in (MARCH_7, MARCH_7 + DAY))
    for shift, user in ((mine, member), (theirs, colleague)):
        roster.put_on(actor=organiser, shift=shift, person=person_of(user))
    return mine, theirs


def person_of(user: User) -> Person:
    assert user.person is not None
    return user.person


def on(shift: Shift) -> Person:
    return Assignment.objects.get(shift=shift).person


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_ends_a_circle_of_waits_is_asked_for_once_more_in_words(member: User, colleague: User, shifts: tuple[Shift, Shift]) -> None:
    swap = ask_swap(actor=member, shift=shifts[0], other=person_of(colleague), in_return=None)
    client = Client(headers={"accept-language": "en"})
    client.force_login(colleague)
    address = reverse("roster:swap_answer", args=[swap.public_id])
    answer = crossed(lambda: client.post(address, {"answer": "agreed"}, follow=True), held=swap, wanted=shifts[0])
    assert answer.status_code == 200
    assert "Nothing of yours is stored: send it once more." in answer.content.decode()
    swap.refresh_from_db()
    assert swap.state == "asked"


def test_nothing_changes_before_the_other_agrees_and_then_both_are_exchanged(member: User, colleague: User, shifts: tuple[Shift, Shift]) -> None:
    mine, theirs = shifts

    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague), in_return=theirs)
    assert (on(mine), on(theirs)) == (member.person, colleague.person)

    for _tap in range(2):
        assert answer_swap(actor=colleague, swap=swap, answer="agreed").state == "agreed"
    assert (on(mine), on(theirs)) == (colleague.person, member.person)
    assert Assignment.objects.count() == 2


@pytest.mark.parametrize(("answer", "by_member"), [("declined", False), ("withdrawn", True)])
def test_a_swap_declined_or_withdrawn_changes_nothing(member: User, colleague: User, shifts: tuple[Shift, Shift], answer: str, by_member: bool) -> None:
    mine, _theirs = shifts
    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague))

    answer_swap(actor=member if by_member else colleague, swap=swap, answer=answer)

    assert on(mine) == member.person
    with pytest.raises(Conflict):
        answer_swap(actor=colleague, swap=swap, answer="agreed")


def test_nobody_answers_for_somebody_else(member: User, colleague: User, organiser: User, shifts: tuple[Shift, Shift]) -> None:
    mine, theirs = shifts
    with pytest.raises(Forbidden):
        ask_swap(actor=member, shift=theirs, other=person_of(colleague))
    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague))
    for actor, answer in ((member, "agreed"), (organiser, "agreed"), (colleague, "withdrawn")):
        with pytest.raises(Forbidden):
            answer_swap(actor=actor, swap=swap, answer=answer)
    with pytest.raises(ValidationError):
        ask_swap(actor=member, shift=mine, other=person_of(colleague))
    with pytest.raises(ValidationError):
        ask_swap(actor=colleague, shift=theirs, other=person_of(colleague))


def test_a_swap_that_leaves_too_little_rest_is_refused(member: User, colleague: User, organiser: User, shifts: tuple[Shift, Shift]) -> None:
    mine, _theirs = shifts
    evening = Shift.objects.create(post=mine.post, during=mine.post.times.get(starts_at=time(16)).on(MARCH_7), business_date=MARCH_7)
    roster.put_on(actor=organiser, shift=evening, person=person_of(colleague), despite=True)
    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague))

    with pytest.raises(ValidationError):
        answer_swap(actor=colleague, swap=swap, answer="agreed")
    assert on(mine) == member.person
    assert Swap.objects.get().state == "asked"


def test_a_swap_of_a_shift_that_has_begun_cannot_be_done(member: User, colleague: User, shifts: tuple[Shift, Shift], clock: Clock) -> None:
    mine, _theirs = shifts
    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague))
    clock.move_to(at(33))
    with pytest.raises(Conflict):
        answer_swap(actor=colleague, swap=swap, answer="agreed")
    with pytest.raises(Conflict):
        ask_swap(actor=member, shift=mine, other=person_of(colleague))


@pytest.mark.django_db(transaction=True)
def test_a_swap_accepted_twice_is_done_once(member: User, colleague: User, shifts: tuple[Shift, Shift]) -> None:
    mine, theirs = shifts
    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague), in_return=theirs)

    outcomes = at_once(*[lambda: answer_swap(actor=colleague, swap=swap, answer="agreed")] * 2)

    assert outcomes == ["done", "done"]
    assert (on(mine), on(theirs)) == (colleague.person, member.person)


@pytest.mark.django_db(transaction=True)
def test_of_an_agreement_and_a_withdrawal_at_once_one_holds(member: User, colleague: User, shifts: tuple[Shift, Shift]) -> None:
    mine, _theirs = shifts
    swap = ask_swap(actor=member, shift=mine, other=person_of(colleague))

    outcomes = at_once(
        lambda: answer_swap(actor=colleague, swap=swap, answer="agreed"),
        lambda: answer_swap(actor=member, swap=swap, answer="withdrawn"),
    )

    assert sorted(outcomes) == ["Conflict", "done"]
    assert on(mine) == (colleague.person if Swap.objects.get().state == "agreed" else member.person)


def test_it_is_asked_and_answered_on_the_page_of_ones_own_shifts(member: User, colleague: User, shifts: tuple[Shift, Shift]) -> None:
    mine, theirs = shifts
    chosen = f"{person_of(colleague).public_id} {theirs.public_id}"
    asked = _client(member).post(reverse("roster:swap_ask", args=[mine.public_id]), {"colleague": chosen}, follow=True)
    assert "is asked. Until they agree you stay on the shift." in asked.content.decode()

    shown = _client(colleague).get(reverse("roster:own_shifts")).content.decode()
    assert "示例党员 asks you to take" in shown
    _client(colleague).post(reverse("roster:swap_answer", args=[Swap.objects.get().public_id]), {"answer": "agreed"})
    assert on(mine) == colleague.person


def _client(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client
