"""What a branch's roster says: its people as the rules of `members/rostering.py` see them, and the shifts that are short of people."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from psycopg2.extras import DateRange, DateTimeTZRange

from branches.models import Branch
from members.models import Assignment, Membership, Person, Shift, TimeOff
from members.rostering import LOOK_BACK, Gap, Turn, Worker, explain

# Whoever served six days in a row before a span, or rests into it, is known; so is whoever goes on serving after it.
_MARGIN = timedelta(days=8)


@dataclass(frozen=True)
class Crew:
    """The people of a branch in a span of days, as persons and as the rules see them."""

    people: dict[int, Person]
    workers: list[Worker]

    def worker(self, person: Person) -> Worker:
        """Return a person as the rules see them; somebody who is not in the branch then is within no day."""
        return next((worker for worker in self.workers if worker.key == person.pk), Worker(person.pk, ()))


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time()))


def turn_of(shift: Shift) -> Turn:
    """Return a shift as the rules see it."""
    return Turn(shift.pk, shift.starts_at, shift.ends_at, shift.business_date)


def crew_of(branch: Branch, first: date, last: date) -> Crew:
    """Return who is in a branch on any of some days, what they serve around them, anywhere, and when they are off."""
    span = DateRange(first, last, "[]")
    held: dict[int, list[Any]] = defaultdict(list)
    people: dict[int, Person] = {}
    for membership in Membership.objects.filter(branch=branch, during__overlap=span).select_related("person").order_by("person__name_key", "person_id"):
        people[membership.person_id] = membership.person
        held[membership.person_id].append(membership.during)
    off: dict[int, list[Any]] = defaultdict(list)
    for row in TimeOff.objects.filter(person__in=list(people), during__overlap=DateRange(first, last + timedelta(days=1), "[]")):
        off[row.person_id].append(row.during)
    turns: dict[int, list[Turn]] = defaultdict(list)
    around = DateTimeTZRange(midnight(first) - LOOK_BACK, midnight(last) + _MARGIN)
    for assignment in Assignment.objects.filter(person__in=list(people), during__overlap=around).select_related("shift"):
        turns[assignment.person_id].append(turn_of(assignment.shift))
    return Crew(people, [Worker(key, held[key], off[key], turns[key]) for key in people])


def gaps_of(branch: Branch, shifts: Sequence[Any]) -> list[tuple[Any, Gap]]:
    """Return those of a branch's shifts that are short of people, each with what keeps whom away; `shifts` know how many are `on_duty`."""
    short = [shift for shift in shifts if shift.on_duty < shift.people]
    if not short:
        return []
    days = [shift.business_date for shift in short]
    workers = crew_of(branch, min(days), max(days)).workers
    return [(shift, explain(turn_of(shift), shift.people - shift.on_duty, workers)) for shift in short]
