"""Person-shifts and hours that were served, by person, branch and work unit. A shift counts on the business date of its start, whole, also over midnight."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import BigIntegerField, Case, Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Concat, Extract, Greatest, Least, Left, Length, Lower, Repeat, Upper

from branches import access
from branches.access import Act
from members.models import CheckIn, Person, Secondment
from members.querysets import CheckInQuerySet
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
        return in_hours(self.time)


# What hours are told by, and the columns that make one row of it.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "person": ("assignment__person__name_key", "assignment__person", "assignment__person__public_id", "assignment__person__name"),
    "branch": ("assignment__shift__post__branch__name_key", "assignment__shift__post__branch", "branch_id", "assignment__shift__post__branch__name"),
    "unit": ("unit_key", "unit", "unit_id", "unit_name"),
}


def in_hours(time: timedelta) -> Decimal:
    """Return a time in hours, to a tenth."""
    return (Decimal(int(time.total_seconds())) / 3600).quantize(Decimal("0.1"))


def check_ins_seen(actor: object) -> CheckInQuerySet:
    """Return the check-ins of which `actor` sees the sums; a work unit's liaison those of its own people alone."""
    allowed = access.reach(actor, Act.SEE_ROSTER)
    territorial = access.Reach(everything=allowed.everything, regions=allowed.regions, branches=allowed.branches)
    found: CheckInQuerySet = CheckIn.objects.none()
    if territorial:
        found = CheckIn.objects.filter(access.branches_within(territorial, "assignment__shift__post__branch__"))
    if not allowed.work_units:
        return found
    own = Person.objects.filter(access.people_within(access.Reach(work_units=allowed.work_units)))
    sent: CheckInQuerySet = CheckIn.objects.filter(assignment__person__in=own.values("pk"))
    return found | sent


def hours_by(group: str, rows: CheckInQuerySet, first: date, last: date) -> "QuerySet[CheckIn, dict[str, Any]]":
    """Return the rows `key`, `public_id`, `name`, `shifts`, `people` and `time` of what was served on some days, in the order of names."""
    key, ident, public_id, name = GROUPS[group]
    found = timed(rows.on_days(first, last))
    if group == "unit":
        found = with_unit(found)
    elif group == "branch":
        found = found.annotate(branch_id=F("assignment__shift__post__branch__public_id"))
    grouped = found.order_by().values(key=F(key), group=F(ident), public=F(public_id), title=F(name))
    counted: QuerySet[CheckIn, dict[str, Any]] = grouped.annotate(shifts=Count("pk"), people=Count("assignment__person", distinct=True), time=Sum("served"))
    return counted.order_by("key", "group")


def hours_of(rows: CheckInQuerySet, first: date, last: date) -> Served:
    """Return what was served on some days, all together; everybody counts once among the people."""
    found = timed(rows.on_days(first, last)).aggregate(shifts=Count("pk"), people=Count("assignment__person", distinct=True), time=Sum("served"))
    return Served(found["shifts"], found["people"], found["time"] or timedelta())


def hours_by_day(rows: CheckInQuerySet) -> "QuerySet[Any, Any]":
    """Return what was served by business date, branch and work unit, as rows with names; `day_key`, `branch_key` and `unit_order` order them."""
    shift = "assignment__shift__"
    found = with_unit(timed(rows)).annotate(
        day=F(f"{shift}business_date"),
        day_key=Extract(f"{shift}business_date", "epoch", output_field=BigIntegerField()),
        branch_key=F(f"{shift}post__branch"),
        branch_id=F(f"{shift}post__branch__public_id"),
        branch_name=F(f"{shift}post__branch__name"),
        unit_order=Coalesce("unit", 0, output_field=BigIntegerField()),
    )
    keys = ("day", "day_key", "branch_key", "branch_id", "branch_name", "unit_order", "unit_id", "unit_name")
    counted = {"person_shifts": Count("pk"), "people": Count("assignment__person", distinct=True), "time": Sum("served")}
    grouped: QuerySet[Any, Any] = found.order_by().values(*keys).annotate(**counted).values_list(*keys, *counted, named=True)
    return grouped


def with_name(rows: CheckInQuerySet, actor: object) -> "QuerySet[Any, Any]":
    """Add `name`, as `actor` may know it: whole for whoever leads the shifts, else the first character and an asterisk for each other one."""
    path = "assignment__person__name"
    told = Exists(Person.objects.told_to(actor).filter(pk=OuterRef("assignment__person")))
    # As `mask_name` does it.
    hidden = Concat(Left(path, Least(Length(path) - 1, 1)), Repeat(Value("*"), Greatest(Length(path) - 1, 1)))
    named: QuerySet[Any, Any] = rows.annotate(name=Case(When(told, then=F(path)), default=hidden))
    return named


def timed(rows: CheckInQuerySet) -> "QuerySet[Any, Any]":
    """Keep whoever came, and add how long each served: from their arrival, if they were late, until the end, or until now."""
    during = "assignment__shift__during"
    until = Least(Upper(during), Value(clock.now()))
    since = Greatest(Lower(during), F("arrived_at"))
    served = Greatest(ExpressionWrapper(until - since, output_field=DurationField()), Value(timedelta()))
    found: QuerySet[Any, Any] = rows.served().annotate(served=served)
    return found


def with_unit(rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Add the work unit that had sent each on the business date; whoever nobody sent has none."""
    sent = Secondment.objects.filter(person=OuterRef("assignment__person"), during__contains=OuterRef("assignment__shift__business_date"))
    values = {"unit": "home_unit", "unit_key": "home_unit__name_key", "unit_id": "home_unit__public_id", "unit_name": "home_unit__name"}
    found: QuerySet[Any, Any] = rows.annotate(**{name: Subquery(sent.values(source)[:1]) for name, source in values.items()})
    return found
