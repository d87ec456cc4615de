"""What one shift leaves to the next: written by who goes, signed by who comes, shown where it is missing."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from branches.models import Branch
from members.models import HandOver, Person, Shift
from members.services import roster
from members.services.hand_over import Left, hand_over, take_over
from members.services.roster import PostFacts
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.threads import at_once
from tests.factories import make_person, make_user
from tests.members.broken_roster import at
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
LEFT = Left(open_needs="3栋一户待送药", stock="口罩40只", notes="西侧通口已封")


@pytest.fixture
def evening_and_night(organiser: User, member: User, city: City, branch: Branch) -> tuple[Shift, Shift, User]:
    """A post with a shift from 16:00 that the member is on and one from 24:00, and whoever is on that."""
    facts = PostFacts("checkpoint", 1, ((time(16), time(0)), (time(0), time(8))))
    [post] = roster.add_posts(actor=organiser, branch=branch, names=["东门"], facts=facts, first_day=MARCH_6)
    times = {each.starts_at: each for each in post.times.all()}
    evening = Shift.objects.create(post=post, during=times[time(16)].on(MARCH_6), business_date=MARCH_6)
    night = Shift.objects.create(post=post, during=times[time(0)].on(MARCH_6 + timedelta(days=1)), business_date=MARCH_6 + timedelta(days=1))
    relief: Person = make_person("接班人", city.company, branch)
    assert member.person is not None
    roster.put_on(actor=organiser, shift=evening, person=member.person)
    roster.put_on(actor=organiser, shift=night, person=relief)
    return evening, night, make_user("relief", person=relief)


def seen(row: HandOver) -> str:
    return row.as_read


def test_who_goes_writes_and_who_comes_signs(member: User, evening_and_night: tuple[Shift, Shift, User]) -> None:
    evening, _night, relief = evening_and_night

    row = hand_over(actor=member, shift=evening, left=LEFT)
    taken = take_over(actor=relief, row=row, seen=seen(row))

    assert (taken.outgoing_by, taken.incoming_by, taken.open_needs) == (member, relief, LEFT.open_needs)
    assert take_over(actor=relief, row=row, seen=seen(row)).incoming_at == taken.incoming_at
    assert AuditEntry.objects.filter(action__startswith="hand_over.").count() == 2


def test_until_it_is_signed_it_may_be_written_again_and_is_then_read_again(member: User, evening_and_night: tuple[Shift, Shift, User], clock: Clock) -> None:
    evening, _night, relief = evening_and_night
    first = hand_over(actor=member, shift=evening, left=LEFT)
    read = seen(first)
    clock.move_to(clock.moment + timedelta(minutes=5))
    second = hand_over(actor=member, shift=evening, left=Left(notes="另有一事"))

    with pytest.raises(Conflict):
        take_over(actor=relief, row=second, seen=read)
    take_over(actor=relief, row=second, seen=seen(second))
    with pytest.raises(Conflict):
        hand_over(actor=member, shift=evening, left=LEFT)
    assert HandOver.objects.get().notes == "另有一事"


def test_nobody_signs_twice_or_for_a_shift_of_others(
    member: User, organiser: User, reviewer: User, other_organiser: User, evening_and_night: tuple[Shift, Shift, User]
) -> None:
    evening, night, relief = evening_and_night
    for actor in (reviewer, other_organiser, relief):
        with pytest.raises(Forbidden):
            hand_over(actor=actor, shift=evening, left=LEFT)
    with pytest.raises(ValidationError):
        hand_over(actor=relief, shift=night, left=LEFT)
    row = hand_over(actor=organiser, shift=evening, left=LEFT)
    with pytest.raises(ValidationError):
        take_over(actor=organiser, row=row, seen=seen(row))
    with pytest.raises(Forbidden):
        take_over(actor=member, row=row, seen=seen(row))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_over_at_once_one_has_signed(member: User, shift_leader: User, evening_and_night: tuple[Shift, Shift, User]) -> None:
    evening, _night, relief = evening_and_night
    row = hand_over(actor=member, shift=evening, left=LEFT)

    outcomes = at_once(*(lambda by=by: take_over(actor=by, row=row, seen=seen(row)) for by in (relief, shift_leader)))

    assert sorted(outcomes) == ["Conflict", "done"]


def test_a_shift_that_ended_without_one_is_shown(official: User, member: User, evening_and_night: tuple[Shift, Shift, User], clock: Clock) -> None:
    evening, _night, _relief = evening_and_night
    clock.move_to(at(25))
    assert "Ended without a hand-over" in _page(official, reverse("roster:shift_list"))
    hand_over(actor=member, shift=evening, left=LEFT)
    assert "Ended without a hand-over" not in _page(official, reverse("roster:shift_list"))


def test_both_do_it_on_one_page_and_that_it_was_read_is_in_the_log(member: User, evening_and_night: tuple[Shift, Shift, User]) -> None:
    evening, _night, relief = evening_and_night
    address = reverse("roster:hand_over", args=[evening.public_id])
    assert _client(member).post(address, {"open_needs": "3栋一户待送药"}).status_code == 302

    shown = _page(relief, address)

    assert "3栋一户待送药" in shown
    assert AuditEntry.objects.filter(action="hand_over.seen", actor=relief).exists()
    row = HandOver.objects.get()
    assert _client(relief).post(reverse("roster:hand_over_take", args=[evening.public_id]), {"seen": seen(row)}).status_code == 302
    assert HandOver.objects.get().incoming_by == relief


def _client(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def _page(user: User, address: str) -> str:
    response = _client(user).get(address)
    assert response.status_code == 200
    return response.content.decode()
