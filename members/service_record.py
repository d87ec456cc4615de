"""What is on record of one person's service, over all branches or in some: computed from the records alone, never written down a second time.

Nothing here compares people or puts them in an order: it is asked of one person at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Prefetch, QuerySet, Sum
from psycopg2.extras import DateRange

from members.hours import Served, timed
from members.models import CheckIn, DutyPost, Membership, OfficerTerm, OnSiteStay, Person, PioneerClaim, Secondment, ServiceNote, SquadMember
from portal.foundation import clock


@dataclass(frozen=True)
class Part:
    """Which part of a person's record is told: of some days, and of some branches.

    Attributes:
        first, last: the days, both included. branches: keys of branches, as a sub-query; None are all.
    """

    person: Person
    first: date
    last: date
    branches: "QuerySet[Any, Any] | None" = None

    @property
    def during(self) -> DateRange:
        """The days as a range."""
        return DateRange(self.first, self.last, "[]")

    def of(self, rows: "QuerySet[Any]", branch: str) -> "QuerySet[Any]":
        """Keep rows of the branches of this part; `branch` is the field that leads to the branch."""
        return rows if self.branches is None else rows.filter(**{f"{branch}__in": self.branches})


@dataclass(frozen=True)
class Duties:
    """What somebody served at posts of one kind in one branch."""

    branch: str
    branch_id: Any
    duty: str
    first: date
    last: date
    served: Served

    @property
    def label(self) -> str:
        """The kind of post."""
        return str(DutyPost.Duty(self.duty).label)


def memberships(part: Part) -> "QuerySet[Membership]":
    """Return the person's time in branches, with the offices that they held, in the order of time."""
    terms = Prefetch("terms", OfficerTerm.objects.filter(during__overlap=part.during).order_by("during", "pk"))
    held = part.person.memberships.filter(during__overlap=part.during).select_related("branch").prefetch_related(terms)
    return part.of(held, "branch").order_by("during", "pk")


def secondments(part: Part) -> "QuerySet[Secondment]":
    """Return who sent the person, in the order of time."""
    return part.person.secondments.filter(during__overlap=part.during).select_related("home_unit", "region").order_by("during", "pk")


def squads(part: Part) -> "QuerySet[SquadMember]":
    """Return the person's time in squads, in the order of time."""
    held = part.person.squads.filter(during__overlap=part.during).select_related("squad__branch")
    return part.of(held, "squad__branch").order_by("during", "pk")


def stays(part: Part) -> "QuerySet[OnSiteStay]":
    """Return the days on which the person lived on site, in the order of time."""
    held = OnSiteStay.objects.filter(membership__person=part.person, during__overlap=part.during).select_related("branch")
    return part.of(held, "branch").order_by("during", "pk")


def claims(part: Part) -> "QuerySet[PioneerClaim]":
    """Return the pioneer posts that the person held, in the order of time."""
    held = part.person.pioneer_claims.filter(during__overlap=part.during).select_related("post__branch")
    return part.of(held, "post__branch").order_by("during", "pk")


def notes(part: Part) -> "QuerySet[ServiceNote]":
    """Return the words of merit that stand, in the order of days."""
    written = ServiceNote.objects.standing().filter(person=part.person, happened_on__range=(part.first, part.last)).select_related("branch", "written_by")
    return part.of(written, "branch").order_by("happened_on", "pk")


def shifts(part: Part) -> "QuerySet[CheckIn]":
    """Return the shifts that the person served, with `served`, how long."""
    return part.of(timed(CheckIn.objects.filter(assignment__person=part.person).on_days(part.first, part.last)), "assignment__shift__post__branch")


def duties(part: Part) -> list[Duties]:
    """Return what the person served by branch and kind of post, in the order of their first days."""
    post, day = "assignment__shift__post__", "assignment__shift__business_date"
    names = {"branch": F(f"{post}branch__name"), "branch_id": F(f"{post}branch__public_id"), "duty": F(f"{post}duty")}
    grouped = shifts(part).order_by().values(**names).annotate(n=Count("pk"), time=Sum("served"), first=Min(day), last=Max(day))
    rows = grouped.order_by("first", "duty", "branch_id")
    return [Duties(row["branch"], row["branch_id"], row["duty"], row["first"], row["last"], Served(row["n"], 1, row["time"])) for row in rows]


def sum_of(lines: Sequence[Duties]) -> Served:
    """Return what lines of duties come to together."""
    return Served(sum(line.served.shifts for line in lines), 1, sum((line.served.time for line in lines), timedelta()))


def days_in(held: Sequence[Membership] | Sequence[OnSiteStay], part: Part) -> int:
    """Return on how many days of the part the person was in a branch, or lived on site; up to today."""
    until = min(part.last, clock.today()) + timedelta(days=1)
    spans = [(max(each.during.lower or part.first, part.first), min(each.during.upper or until, until)) for each in held]
    # Nobody is in two branches, or lives at two places, at a time: so no day counts twice.
    return sum(max((end - start).days, 0) for start, end in spans)
