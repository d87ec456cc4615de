"""Who came to a shift: by the code at the post or by the leader, and what becomes of it as hours and figures."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from activities import registers
from branches.access import Role
from branches.models import Branch
from members.hours import hours_by, hours_of
from members.models import Assignment, CheckIn, Person, Shift
from members.services import check_in as services
from members.services import roster
from members.services.roster import PostFacts
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.threads import at_once
from tests.factories import make_person, make_user
from tests.members.broken_roster import at
from tests.personas import MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
NIGHT, EVENING = (time(20), time(4)), (time(16), time(0))


@pytest.fixture
def post_at(organiser: User, branch: Branch) -> Callable[..., Shift]:
    """Plan a shift of today with some people on it."""

    def plan(hours: tuple[time, time], *people: Person) -> Shift:
        facts = PostFacts("checkpoint", max(len(people), 1), (hours,))
        [post] = roster.add_posts(actor=organiser, branch=branch, names=[f"{hours[0]:%H}时门"], facts=facts, first_day=MARCH_6)
        shift = Shift.objects.create(post=post, during=post.times.get().on(MARCH_6), business_date=MARCH_6, people=facts.people)
        for person in people:
            roster.put_on(actor=organiser, shift=shift, person=person)
        return shift

    return plan


@pytest.fixture
def hands(city: City, branch: Branch) -> list[Person]:
    return [make_person(f"值守{number}", city.company, branch) for number in range(4)]


def came(actor: User, shift: Shift, *results: str, seen: tuple[str, ...] = ()) -> int:
    held = list(shift.assignments.order_by("pk"))
    before = dict(zip(held, seen, strict=False))
    return services.record_shift(actor=actor, shift=shift, wanted=dict(zip(held, results, strict=False)), seen=before)


def test_whoever_types_the_code_is_there_once_however_often_they_tap(member: User, post_at: Callable[..., Shift], clock: Clock) -> None:
    shift = post_at(NIGHT, member.person)
    clock.move_to(at(20) + timedelta(minutes=5))

    first = services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift))
    again = services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift))

    assert (first.pk, first.result, first.means) == (again.pk, "present", "code")
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize(("moment", "result"), [(at(19), "present"), (at(20), "present"), (at(20) + timedelta(minutes=11), "late"), (at(27), "late")])
def test_ten_minutes_after_the_start_somebody_is_late(member: User, post_at: Callable[..., Shift], clock: Clock, moment: datetime, result: str) -> None:
    shift = post_at(NIGHT, member.person)
    clock.move_to(moment)
    assert services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift)).result == result


@pytest.mark.parametrize("moment", [at(18), at(28), at(40)])
def test_a_shift_is_checked_in_to_from_an_hour_before_it_until_its_end(member: User, post_at: Callable[..., Shift], clock: Clock, moment: datetime) -> None:
    shift = post_at(NIGHT, member.person)
    clock.move_to(moment)
    with pytest.raises(ValidationError):
        services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift))


def test_after_five_wrong_codes_even_the_right_one_waits(member: User, post_at: Callable[..., Shift], clock: Clock) -> None:
    shift = post_at(EVENING, member.person)
    wrong = f"{(int(services.code_of(shift)) + 1) % 10000:04d}"
    for code in (wrong, "", "12345", "①②③④", wrong):
        with pytest.raises(ValidationError):
            services.check_in_by_code(actor=member, shift=shift, code=code)
    with pytest.raises(ValidationError):
        services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift))

    clock.move_to(clock.moment + timedelta(minutes=16))
    assert services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift)).pk


@pytest.mark.django_db(transaction=True)
def test_wrong_codes_sent_at_once_are_no_more_than_five_either(member: User, post_at: Callable[..., Shift]) -> None:
    shift = post_at(EVENING, member.person)
    right = int(services.code_of(shift))
    guesses = [partial(services.check_in_by_code, actor=member, shift=shift, code=f"{(right + number) % 10000:04d}") for number in range(1, 13)]

    assert set(at_once(*guesses)) == {"ValidationError"}
    assert AuditEntry.objects.filter(action="check_in.refused").count() == services.MOST_GUESSES


def test_nobody_checks_in_to_a_shift_of_others(member: User, post_at: Callable[..., Shift], hands: list[Person]) -> None:
    shift = post_at(EVENING, hands[0])
    with pytest.raises(Forbidden):
        services.check_in_by_code(actor=member, shift=shift, code=services.code_of(shift))


def test_the_leader_checks_in_the_whole_shift_and_nobody_else_may(
    shift_leader: User, reviewer: User, other_organiser: User, post_at: Callable[..., Shift], hands: list[Person]
) -> None:
    shift = post_at(EVENING, *hands[:3])
    for actor in (reviewer, other_organiser):
        with pytest.raises(Forbidden):
            came(actor, shift, "present")

    assert came(shift_leader, shift, "present", "late", "absent") == 3
    assert came(shift_leader, shift, "present", "late", "absent", seen=("present", "late", "absent")) == 0
    covered: Any = Shift.objects.with_cover().get(pk=shift.pk)
    assert covered.on_duty == 2
    assert Shift.objects.uncovered().filter(pk=shift.pk).exists()


def test_a_leader_who_would_overwrite_another_is_asked_again(shift_leader: User, organiser: User, post_at: Callable[..., Shift], hands: list[Person]) -> None:
    shift = post_at(EVENING, *hands[:2])
    came(organiser, shift, "absent")
    with pytest.raises(Conflict):
        came(shift_leader, shift, "present", "present")
    assert CheckIn.objects.count() == 1
    assert came(shift_leader, shift, "present", "present", seen=("absent", "")) == 2


@pytest.mark.django_db(transaction=True)
def test_two_leaders_who_check_in_the_same_people_at_once_write_each_once(
    organiser: User, branch: Branch, post_at: Callable[..., Shift], hands: list[Person]
) -> None:
    shift, second = post_at(EVENING, *hands[:3]), make_user("second", (Role.SHIFT_LEADER, branch))

    outcomes = at_once(*(lambda by=by: came(by, shift, "present", "present", "present") for by in (organiser, second)))

    assert outcomes == ["done", "done"]
    assert CheckIn.objects.count() == 3


def test_whoever_came_stays_on_the_roster(organiser: User, post_at: Callable[..., Shift], hands: list[Person]) -> None:
    shift = post_at(EVENING, hands[0])
    came(organiser, shift, "present")
    with pytest.raises(ValidationError):
        roster.take_off(actor=organiser, shift=shift, person=hands[0])
    assert Assignment.objects.filter(shift=shift).exists()


def test_hours_count_from_a_late_arrival_and_over_midnight_on_the_day_of_the_start(
    organiser: User, city: City, post_at: Callable[..., Shift], hands: list[Person], clock: Clock
) -> None:
    evening, night = post_at(EVENING, hands[0]), post_at(NIGHT, hands[1], hands[2])
    came(organiser, evening, "present")
    clock.move_to(at(20) + timedelta(minutes=30))
    came(organiser, night, "late", "absent")
    clock.move_to(at(40))

    served = hours_of(CheckIn.objects.all(), MARCH_6, MARCH_6)

    assert (served.shifts, served.people, served.hours) == (2, 2, Decimal("15.5"))
    assert hours_of(CheckIn.objects.all(), MARCH_7, MARCH_7).shifts == 0
    [unit] = hours_by("unit", CheckIn.objects.all(), MARCH_6, MARCH_6)
    assert (unit["title"], unit["shifts"]) == (city.company.name, 2)
    assert [row["title"] for row in hours_by("person", CheckIn.objects.all(), MARCH_6, MARCH_6)] == ["值守0", "值守1"]


def test_the_roster_says_the_days_figures_once_somebody_was_checked_in(
    organiser: User, branch: Branch, post_at: Callable[..., Shift], hands: list[Person]
) -> None:
    shift = post_at(EVENING, *hands[:3])
    assert registers.figures_of(branch, MARCH_6, {"duty_person_times"}) == {}

    came(organiser, shift, "present", "late", "absent")

    said = registers.figures_of(branch, MARCH_6)
    assert (said["duty_person_times"].value, said["people_on_duty"].value) == (Decimal(2), Decimal(2))
    assert registers.figures_of(branch, MARCH_7)["duty_person_times"].value == 0
    shown = _client(organiser).get(said["duty_person_times"].href)
    assert [name for name in ("值守0", "值守1", "值守2") if name in shown.content.decode()] == ["值守0", "值守1"]


def test_the_qr_code_opens_the_page_with_the_code_filled_in(organiser: User, member: User, post_at: Callable[..., Shift]) -> None:
    shift = post_at(EVENING, member.person)
    board = _client(organiser).get(reverse("roster:shift_code", args=[shift.public_id])).content.decode()
    code = services.code_of(shift)
    assert code in board
    assert "<svg" in board

    address = f"{reverse('roster:check_in', args=[shift.public_id])}?code={code}"
    assert f'value="{code}"' in _client(member).get(address).content.decode()
    assert _client(member).post(address, {"code": code}).status_code == 302
    assert CheckIn.objects.get().means == "qr"


def test_a_leader_keeps_what_they_chose_when_another_was_first(shift_leader: User, organiser: User, post_at: Callable[..., Shift], hands: list[Person]) -> None:
    shift = post_at(EVENING, hands[0])
    [assignment] = shift.assignments.all()
    came(organiser, shift, "absent")

    typed = {f"result_{assignment.pk}": "late", f"seen_{assignment.pk}": ""}
    shown = _client(shift_leader).post(reverse("roster:shift_record", args=[shift.public_id]), typed, follow=True).content.decode()

    assert "Somebody else checked people in meanwhile." in shown
    assert 'value="late" checked' in shown
    assert CheckIn.objects.get().result == "absent"


def _client(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client
