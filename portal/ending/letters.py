"""Letters to the units that sent people: who they were, when, what they did and how long; of each unit its own people alone, computed from the records."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, F, QuerySet, Sum

from activities.models import EntryParticipant
from activities.querysets import counting
from branches.models import Branch, WorkUnit
from members.hours import in_hours, timed, with_unit
from members.models import CheckIn, DutyPost, OfficerTerm, Person, Secondment
from portal.ending.models import ServiceLetter

ONE_DAY: Final = timedelta(days=1)


@dataclass
class Served:
    """What one person of a unit did in a branch.

    Attributes:
        first, last: the days in the branch while the unit had sent them; None where the beginning is not recorded.
        hours: at posts, by check-ins. works: how often they took part in work that a report names them for.
    """

    person: Person
    first: date | None
    last: date
    offices: list[str] = field(default_factory=list)
    duties: list[str] = field(default_factory=list)
    shifts: int = 0
    time: timedelta = timedelta()
    works: int = 0

    @property
    def hours(self) -> Decimal:
        """Hours, to a tenth."""
        return in_hours(self.time)

    @property
    def roles(self) -> list[str]:
        """Offices first, then kinds of posts."""
        return [*self.offices, *self.duties]


@dataclass(frozen=True)
class Letter:
    """A letter with what it says."""

    letter: ServiceLetter
    people: Sequence[Served]

    @property
    def number(self) -> str:
        """The number as it is printed, with the year."""
        on = self.letter.end.letters_on or self.letter.end.last_day
        return f"〔{on.year}〕{self.letter.number}"

    @property
    def shifts(self) -> int:
        """Person-shifts of all of them."""
        return sum(each.shifts for each in self.people)

    @property
    def hours(self) -> Decimal:
        """Hours of all of them."""
        return in_hours(sum((each.time for each in self.people), timedelta()))


def letter_of(letter: ServiceLetter) -> Letter:
    """Return a letter with what it says; five queries, however many people."""
    return Letter(letter, people_of(letter.end.branch, letter.work_unit, letter.end.last_day))


def people_of(branch: Branch, unit: WorkUnit, last_day: date) -> list[Served]:
    """Return whom a unit had sent to a branch, up to its last day, in the order of names."""
    found = _sent(branch, unit, last_day)
    if not found:
        return []
    _add_offices(branch, found)
    _add_duties(branch, unit, found)
    works = EntryParticipant.objects.filter(counting(prefix="entry__version__"), entry__branch=branch, home_unit=unit, person__in=list(found))
    for person, number in works.order_by().values_list("person").annotate(n=Count("pk")):
        found[person].works = number
    return sorted(found.values(), key=lambda each: (each.person.name_key, each.person.pk))


def without_unit(branch: Branch) -> "QuerySet[Person, Any]":
    """Return whoever was in the branch and was sent by no unit at any time of it: no letter speaks of them."""
    sent = Secondment.objects.filter(person__memberships__branch=branch, during__overlap=F("person__memberships__during"))
    people: QuerySet[Person, Any] = Person.objects.filter(memberships__branch=branch).exclude(pk__in=sent.values("person"))
    return people.distinct().order_by("name_key", "pk")


def _sent(branch: Branch, unit: WorkUnit, last_day: date) -> dict[int, Served]:
    spans = Secondment.objects.filter(home_unit=unit, person__memberships__branch=branch, during__overlap=F("person__memberships__during"))
    # A person may have left and come back: two spans of one person are told from the first day to the last.
    rows = spans.annotate(held=F("person__memberships__during"), of=F("person__memberships__branch")).filter(of=branch.pk).select_related("person")
    found: dict[int, Served] = {}
    for row in rows.order_by("pk"):
        starts = [day for day in (row.during.lower, row.held.lower) if day is not None]
        ends = [day - ONE_DAY for day in (row.during.upper, row.held.upper) if day is not None]
        first, last = max(starts, default=None), min([*ends, last_day])
        held = found.setdefault(row.person_id, Served(row.person, first, last))
        held.first = None if held.first is None or first is None else min(held.first, first)
        held.last = max(held.last, last)
    return found


def _add_offices(branch: Branch, found: dict[int, Served]) -> None:
    terms = OfficerTerm.objects.filter(branch=branch, membership__person__in=list(found)).order_by("during", "pk")
    for person, office in terms.values_list("membership__person", "office"):
        label = str(OfficerTerm.Office(office).label)
        if label not in found[person].offices:
            found[person].offices.append(label)


def _add_duties(branch: Branch, unit: WorkUnit, found: dict[int, Served]) -> None:
    post = "assignment__shift__post__"
    rows = with_unit(timed(CheckIn.objects.filter(**{f"{post}branch": branch}, assignment__person__in=list(found)))).filter(unit=unit.pk)
    grouped = rows.order_by().values("assignment__person", duty=F(f"{post}duty")).annotate(n=Count("pk"), time=Sum("served"))
    lines = defaultdict(list)
    for row in grouped.order_by("assignment__person", "duty"):
        held = found[row["assignment__person"]]
        held.shifts += row["n"]
        held.time += row["time"]
        lines[held.person.pk].append(str(DutyPost.Duty(row["duty"]).label))
    for person, duties in lines.items():
        found[person].duties = duties
