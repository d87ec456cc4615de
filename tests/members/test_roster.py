"""A branch's roster: posts, filling a span, copying a week, edits by hand, and who is off."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from branches.access import Role
from branches.models import Branch, BranchSchedule
from members.forms_roster import DAY_AND_NIGHT, THREE
from members.models import Assignment, DutyPost, Membership, Person, Shift
from members.rostering import Obstacle
from members.services import end_membership
from members.services import roster as services
from members.services.roster import PostFacts
from members.staffing import gaps_of
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry, Change
from tests.accounts.threads import at_once
from tests.factories import ALWAYS, make_person, make_user
from tests.personas import MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)
MONDAY = date(2020, 3, 9)


@pytest.fixture
def crew(city: City, branch: Branch) -> list[Person]:
    """Twelve people of every kind in the branch, beside its secretary."""
    kinds = list(Person.Kind)
    return [make_person(f"值守{number:02d}", city.company, branch, kind=kinds[number % len(kinds)]) for number in range(12)]


def staffed(organiser: User, branch: Branch, *names: str, times: tuple[object, ...] = THREE, people: int = 1) -> list[DutyPost]:
    facts = PostFacts(duty="checkpoint", people=people, times=times)  # type: ignore[arg-type]
    return services.add_posts(actor=organiser, branch=branch, names=names or ["东门"], facts=facts, first_day=MARCH_6)


def fill(organiser: User, branch: Branch, first: date = MARCH_6, last: date = MARCH_6) -> services.Outcome:
    return services.fill_roster(actor=organiser, branch=branch, first_day=first, last_day=last)


def shift_at(branch: Branch, day: date, hour: int) -> Shift:
    found: Shift = Shift.objects.get(post__branch=branch, business_date=day, during__startswith__hour=hour)
    return found


def test_a_span_is_filled_with_people_of_every_kind_and_filling_again_changes_nothing(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch, "东门", "西门")

    outcome = fill(organiser, branch, MARCH_6, MARCH_6 + 6 * DAY)

    assert outcome == services.Outcome(filled=42, empty=0)
    assert set(Assignment.objects.values_list("person__kind", flat=True)) == set(Person.Kind.values)
    assert fill(organiser, branch, MARCH_6, MARCH_6 + 6 * DAY) == services.Outcome(0, 0)
    assert AuditEntry.objects.filter(action="roster.filled").count() == 2


def test_a_night_shift_over_midnight_belongs_to_the_business_date_of_its_start(organiser: User, branch: Branch, crew: list[Person]) -> None:
    BranchSchedule.objects.create(branch=branch, during=ALWAYS, day_ends_at="02:00")
    staffed(organiser, branch, times=(*DAY_AND_NIGHT, ((THREE[0][0], THREE[0][1]))))

    fill(organiser, branch)

    night = next(shift for shift in Shift.objects.all() if shift.starts_at.hour == 20)
    small_hours = next(shift for shift in Shift.objects.all() if shift.starts_at.hour == 0)
    assert (night.business_date, night.ends_at.date(), night.over_midnight) == (MARCH_6, MARCH_7, True)
    assert small_hours.business_date == MARCH_6 - DAY


def test_whoever_is_off_is_left_out_and_an_empty_post_says_why(organiser: User, branch: Branch) -> None:
    [secretary] = Person.objects.filter(memberships__branch=branch)
    staffed(organiser, branch)
    services.add_time_off(actor=organiser, branch=branch, person=secretary, first_day=MARCH_6, last_day=MARCH_6, reason="ill")

    assert fill(organiser, branch) == services.Outcome(0, 3)
    gaps = gaps_of(branch, list(Shift.objects.with_cover()))
    assert [gap.why for _shift, gap in gaps] == [{Obstacle.OFF: 1}] * 3


def test_time_off_takes_somebody_off_the_shifts_to_come_and_may_be_ended(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch)
    fill(organiser, branch, MARCH_7, MARCH_7)
    person = Assignment.objects.order_by("pk")[0].person

    off = services.add_time_off(actor=organiser, branch=branch, person=person, first_day=MARCH_7, last_day=None, reason="away")

    assert not Assignment.objects.filter(person=person).exists()
    services.end_time_off(actor=organiser, off=off, last_day=MARCH_6)
    assert not person.times_off.exists()


def test_last_week_is_copied_but_for_whoever_cannot(organiser: User, branch: Branch, crew: list[Person], clock: Clock) -> None:
    staffed(organiser, branch)
    fill(organiser, branch, MONDAY, MONDAY + 2 * DAY)
    before = {(a.shift.starts_at, a.person_id) for a in Assignment.objects.select_related("shift")}
    ill = Assignment.objects.order_by("pk")[0].person
    services.add_time_off(actor=organiser, branch=branch, person=ill, first_day=MONDAY + 7 * DAY, last_day=None, reason="ill")

    outcome = services.copy_week(actor=organiser, branch=branch, monday=MONDAY + 7 * DAY)

    expected = {(start + 7 * DAY, person) for start, person in before if person != ill.pk}
    assert {(a.shift.starts_at, a.person_id) for a in Assignment.objects.filter(shift__business_date__gte=MONDAY + 7 * DAY)} == expected
    assert outcome == services.Outcome(len(expected), 9 - len(expected))
    with pytest.raises(ValidationError, match=r"no shifts|没有班次"):
        services.copy_week(actor=organiser, branch=branch, monday=MONDAY - 7 * DAY)


def test_by_hand_rest_is_warned_of_and_a_clash_refused(organiser: User, branch: Branch, crew: list[Person]) -> None:
    east, west = staffed(organiser, branch, "东门", "西门")
    services.fill_roster(actor=organiser, branch=branch, first_day=MARCH_7, last_day=MARCH_7)
    Assignment.objects.all().delete()
    morning, noon = (Shift.objects.get(post=east, during__startswith__hour=hour) for hour in (0, 8))
    services.put_on(actor=organiser, shift=morning, person=crew[0])

    with pytest.raises(ValidationError) as clash:
        services.put_on(actor=organiser, shift=Shift.objects.get(post=west, during__startswith__hour=0), person=crew[0], despite=True)
    assert clash.value.error_dict["person"][0].code == Obstacle.BUSY

    with pytest.raises(ValidationError) as tired:
        services.put_on(actor=organiser, shift=noon, person=crew[0])
    assert tired.value.error_dict["person"][0].code == Obstacle.REST
    assert services.put_on(actor=organiser, shift=noon, person=crew[0], despite=True).pk
    assert services.put_on(actor=organiser, shift=noon, person=crew[0]) == Assignment.objects.get(shift=noon)


def test_a_page_that_is_stale_is_refused_and_nothing_is_changed(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch)
    fill(organiser, branch, MARCH_7, MARCH_7)
    shift = shift_at(branch, MARCH_7, 8)
    free = next(person for person in crew if services.obstacle_for(shift, person) is None)

    with pytest.raises(Conflict):
        services.put_on(actor=organiser, shift=shift, person=free, seen=0)
    assert shift.assignments.count() == 1


def test_nobody_else_keeps_the_roster(branch: Branch, other_branch: Branch, other_organiser: User, shift_leader: User, reviewer: User) -> None:
    for actor in (other_organiser, shift_leader, reviewer):
        with pytest.raises(Forbidden):
            staffed(actor, branch)


def test_whoever_leaves_the_branch_leaves_its_shifts(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch)
    fill(organiser, branch, MARCH_7, MARCH_7 + 6 * DAY)
    held = Membership.objects.get(person=Assignment.objects.order_by("pk")[0].person)

    end_membership(actor=organiser, membership=held, last_day=MARCH_6)

    assert not Assignment.objects.filter(person=held.person).exists()


def test_a_post_that_ends_takes_its_shifts_along(organiser: User, branch: Branch, crew: list[Person]) -> None:
    [post] = staffed(organiser, branch)
    fill(organiser, branch, MARCH_7, MARCH_7 + 3 * DAY)

    services.edit_post(actor=organiser, post=post, name="东门", facts=PostFacts("checkpoint", 1, THREE), last_day=MARCH_7)

    assert set(Shift.objects.values_list("business_date", flat=True)) == {MARCH_7}


def test_who_comes_and_goes_stands_in_the_change_log_as_a_change_of_the_shift(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch)
    fill(organiser, branch, MARCH_7, MARCH_7)
    shift = shift_at(branch, MARCH_7, 8)
    before = Change.objects.filter(model="shift", object_id=shift.public_id).count()

    services.take_off(actor=organiser, shift=shift, person=shift.assignments.get().person)

    assert Change.objects.filter(model="shift", object_id=shift.public_id).count() == before + 1


@pytest.mark.django_db(transaction=True)
def test_two_who_fill_at_once_put_one_person_in_each_place(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch, "东门", "西门")
    other = make_user("second", (Role.ORGANISER, branch))

    outcomes = at_once(*(lambda by=by: fill(by, branch, MARCH_6, MARCH_7) for by in (organiser, other)))

    assert outcomes == ["done", "done"]
    assert Assignment.objects.count() == Shift.objects.count() == 12


@pytest.mark.django_db(transaction=True)
def test_of_two_who_fill_the_last_place_by_hand_the_second_is_told(organiser: User, branch: Branch, crew: list[Person]) -> None:
    staffed(organiser, branch)
    fill(organiser, branch, MARCH_7, MARCH_7)
    shift = shift_at(branch, MARCH_7, 8)
    shift.assignments.all().delete()
    free = [person for person in crew if services.obstacle_for(shift, person) is None]

    outcomes = at_once(*(lambda person=person: services.put_on(actor=organiser, shift=shift, person=person, seen=0) for person in free[:2]))

    assert sorted(outcomes) == ["Conflict", "done"]
    assert shift.assignments.count() == 1
