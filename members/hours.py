"""Person-shifts and hours that were served, by person, branch and work unit. A shift counts on the business date of its start, whole, also over midnight."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, DurationField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Greatest, Least, Lower, Upper

from members.models import CheckIn, Secondment
from portal.foundation import clock


@dataclass(frozen=True, slots=True)
class Served:
    """What somebody, or somebody's people, served: how often, and how long."""

    shifts: int
    people: int
    time: timedelta

    @property
    def hours(self) -> Decimal:
        """Hours, to a tenth."""
        return (Decimal(int(self.time.total_seconds())) / 3600).quantize(Decimal("0.1"))


# What hours are told by, and the columns that make one row of it.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "person": ("assignment__person__name_key", "assignment__person", "assignment__person__public_id", "assignment__person__name"),
    "branch": ("assignment__shift__post__branch__name_key", "assignment__shift__post__branch", "branch_id", "assignment__shift__post__branch__name"),
    "unit": ("unit_key", "unit", "unit_id", "unit_name"),
}


def hours_by(group: str, rows: "QuerySet[CheckIn]", first: date, last: date) -> "QuerySet[CheckIn, dict[str, Any]]":
    """Return the rows `key`, `public_id`, `name`, `shifts`, `people` and `time` of what was served on some days, in the order of names."""
    key, ident, public_id, name = GROUPS[group]
    found = timed(rows, first, last)
    if group == "unit":
        found = _with_unit(found)
    elif group == "branch":
        found = found.annotate(branch_id=F("assignment__shift__post__branch__public_id"))
    grouped = found.order_by().values(key=F(key), group=F(ident), public=F(public_id), title=F(name))
    counted: QuerySet[CheckIn, dict[str, Any]] = grouped.annotate(shifts=Count("pk"), people=Count("assignment__person", distinct=True), time=Sum("served"))
    return counted.order_by("key", "group")


def hours_of(rows: "QuerySet[CheckIn]", first: date, last: date) -> Served:
    """Return what was served on some days, all together; everybody counts once among the people."""
    found = timed(rows, first, last).aggregate(shifts=Count("pk"), people=Count("assignment__person", distinct=True), time=Sum("served"))
    return Served(found["shifts"], found["people"], found["time"] or timedelta())


def timed(rows: "QuerySet[CheckIn]", first: date, last: date) -> "QuerySet[CheckIn]":
    """Return the check-ins of some days but absences, with `served`: from the start, or the arrival if they were late, until the end, or until now."""
    during = "assignment__shift__during"
    until = Least(Upper(during), Value(clock.now()))
    since = Greatest(Lower(during), F("arrived_at"))
    served = Greatest(ExpressionWrapper(until - since, output_field=DurationField()), Value(timedelta()))
    days = rows.exclude(result=CheckIn.Result.ABSENT).filter(assignment__shift__business_date__range=(first, last))
    return days.annotate(served=served)


def _with_unit(rows: "QuerySet[CheckIn]") -> "QuerySet[CheckIn]":
    """Add the work unit that had sent each on the business date; whoever nobody sent has none."""
    sent = Secondment.objects.filter(person=OuterRef("assignment__person"), during__contains=OuterRef("assignment__shift__business_date"))
    values = {"unit": "home_unit", "unit_key": "home_unit__name_key", "unit_id": "home_unit__public_id", "unit_name": "home_unit__name"}
    return rows.annotate(**{name: Subquery(sent.values(source)[:1]) for name, source in values.items()})
