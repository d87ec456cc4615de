"""What PostgreSQL keeps of posts, shifts and who is on them, broken on purpose."""

from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.utils import timezone
from psycopg2.extras import DateRange, DateTimeTZRange

from branches.models import Branch
from members.models import Assignment, CheckIn, DutyPost, HandOver, Membership, OnSiteStay, Person, Shift, ShiftTime, Swap, TimeOff
from tests.factories import ALWAYS, make_branch, make_person, make_region, make_user, since
from tests.rules import Add, Break, Cases, alter

CASES = Cases("members")
MARCH_6 = date(2020, 3, 6)
NEVER = DateRange(MARCH_6, MARCH_6)
_serial = count(1)


def at(hour: int, day: date = MARCH_6) -> datetime:
    """A moment of a day; 24 is the next midnight."""
    return timezone.make_aware(datetime.combine(day, time())) + timedelta(hours=hour)


def hours(start: int, end: int) -> DateTimeTZRange:
    return DateTimeTZRange(at(start), at(end))


def a_branch() -> Branch:
    return make_branch(make_region("示例社区", "community"))


def post(branch: Branch | None = None, **values: Any) -> DutyPost:
    return DutyPost(**{"branch": branch or a_branch(), "name": f"{next(_serial)}号门", "during": ALWAYS, **values})


def stored_post() -> DutyPost:
    made = post()
    made.save()
    return made


def shift(of: DutyPost | None = None, during: DateTimeTZRange | None = None, **values: Any) -> Shift:
    return Shift(**{"post": of or stored_post(), "during": during or hours(8, 16), "business_date": MARCH_6, **values})


def stored_shift(during: DateTimeTZRange | None = None) -> Shift:
    made = shift(during=during)
    made.save()
    return made


# --- Posts ----------------------------------------------------------------------------------------------------------------


@CASES.breaks("duty_post_once_per_source", collides=True)
def a_post_loaded_twice() -> Break:
    branch, key = a_branch(), f"k{next(_serial)}"
    return Break(Add(post(branch, source="名册", key=key)), after=Add(post(branch, source="名册", key=key)))


@CASES.breaks("duty_post_for_a_time")
def a_post_for_no_time() -> Break:
    return Break(Add(post(during=NEVER)))


@CASES.breaks("duty_post_takes_one_to_fifty")
def a_post_for_nobody() -> Break:
    return Break(Add(post(people=0)))


@CASES.breaks("one_duty_post_of_a_name_at_a_time", collides=True)
def two_posts_of_one_name() -> Break:
    branch = a_branch()
    return Break(Add(post(branch, name="东门", during=since(MARCH_6))), after=Add(post(branch, name="东门", during=since(date(2020, 3, 1), MARCH_6))))


@CASES.breaks("one_shift_time_a_start", collides=True)
def two_shifts_of_a_day_that_start_together() -> Break:
    of = stored_post()
    return Break(Add(ShiftTime(post=of, starts_at=time(8), ends_at=time(12))), after=Add(ShiftTime(post=of, starts_at=time(8), ends_at=time(16))))


# --- Shifts ---------------------------------------------------------------------------------------------------------------


@CASES.breaks("shift_once", collides=True)
def a_shift_planned_twice() -> Break:
    of = stored_post()
    return Break(Add(shift(of)), after=Add(shift(of)))


@CASES.breaks("shift_has_both_ends")
def a_shift_without_an_end() -> Break:
    return Break(Add(shift(during=DateTimeTZRange(at(8), None))))


@CASES.breaks("shift_has_both_ends")
def a_shift_of_no_time() -> Break:
    return Break(Add(shift(during=hours(8, 8))))


@CASES.breaks("shift_of_a_day_at_most")
def a_shift_longer_than_a_day() -> Break:
    return Break(Add(shift(during=hours(8, 33))))


@CASES.breaks("shift_takes_one_to_fifty")
def a_shift_for_a_crowd() -> Break:
    return Break(alter(stored_shift(), people=51))


# --- Assignments ----------------------------------------------------------------------------------------------------------


@CASES.breaks("one_shift_at_a_time", collides=True)
def one_person_on_two_shifts_that_overlap() -> Break:
    person = make_person()
    return Break(Add(Assignment(shift=stored_shift(hours(15, 23)), person=person)), after=Add(Assignment(shift=stored_shift(), person=person)))


@CASES.breaks("one_shift_at_a_time")
def one_person_on_two_shifts_that_overlap_after_midnight() -> Break:
    person = make_person()
    Assignment.objects.create(shift=stored_shift(hours(20, 32)), person=person)
    return Break(Add(Assignment(shift=stored_shift(hours(31, 39)), person=person)))


@CASES.breaks("one_shift_at_a_time")
def a_shift_moved_onto_another_of_the_same_person() -> Break:
    person, early, late = make_person(), stored_shift(hours(8, 16)), stored_shift(hours(16, 24))
    for each in (early, late):
        Assignment.objects.create(shift=each, person=person)
    return Break(alter(late, during=hours(15, 23)))


@CASES.breaks("one_shift_at_a_time")
def hours_of_a_shift_written_by_hand() -> Break:
    """The trigger writes the true ones over them."""
    person = make_person()
    Assignment.objects.create(shift=stored_shift(), person=person)
    return Break(Add(Assignment(shift=stored_shift(), person=person, during=hours(100, 101))))


@CASES.breaks("assignment_carries_the_shift", only_at_once=True)
def somebody_put_on_a_shift_while_it_is_moved() -> Break:
    of = stored_shift()
    return Break(Add(Assignment(shift=of, person=make_person())), after=alter(of, during=hours(9, 17)))


# --- Check-in -------------------------------------------------------------------------------------------------------------


def came(assignment: Assignment, result: str = "present", arrived_at: datetime | None = None) -> CheckIn:
    by = make_user()
    return CheckIn(assignment=assignment, result=result, means="leader", arrived_at=arrived_at, recorded_at=at(8), recorded_by=by)


def assigned() -> Assignment:
    return Assignment.objects.create(shift=stored_shift(), person=make_person())


@CASES.breaks("checked_in_once", collides=True)
def one_person_checked_in_twice() -> Break:
    on_it = assigned()
    return Break(Add(came(on_it, "late", at(9))), after=Add(came(on_it, "present", at(8))))


@CASES.breaks("arrived_unless_absent")
def somebody_absent_who_arrived() -> Break:
    return Break(Add(came(assigned(), "absent", at(8))))


@CASES.breaks("arrived_unless_absent")
def somebody_present_who_never_arrived() -> Break:
    return Break(Add(came(assigned())))


# --- Hand-over ------------------------------------------------------------------------------------------------------------


def left(of: Shift | None = None, **values: Any) -> HandOver:
    return HandOver(**{"shift": of or stored_shift(), "outgoing_by": make_user(), "outgoing_at": at(16), **values})


def signed() -> HandOver:
    row = left(incoming_by=make_user(), incoming_at=at(17))
    row.save()
    return row


@CASES.breaks("handed_over_once", collides=True)
def a_shift_handed_over_twice() -> Break:
    of = stored_shift()
    return Break(Add(left(of)), after=Add(left(of)))


@CASES.breaks("hand_over_signed_by_two")
def somebody_who_takes_over_from_themselves() -> Break:
    by = make_user()
    return Break(Add(left(outgoing_by=by, incoming_by=by, incoming_at=at(17))))


@CASES.breaks("taken_over_by_somebody_at_some_time")
def a_hand_over_taken_by_nobody() -> Break:
    return Break(Add(left(incoming_at=at(17))))


@CASES.breaks("taken_over_by_somebody_at_some_time")
def a_hand_over_taken_before_it_was_given() -> Break:
    return Break(Add(left(incoming_by=make_user(), incoming_at=at(15))))


@CASES.breaks("signed_hand_over_stays")
def a_signed_hand_over_written_again() -> Break:
    return Break(alter(signed(), notes="另记"))


# --- Swaps ----------------------------------------------------------------------------------------------------------------


def swap(of: Shift, person: Person, **values: Any) -> Swap:
    return Swap(**{"shift": of, "person": person, "other": make_person(), "asked_at": at(8), **values})


@CASES.breaks("one_open_swap_of_a_shift", collides=True)
def two_colleagues_asked_at_once() -> Break:
    of, person = stored_shift(), make_person()
    return Break(Add(swap(of, person)), after=Add(swap(of, person)))


@CASES.breaks("swap_with_somebody_else")
def a_swap_with_oneself() -> Break:
    person = make_person()
    return Break(Add(swap(stored_shift(), person, other=person)))


@CASES.breaks("swap_answered_at_some_time")
def a_swap_agreed_to_at_no_time() -> Break:
    return Break(Add(swap(stored_shift(), make_person(), state="agreed")))


# --- Off ------------------------------------------------------------------------------------------------------------------


@CASES.breaks("time_off_for_a_time")
def time_off_for_no_time() -> Break:
    return Break(Add(TimeOff(branch=a_branch(), person=make_person(), during=NEVER)))


@CASES.breaks("off_once_at_a_time", collides=True)
def off_twice_on_a_day() -> Break:
    branch, person = a_branch(), make_person()
    return Break(
        Add(TimeOff(branch=branch, person=person, during=since(MARCH_6))),
        after=Add(TimeOff(branch=branch, person=person, during=since(date(2020, 3, 1), MARCH_6))),
    )


# --- Living on site -------------------------------------------------------------------------------------------------------


def held(during: DateRange = ALWAYS) -> Membership:
    return Membership.objects.create(person=make_person(), branch=make_branch(make_region("示例社区", "community"), established_on=None), during=during)


@CASES.breaks("stay_for_a_time")
def a_stay_for_no_time() -> Break:
    return Break(Add(OnSiteStay(membership=held(), during=NEVER)))


@CASES.breaks("stay_for_a_time")
def a_stay_since_nobody_knows_when() -> Break:
    return Break(Add(OnSiteStay(membership=held(), during=DateRange(None, MARCH_6))))


@CASES.breaks("stay_inside_the_membership")
def a_stay_that_outlives_the_membership() -> Break:
    return Break(Add(OnSiteStay(membership=held(since(date(2020, 3, 1), MARCH_6)), during=since(date(2020, 3, 5)))))


@CASES.breaks("stay_inside_the_membership", collides=True)
def a_membership_ended_while_its_holder_moves_in() -> Break:
    row = held(since(date(2020, 3, 1)))
    return Break(alter(row, during=since(date(2020, 3, 1), date(2020, 3, 5))), after=Add(OnSiteStay(membership=row, during=since(MARCH_6))))


@CASES.breaks("stay_carries_the_membership", only_at_once=True)
def somebody_moves_in_while_the_membership_is_ended() -> Break:
    row = held(since(date(2020, 3, 1)))
    return Break(Add(OnSiteStay(membership=row, during=since(MARCH_6))), after=alter(row, during=since(date(2020, 3, 1), date(2020, 3, 5))))


@CASES.breaks("one_stay_at_a_time", collides=True)
def one_person_at_two_places_on_one_night() -> Break:
    row = held()
    return Break(
        Add(OnSiteStay(membership=row, place="宾馆", during=since(MARCH_6))),
        after=Add(OnSiteStay(membership=row, place="居委会", during=since(date(2020, 3, 1), MARCH_6))),
    )
