"""Writes on the roster: posts, shifts, who is on them, and who is off. Each checks that the actor may, and is audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg2.extras import DateRange, DateTimeTZRange

from branches import access
from branches.access import Act
from branches.models import Branch
from branches.services import refusals_beside
from members import rostering
from members.models import Assignment, CheckIn, DutyPost, Person, Shift, ShiftTime, TimeOff
from members.rostering import ADVICE, Obstacle, Turn
from members.staffing import crew_of, turn_of
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict, Forbidden

# Longer spans are planned in pieces: people come and go.
LONGEST_SPAN: Final = 31
WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)

Actor = Model | AnonymousUser

STALE: Final = gettext_lazy("Somebody else changed this shift meanwhile. Look at it as it is now, and decide again.")
SAID_OF: Final[dict[Obstacle, str | Promise]] = {
    Obstacle.ELSEWHERE: gettext_lazy("Not in the branch on that day."),
    Obstacle.OFF: gettext_lazy("Ill or away then; end that first."),
    Obstacle.BUSY: gettext_lazy("On another shift in that time."),
    Obstacle.REST: gettext_lazy("Rests less than 8 hours before or after another shift."),
    Obstacle.DAYS: gettext_lazy("Would serve more than 6 days in a row."),
}
# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {
    "one_duty_post_of_a_name_at_a_time": "names",
    "duty_post_for_a_time": "last_day",
    "one_shift_time_a_start": "times",
    "off_once_at_a_time": "first_day",
    "time_off_for_a_time": "last_day",
    "one_shift_at_a_time": "person",
}


@dataclass(frozen=True)
class PostFacts:
    """What a post is: its duty, how many people a shift takes, and the times of its shifts as pairs of start and end."""

    duty: str
    people: int
    times: Sequence[tuple[time, time]]


@dataclass(frozen=True)
class Outcome:
    """What filling or copying did: how many places were filled, and how many stay empty."""

    filled: int
    empty: int


# --- Posts ----------------------------------------------------------------------------------------------------------------


def add_posts(*, actor: Actor, branch: Branch, names: Sequence[str], facts: PostFacts, first_day: date) -> list[DutyPost]:
    """Add posts that are staffed alike, from a day on.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: by field, when the branch has a post of a name, or two shifts start at one time.
    """
    require(actor, branch)
    with refusals_beside(_FIELDS):
        posts = [DutyPost(branch=branch, name=name, duty=facts.duty, people=facts.people, during=DateRange(first_day, None)) for name in names]
        DutyPost.objects.bulk_create(posts)
        ShiftTime.objects.bulk_create(ShiftTime(post=post, starts_at=start, ends_at=end) for post in posts for start, end in facts.times)
        for post in posts:
            audit.record(actor, "duty_post.added", post, branch=str(branch.public_id))
    return posts


def edit_post(*, actor: Actor, post: DutyPost, name: str, facts: PostFacts, last_day: date | None) -> DutyPost:
    """Change a post. Shifts that are planned stay as they are; after `last_day` those that nobody has begun are taken out.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: by field, as `add_posts`, or when the last day is before the first.
    """
    require(actor, post.branch)
    if last_day is not None and last_day < post.during.lower:
        raise ValidationError({"last_day": _("The end is before the start.")})
    with refusals_beside(_FIELDS | {"one_duty_post_of_a_name_at_a_time": "name"}):
        post.name, post.duty, post.people = name, facts.duty, facts.people
        post.during = DateRange(post.during.lower, last_day + _DAY if last_day else None)
        post.save(update_fields=["name", "duty", "people", "during"])
        post.times.all().delete()
        ShiftTime.objects.bulk_create(ShiftTime(post=post, starts_at=start, ends_at=end) for start, end in facts.times)
        if last_day is not None:
            _not_begun(Shift.objects.filter(post=post, business_date__gt=last_day)).delete()
        audit.record(actor, "duty_post.changed", post)
    return post


# --- Filling --------------------------------------------------------------------------------------------------------------


def fill_roster(*, actor: Actor, branch: Branch, first_day: date, last_day: date) -> Outcome:
    """Plan the shifts of every post from a day to a day, and fill each place that is empty, as fairly as the rules allow.

    Whoever is on a shift stays on it; filling again fills only what is empty.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: by field, when the span is too long or ends before it starts, or the branch has no post then.
    """
    require(actor, branch)
    _require_span(first_day, last_day)
    with refusals_beside(_FIELDS):
        _lock(branch)
        _plan(branch, first_day, last_day)
        shifts = _shifts(branch, first_day, last_day)
        if not shifts:
            raise ValidationError({"first_day": _("No post is staffed in these days. Add posts first.")})
        crew = crew_of(branch, first_day - _DAY, last_day + _DAY)
        lacking = [(turn_of(shift), shift.people - shift.on_duty) for shift in shifts if shift.on_duty < shift.people]
        given = list(rostering.fill(lacking, crew.workers))
        Assignment.objects.bulk_create(Assignment(shift_id=turn.key, person_id=worker.key) for turn, worker in given)
        outcome = Outcome(len(given), sum(places for _turn, places in lacking) - len(given))
        audit.record(actor, "roster.filled", branch, **_said(first_day, last_day, outcome))
    return outcome


def copy_week(*, actor: Actor, branch: Branch, monday: date) -> Outcome:
    """Put everybody on the shifts of the week from `monday` on which they were a week before, as far as nothing speaks against it.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: there is nothing to copy.
    """
    require(actor, branch)
    last_day = monday + 6 * _DAY
    with refusals_beside(_FIELDS):
        _lock(branch)
        before = Shift.objects.filter(post__branch=branch, business_date__range=(monday - WEEK, monday - _DAY)).prefetch_related("assignments")
        pattern = {(shift.post_id, shift.during.lower + WEEK, shift.during.upper + WEEK): shift for shift in before}
        if not pattern:
            raise ValidationError({"monday": _("There were no shifts in the week before.")})
        _copy_shifts(branch, pattern, monday, last_day)
        crew = crew_of(branch, monday - _DAY, last_day + _DAY)
        workers = {worker.key: worker for worker in crew.workers}
        assignments: list[Assignment] = []
        empty = 0
        for shift in _shifts(branch, monday, last_day):
            source = pattern.get((shift.post_id, shift.during.lower, shift.during.upper))
            turn, free = turn_of(shift), shift.people - shift.on_duty
            for was in source.assignments.all() if source else ():
                worker = workers.get(was.person_id)
                if free > 0 and worker is not None and worker.obstacle(turn) is None:
                    worker.turns.append(turn)
                    assignments.append(Assignment(shift=shift, person_id=was.person_id))
                    free -= 1
            empty += max(free, 0)
        Assignment.objects.bulk_create(assignments)
        outcome = Outcome(len(assignments), empty)
        audit.record(actor, "roster.copied", branch, **_said(monday, last_day, outcome))
    return outcome


def _plan(branch: Branch, first_day: date, last_day: date) -> None:
    """Add the shifts that the posts' times ask for and that are not there yet."""
    wanted = []
    for post in DutyPost.objects.filter(branch=branch, during__overlap=DateRange(first_day, last_day, "[]")).prefetch_related("times"):
        for offset in range((last_day - first_day).days + 1):
            day = first_day + offset * _DAY
            if day >= post.during.lower and (post.during.upper is None or day < post.during.upper):
                wanted += [_shift(branch, post, each.on(day), post.people) for each in post.times.all()]
    Shift.objects.bulk_create(wanted, ignore_conflicts=True)


def _copy_shifts(branch: Branch, pattern: dict[tuple[int, Any, Any], Shift], monday: date, last_day: date) -> None:
    posts = {post.pk: post for post in DutyPost.objects.filter(branch=branch, during__contains=DateRange(monday, last_day, "[]"))}
    wanted = [
        _shift(branch, posts[post_id], DateTimeTZRange(start, end), source.people) for (post_id, start, end), source in pattern.items() if post_id in posts
    ]
    Shift.objects.bulk_create(wanted, ignore_conflicts=True)


def _shift(branch: Branch, post: DutyPost, during: DateTimeTZRange, people: int) -> Shift:
    return Shift(post=post, during=during, business_date=branch.business_date_at(during.lower), people=people)


def _shifts(branch: Branch, first_day: date, last_day: date) -> list[Any]:
    """Return the shifts that start in some days, each with how many people are on it."""
    starting = {"during__startswith__gte": _start(first_day), "during__startswith__lt": _start(last_day + _DAY)}
    return list(Shift.objects.filter(post__branch=branch, **starting).with_cover().order_by("during", "pk"))


def _start(day: date) -> Any:
    return ShiftTime(starts_at=time(0), ends_at=time(0)).on(day).lower


# --- By hand --------------------------------------------------------------------------------------------------------------


def put_on(*, actor: Actor, shift: Shift, person: Person, seen: int | None = None, despite: bool = False) -> Assignment:
    """Put somebody on a shift; whoever is on it already stays, once.

    Args:
        seen: how many people were on it when the actor looked; None when nobody looked.
        despite: set aside too short a rest, or too many days in a row.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        Conflict: `stale`, when others are on it than the actor saw.
        ValidationError: beside `person`; its code is the obstacle, or the rule of the database.
    """
    branch = shift.post.branch
    require(actor, branch)
    with refusals_beside(_FIELDS):
        held = list(_locked(shift).assignments.all())
        if (earlier := next((one for one in held if one.person_id == person.pk), None)) is not None:
            return earlier
        if seen is not None and seen != len(held):
            raise Conflict("stale", STALE)
        obstacle = obstacle_for(shift, person)
        if obstacle is not None and not (despite and obstacle in ADVICE):
            raise ValidationError({"person": ValidationError(str(SAID_OF[obstacle]), code=obstacle.value)})
        assignment = Assignment.objects.create(shift=shift, person=person)
        audit.record(actor, "shift.put_on", shift, person=str(person.public_id), despite=obstacle.value if obstacle else "")
    return assignment


def take_off(*, actor: Actor, shift: Shift, person: Person) -> None:
    """Take somebody off a shift; whoever is not on it stays off.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: they are checked in to it already, or absent from it.
    """
    require(actor, shift.post.branch)
    with refusals_beside(_FIELDS):
        if CheckIn.objects.filter(assignment__shift=_locked(shift), assignment__person=person).exists():
            raise ValidationError(_("They are checked in to this shift, or absent from it; that stays on record."))
        removed, _each = shift.assignments.filter(person=person).delete()
        if removed:
            audit.record(actor, "shift.taken_off", shift, person=str(person.public_id))


def set_people(*, actor: Actor, shift: Shift, people: int) -> Shift:
    """Say how many people one shift needs.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: not between 1 and 50.
    """
    require(actor, shift.post.branch)
    with refusals_beside({"shift_takes_one_to_fifty": "people"}):
        shift = _locked(shift)
        shift.people = people
        shift.save(update_fields=["people"])
        audit.record(actor, "shift.changed", shift, people=people)
    return shift


def obstacle_for(shift: Shift, person: Person) -> Obstacle | None:
    """Return why somebody should not be put on a shift."""
    turn: Turn = turn_of(shift)
    return crew_of(shift.post.branch, turn.day, turn.day).worker(person).obstacle(turn)


# --- Off ------------------------------------------------------------------------------------------------------------------


def add_time_off(*, actor: Actor, branch: Branch, person: Person, first_day: date, last_day: date | None, reason: str) -> TimeOff:
    """Write down that somebody takes no shift from a day until a day, and take them off what they would have served then.

    Raises:
        Forbidden: the roster is not the actor's to keep, or the person is not in the branch.
        ValidationError: by field, when they are off then already, or the end is before the start.
    """
    require(actor, branch)
    if not person.memberships.filter(branch=branch).exists():
        raise Forbidden
    if last_day is not None and last_day < first_day:
        raise ValidationError({"last_day": _("The end is before the start.")})
    during = DateRange(first_day, last_day + _DAY if last_day else None)
    with refusals_beside(_FIELDS):
        off = TimeOff.objects.create(branch=branch, person=person, during=during, reason=reason)
        released = _release(Assignment.objects.filter(person=person, shift__post__branch=branch, shift__business_date__contained_by=during))
        audit.record(actor, "time_off.added", off, person=str(person.public_id), released=released)
    return off


def end_time_off(*, actor: Actor, off: TimeOff, last_day: date) -> None:
    """End somebody's time off after a day; one that had not begun by then is taken back.

    Raises:
        Forbidden: the roster is not the actor's to keep.
    """
    require(actor, off.branch)
    with refusals_beside(_FIELDS):
        if off.during.lower > last_day:
            off.delete()
        else:
            off.during = DateRange(off.during.lower, last_day + _DAY)
            off.save(update_fields=["during"])
        audit.record(actor, "time_off.ended", off, last_day=last_day.isoformat())


def release(*, branch: Branch, person: Person | None, last_day: date) -> None:
    """Take a person off what they would have served in a branch after a day; without a person, take out what the branch would have staffed.

    For services that end a membership or a branch, inside their transaction.
    """
    if person is not None:
        _release(Assignment.objects.filter(person=person, shift__post__branch=branch, shift__business_date__gt=last_day))
    else:
        _not_begun(Shift.objects.filter(post__branch=branch, business_date__gt=last_day)).delete()


def _release(assignments: Any) -> int:
    """Delete those of the assignments whose shift has not begun, but for whoever is there already, and say how many."""
    removed: int = assignments.filter(during__startswith__gt=clock.now(), check_ins=None).delete()[0]
    return removed


def _not_begun(shifts: Any) -> Any:
    """Return those of the shifts that have not begun and to which nobody has come."""
    return shifts.filter(during__startswith__gt=clock.now()).exclude(assignments__check_ins__isnull=False)


def require(actor: Actor, branch: Branch) -> None:
    if not access.can(actor, Act.KEEP_ROSTER, branch):
        raise Forbidden


def _require_span(first_day: date, last_day: date) -> None:
    if last_day < first_day:
        raise ValidationError({"last_day": _("The end is before the start.")})
    if (last_day - first_day).days >= LONGEST_SPAN:
        raise ValidationError({"last_day": _("Fill 31 days at most at a time.")})


def _lock(branch: Branch) -> None:
    """Let rosters of one branch be planned one after another."""
    Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)


def _locked(shift: Shift) -> Shift:
    """Return a shift, changed by nobody else until the end of the transaction."""
    locked: Shift = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
    return locked


def _said(first_day: date, last_day: date, outcome: Outcome) -> dict[str, Any]:
    return {"first_day": first_day.isoformat(), "last_day": last_day.isoformat(), "filled": outcome.filled, "empty": outcome.empty}
