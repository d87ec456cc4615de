"""The one reader of totals. Page, API, chat text and document ask here and so cannot disagree.

A reader passes a scope, a span of days and metrics; `records` gives the measures that count, and every total is an aggregate over exactly
those rows. Which rows count is written in docs/decisions/totals.md; in short:

- only current versions, filed or accepted;
- `sum`: the days of the span, and period reports that add to the daily ones and lie wholly inside it;
- `latest`: the last value of each branch up to the end of the span, while the branch is alive on that day;
- `distinct` and `none`, and whatever is not added over places: the same rows, shown one by one, never added;
- a region has what was done in it, by the tree in force on the day; a work unit only what can be attributed to its people;
  command posts are shown apart and are in no region's totals.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, DateField, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, JSONObject

from activities.figures import Qualifier, combine, difference, from_counts
from activities.models import DailyReport, Entry, EntryParticipant, Measure, Metric, OverPlaces, OverTime, PeriodReport, ReportDraft, ReportVersion
from activities.querysets import MeasureQuerySet
from branches.models import Branch, Level, Region, RegionPath, WorkUnit, WorkUnitPath
from branches.querysets import BranchQuerySet
from members.models import OfficerTerm

# Before any record: the start of a span that means 'since founding'.
DAWN: Final = date(1900, 1, 1)
# Command posts report for a work unit and are never mixed with branches.
COUNTED_KINDS: Final = ("branch", "work_team")
# The offices that answer the telephone for a branch, in the order in which they are called.
CALLED_OFFICES: Final = ("secretary", "deputy_secretary", "team_leader")

# The day on which a figure stands: its business date, or the last day of its period.
_DAY: Final = Coalesce("business_date", "entry__version__period_report__last_day", output_field=DateField())
_INEXACT: Final = (Qualifier.NEARLY, Qualifier.OVER, Qualifier.ABOUT, Qualifier.AT_LEAST)


# --- What is asked, and what is answered --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """What a total is about: exactly one of a region, a work unit and a branch."""

    region: Region | None = None
    work_unit: WorkUnit | None = None
    branch: Branch | None = None

    def __post_init__(self) -> None:
        """Refuse anything but one object."""
        if sum(part is not None for part in (self.region, self.work_unit, self.branch)) != 1:
            raise ValueError("a scope is one region, one work unit or one branch")

    @classmethod
    def of(cls, thing: Region | WorkUnit | Branch) -> "Scope":
        """Return the scope that is `thing`."""
        if isinstance(thing, Region):
            return cls(region=thing)
        if isinstance(thing, WorkUnit):
            return cls(work_unit=thing)
        return cls(branch=thing)

    @property
    def object(self) -> Region | WorkUnit | Branch:
        """The region, work unit or branch."""
        thing = self.region or self.work_unit or self.branch
        assert thing is not None  # noqa: S101 - __post_init__
        return thing

    @property
    def kind(self) -> str:
        """`region`, `work_unit` or `branch`."""
        return "region" if self.region else "work_unit" if self.work_unit else "branch"

    @property
    def public_id(self) -> UUID:
        """The object's public identifier."""
        return self.object.public_id


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a reversed span."""
        if self.last < self.first:
            raise ValueError("a span ends before it starts")

    @classmethod
    def day(cls, day: date) -> "Span":
        """Return the span of one day."""
        return cls(day, day)

    @property
    def length(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    def days(self) -> Iterator[date]:
        """Yield every day."""
        return (self.first + timedelta(days=offset) for offset in range(self.length))


@dataclass(frozen=True, slots=True)
class Total:
    """A metric's figure for a scope and a span, in the metric's own unit.

    Attributes:
        value: None when the figures behind it must not be added; `count` then says how many there are.
        count: measures behind it. inexact: how many of them carry a qualifier.
        known_at: when the last of them was filed or reviewed.
    """

    metric: Metric
    value: Decimal | None
    qualifier: Qualifier
    count: int
    inexact: int
    known_at: datetime | None = None

    @property
    def added(self) -> bool:
        """Whether the value is a sum of several figures, so that no single word is true of all its terms."""
        return self.count > 1


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A line of the table below a scope; `child` None holds what was done at the region itself, in none of its children."""

    child: Region | WorkUnit | Branch | None
    due: int
    reported: int
    totals: Mapping[str, Total]


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of the branches that owe a report for a day have filed one.

    Attributes:
        late: reports of which nothing was filed before the due time. corrected: whose current version is a correction.
        waiting: filed and not yet accepted. known_at: when the last of them was filed or reviewed.
    """

    day: date
    due: int
    reported: int
    late: int = 0
    corrected: int = 0
    waiting: int = 0
    known_at: datetime | None = None

    @property
    def missing(self) -> int:
        """Branches that have not reported."""
        return self.due - self.reported


@dataclass(frozen=True, slots=True)
class DutyContact:
    """Whom to call for a branch; the number is shown and called through a view that logs it."""

    person_id: UUID
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class MissingBranch:
    """A branch without a current report for a day.

    Attributes:
        days: for how many days running; None when it never reported and its start is unknown.
        draft_since: when somebody began to fill the report in without filing it.
        returned: whether a report was filed and sent back.
    """

    branch: Branch
    days: int | None
    draft_since: datetime | None
    returned: bool
    contact: DutyContact | None


@dataclass(frozen=True, slots=True)
class Attributed:
    """What a work unit's people did: a person-shift is one person in one entry; `people` counts each person once."""

    person_shifts: int = 0
    people: int = 0
    hours: Decimal = field(default_factory=Decimal)
    entries: int = 0
    known_at: datetime | None = None


# --- The rows that count ------------------------------------------------------------------------------------------------


def records(scope: Scope, span: Span, metric: Metric | None = None, kind: str | None = None, metrics: Iterable[Metric] | None = None) -> MeasureQuerySet:
    """Return the measures behind the figures of `scope` in `span`: of one metric, of some, of one kind of work, or all.

    Annotated with `day`, the day on which each stands.
    """
    wanted = [metric] if metric is not None else list(metrics) if metrics is not None else None
    parts = []
    if wanted is None or any(each.over_time != OverTime.LATEST for each in wanted):
        parts.append(_added_up(scope, span))
    if wanted is None or any(each.over_time == OverTime.LATEST for each in wanted):
        parts.append(_in_force(scope, span.last))
    found: MeasureQuerySet = Measure.objects.none()
    if len(parts) == 1:
        found = parts[0]
    elif parts:
        # Each half is planned on its own; joined by OR they would read every measure there is.
        found = Measure.objects.filter(pk__in=parts[0].values("pk").union(parts[1].values("pk"), all=True))
    if wanted is not None:
        found = found.filter(metric__in=[each.pk for each in wanted])
    if kind:
        found = found.filter(metric__kind=kind)
    dated: MeasureQuerySet = found.annotate(day=_DAY)
    return dated


def cut_by(scope: Scope, span: Span) -> MeasureQuerySet:
    """Return figures of period reports that overlap `span` without lying inside it: named beside a total, never in it."""
    overlapping = Q(entry__version__period_report__in=PeriodReport.objects.cut_by(span.first, span.last))
    return _of_periods(scope, PeriodReport.Relation.ADDS_TO_DAILY).filter(overlapping)


def compared(scope: Scope, span: Span) -> MeasureQuerySet:
    """Return figures of period reports inside `span` that include the daily reports: compared with a total, never in it."""
    inside = Q(entry__version__period_report__in=PeriodReport.objects.wholly_inside(span.first, span.last))
    return _of_periods(scope, PeriodReport.Relation.INCLUDES_DAILY).filter(inside)


def participations(work_unit: WorkUnit, span: Span) -> QuerySet[EntryParticipant]:
    """Return the person-shifts of people whom `work_unit`, or a unit below it, sent on that day."""
    below = WorkUnitPath.objects.filter(ancestor=work_unit).values("descendant")
    rows = EntryParticipant.objects.filter(home_unit__in=below, entry__version__state__in=ReportVersion.CURRENT, entry__branch__kind__in=COUNTED_KINDS)
    return rows.filter(_inside(span, "entry__"))


def _inside(span: Span, prefix: str) -> Q:
    """Return the filter for days of `span` and period reports inside it; `prefix` leads to the entry."""
    period = f"{prefix}version__period_report__"
    daily = Q(**{f"{prefix}business_date__range": (span.first, span.last)})
    return daily | Q(**{f"{period}first_day__gte": span.first, f"{period}last_day__lte": span.last, f"{period}relation": PeriodReport.Relation.ADDS_TO_DAILY})


def _added_up(scope: Scope, span: Span) -> MeasureQuerySet:
    # The measure carries its date too: with it the index on (metric, date) and not the entry narrows the search.
    period = Q(business_date=None) & _inside(span, "entry__")
    counted = Measure.objects.counted().exclude(metric__over_time=OverTime.LATEST)
    return _placed(scope, counted.filter(Q(business_date__range=(span.first, span.last)) | period))


def _carried(scope: Scope) -> MeasureQuerySet:
    """Return every value that a `latest` metric ever took, wherever the branch was at the time, with its `day`."""
    adds = Q(business_date__isnull=False) | Q(entry__version__period_report__relation=PeriodReport.Relation.ADDS_TO_DAILY)
    counted = Measure.objects.counted().filter(adds, metric__over_time=OverTime.LATEST).annotate(day=_DAY)
    found: MeasureQuerySet = counted.filter(branch=scope.branch) if scope.branch else counted
    return found


def _in_force(scope: Scope, day: date) -> MeasureQuerySet:
    """Return the value of each branch and `latest` metric that holds on `day`."""
    # The last value first, the place afterwards: a branch that moved away leaves no old value behind.
    past = _carried(scope).filter(day__lte=day, branch__life__contains=day)
    last = past.order_by("branch_id", "metric_id", "-day", F("business_date").desc(nulls_last=True), "-pk").distinct("branch_id", "metric_id")
    return _placed(scope, Measure.objects.filter(pk__in=last.values("pk")))


def _of_periods(scope: Scope, relation: str) -> MeasureQuerySet:
    found = Measure.objects.counted().filter(business_date=None, entry__version__period_report__relation=relation)
    dated: MeasureQuerySet = _placed(scope, found.exclude(metric__over_time=OverTime.LATEST)).annotate(day=_DAY)
    return dated


def _placed(scope: Scope, measures: MeasureQuerySet) -> MeasureQuerySet:
    """Keep what belongs to the scope."""
    if scope.branch is not None:
        return measures.filter(branch=scope.branch)
    apart = measures.filter(branch__kind__in=COUNTED_KINDS)
    if scope.region is not None:
        return apart.within(scope.region)
    below = WorkUnitPath.objects.filter(ancestor=scope.work_unit).values("descendant")
    ours = EntryParticipant.objects.filter(entry=OuterRef("entry"), home_unit__in=below)
    others = EntryParticipant.objects.filter(Q(home_unit=None) | ~Q(home_unit__in=below), entry=OuterRef("entry"))
    return apart.filter(Exists(ours), ~Exists(others), metric__attributable=True)


# --- Totals -------------------------------------------------------------------------------------------------------------


def totals(scope: Scope, span: Span, metrics: Iterable[Metric] | None = None) -> dict[str, Total]:
    """Return the figures by metric code, in the order of the catalogue; a metric that nobody reported is absent, for blank is not zero."""
    wanted = _catalogue(metrics)
    rows = records(scope, span, metrics=wanted.values()).order_by().values("metric").annotate(**_aggregates())
    return _in_order(wanted, rows)


def by_day(scope: Scope, span: Span, metrics: Iterable[Metric]) -> dict[str, dict[date, Total]]:
    """Return for each metric the figure of each single day of `span`; a day without one is absent.

    Equals `totals` of that day. Figures of longer periods stand on no day; a `latest` metric has the value in force on each.
    """
    wanted = _catalogue(metrics)
    found: dict[str, dict[date, Total]] = {metric.code: {} for metric in wanted.values()}
    adding = {pk: metric for pk, metric in wanted.items() if metric.over_time != OverTime.LATEST}
    if adding:
        for row in _single_days(scope, span, adding.values()).values("metric", "day").annotate(**_aggregates()):
            metric = adding[row["metric"]]
            found[metric.code][row["day"]] = _total(metric, row)
    for metric in wanted.values():
        if metric.over_time == OverTime.LATEST:
            found[metric.code] = _values_in_force(scope, span, metric)
    return found


def by_child(scope: Scope, span: Span, metrics: Iterable[Metric]) -> list[ChildRow]:
    """Return a row for each child: the regions or work units directly below, or the branches of a community and lower.

    Completeness is that of the last day of the span. The rows of a region add up to its totals.
    """
    wanted = _catalogue(metrics)
    if scope.work_unit is not None:
        children: dict[int | None, Region | WorkUnit | Branch | None] = {child.pk: child for child in scope.work_unit.children.all()}
        owner: Combinable = Subquery(_child_unit(scope.work_unit))
        expected: dict[int | None, tuple[int, int]] = {}
    elif scope.region is not None and not lists_branches(scope):
        children = {child.pk: child for child in Region.objects.children_of(scope.region, span.last)}
        owner = Subquery(_child_region(scope.region, "entry__place", _OWN_DAY))
        expected = _expected(scope, span.last, Subquery(_child_region(scope.region, "region", span.last)))
    else:
        children, owner, expected = {}, F("branch"), _expected(scope, span.last, F("pk"))
    found: dict[int | None, dict[int, Total]] = defaultdict(dict)
    for row in records(scope, span, metrics=wanted.values()).order_by().annotate(child=owner).values("child", "metric").annotate(**_aggregates()):
        found[row["child"]][row["metric"]] = _total(wanted[row["metric"]], row)
    return _child_rows(scope, children, expected, {child: {wanted[pk].code: total for pk, total in held.items()} for child, held in found.items()})


def lists_branches(scope: Scope) -> bool:
    """Say whether what lies below the scope is shown by branch: a community and lower holds few of them."""
    return scope.region is not None and Level(scope.region.level).rank >= Level.COMMUNITY.rank


def change(now: Total | None, before: Total | None) -> tuple[Decimal, Qualifier] | None:
    """Return by how much a figure moved; None unless both are values that may be compared."""
    if now is None or before is None or now.value is None or before.value is None:
        return None
    return now.value - before.value, difference(now.qualifier, before.qualifier)


def first_day(scope: Scope) -> date | None:
    """Return the first day of which the scope has a record; None when it has none."""
    start = Coalesce("business_date", "entry__version__period_report__first_day", output_field=DateField())
    found = _placed(scope, Measure.objects.counted())
    if scope.work_unit is not None:
        # Their shifts count even where no figure can be attributed.
        found = Measure.objects.filter(entry__in=participations(scope.work_unit, Span(DAWN, date.max)).values("entry"))
    first: date | None = found.aggregate(first=Min(start))["first"]
    return first


def known_at(figures: Iterable[Total | Completeness | Attributed]) -> datetime | None:
    """Return when the last of what was counted was filed or reviewed; None when nothing was."""
    return max((figure.known_at for figure in figures if figure.known_at is not None), default=None)


def _catalogue(metrics: Iterable[Metric] | None) -> dict[int, Metric]:
    return {metric.pk: metric for metric in (Metric.objects.all() if metrics is None else metrics)}


def _aggregates() -> dict[str, Any]:
    """Return what a total needs of its rows, named so that `_total` finds it."""
    counts = {f"n_{qualifier}": Count("pk", filter=Q(qualifier=qualifier)) for qualifier in _INEXACT}
    version = "entry__version__"
    # Greatest passes over a missing review.
    known = Max(Greatest(f"{version}known_from", f"{version}reviewed_at"))
    return {"total": Sum("value"), "count": Count("pk"), "owners": Count("branch", distinct=True), "known": known, **counts}


def _total(metric: Metric, row: Mapping[str, Any]) -> Total:
    counts = {str(qualifier): row[f"n_{qualifier}"] for qualifier in _INEXACT}
    value = row["total"] if adds(metric, row["count"], row["owners"]) else None
    return Total(metric, value, from_counts(**counts), row["count"], sum(counts.values()), row["known"])


def adds(metric: Metric, count: int, owners: int) -> bool:
    """Say whether `count` figures of `owners` branches may be added; a single one is its own value."""
    if count == 1:
        return True
    if metric.over_time in (OverTime.DISTINCT, OverTime.NONE):
        return False
    return owners == 1 or metric.over_places == OverPlaces.SUM


def _in_order(wanted: Mapping[int, Metric], rows: Iterable[Mapping[str, Any]]) -> dict[str, Total]:
    found = {row["metric"]: row for row in rows}
    return {metric.code: _total(metric, found[metric.pk]) for metric in sorted(wanted.values(), key=lambda each: each.position) if metric.pk in found}


def _single_days(scope: Scope, span: Span, metrics: Iterable[Metric]) -> MeasureQuerySet:
    """Return the records that stand on one day: daily ones, and periods of a day."""
    period = "entry__version__period_report__"
    found = records(scope, span, metrics=metrics).order_by()
    return found.filter(Q(business_date__isnull=False) | Q(**{f"{period}first_day": F(f"{period}last_day")}))


# --- Values that hold until the next one ----------------------------------------------------------------------------------


def _values_in_force(scope: Scope, span: Span, metric: Metric) -> dict[date, Total]:
    """Return the sum, on each day, of the value that each branch last gave: a walk over all their steps."""
    known = Greatest("entry__version__known_from", "entry__version__reviewed_at")
    path = _carried(scope).filter(metric=metric, day__lte=span.last)
    ours = _placed(scope, path)
    steps = (
        path.filter(branch__in=ours.values("branch"))
        .annotate(ours=Q(pk__in=ours.values("pk")), known=known)
        .order_by("branch_id", "day", F("business_date").asc(nulls_first=True), "pk")
        .values("branch", "branch__life", "day", "value", "qualifier", "ours", "known")
    )
    held: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for _branch, rows in groupby(steps, key=lambda row: row["branch"]):
        for day, row in _held_on(list(rows), span):
            held[day].append(row)
    return {day: _sum_of(metric, held[day]) for day in sorted(held)}


def _held_on(steps: list[dict[str, Any]], span: Span) -> Iterator[tuple[date, dict[str, Any]]]:
    """Yield the step in force on each day of `span` on which the branch is alive and the step is of the scope."""
    life = steps[0]["branch__life"]
    index = -1
    for day in span.days():
        while index + 1 < len(steps) and steps[index + 1]["day"] <= day:
            index += 1
        alive = (life.lower is None or life.lower <= day) and (life.upper is None or day < life.upper)
        if index >= 0 and alive and steps[index]["ours"]:
            yield day, steps[index]


def _sum_of(metric: Metric, rows: list[dict[str, Any]]) -> Total:
    qualifiers = [Qualifier(row["qualifier"]) for row in rows]
    value = sum((row["value"] for row in rows), Decimal(0)) if adds(metric, len(rows), len(rows)) else None
    inexact = sum(qualifier != Qualifier.EXACT for qualifier in qualifiers)
    return Total(metric, value, combine(qualifiers), len(rows), inexact, max(row["known"] for row in rows))


# --- Children -----------------------------------------------------------------------------------------------------------

# Of an outer measure: the day on which it stands.
_OWN_DAY: Final = Coalesce(OuterRef("business_date"), OuterRef("entry__version__period_report__last_day"), output_field=DateField())


def _child_region(region: Region, place: str, day: Any) -> QuerySet[RegionPath, Any]:
    """Return, for an outer row, the region directly below `region` in which its `place` lies on `day`."""
    lies = RegionPath.objects.filter(descendant=OuterRef(place), during__contains=day, ancestor__parents__parent=region)
    return lies.filter(ancestor__parents__during__contains=day).values("ancestor")[:1]


def _child_unit(work_unit: WorkUnit) -> QuerySet[EntryParticipant, Any]:
    """Return, for an outer measure, the unit directly below `work_unit` to which all who took part belong; none when they come from several."""
    took_part = EntryParticipant.objects.filter(entry=OuterRef("entry"), home_unit__paths_up__ancestor__parent=work_unit)
    child = took_part.order_by().values("entry").annotate(child=Min("home_unit__paths_up__ancestor"), most=Max("home_unit__paths_up__ancestor"))
    directly = EntryParticipant.objects.filter(entry=OuterRef("entry"), home_unit=work_unit)
    return child.filter(~Exists(directly), child=F("most")).values("child")


def _expected(scope: Scope, day: date, owner: Combinable) -> dict[int | None, tuple[int, int]]:
    """Return by child how many branches are due on `day` and how many have reported."""
    rows = due(scope, day).order_by().annotate(child=owner, filed=Exists(_filed_for(day))).values("child")
    return {row["child"]: (row["due"], row["reported"]) for row in rows.annotate(due=Count("pk"), reported=Count("pk", filter=Q(filed=True)))}


def _child_rows(
    scope: Scope,
    children: dict[int | None, Region | WorkUnit | Branch | None],
    expected: Mapping[int | None, tuple[int, int]],
    found: Mapping[int | None, Mapping[str, Total]],
) -> list[ChildRow]:
    unnamed = {pk for pk in {*expected, *found} if pk is not None and pk not in children}
    if unnamed:
        # Branches; or a region that lies elsewhere by now, whose past figures are still the scope's.
        named: Iterable[Region | WorkUnit | Branch] = (Branch if lists_branches(scope) or scope.branch else Region).objects.filter(pk__in=unnamed)
        children |= {child.pk: child for child in named}
    if None in expected or None in found:
        children[None] = None
    rows = [ChildRow(child, *expected.get(pk, (0, 0)), totals=found.get(pk, {})) for pk, child in children.items()]
    return sorted(rows, key=lambda row: (row.child is None, getattr(row.child, "name_key", "")))


# --- Completeness -------------------------------------------------------------------------------------------------------


def due(scope: Scope, day: date) -> BranchQuerySet:
    """Return the branches of the scope that owe a report for `day`; of a work unit, those where its people serve."""
    owing = Branch.objects.due_on(day)
    if scope.branch is not None:
        return owing.filter(pk=scope.branch.pk)
    if scope.region is not None:
        return owing.within(scope.region, day)
    return owing.served_by(scope.work_unit)


def missing(scope: Scope, day: date) -> BranchQuerySet:
    """Return the branches that owe a report for `day` and have no current one; a returned report is missing again."""
    return due(scope, day).filter(~Exists(_filed_for(day))).by_name()


def completeness(scope: Scope, day: date) -> Completeness:
    """Return how many of the branches due on `day` have reported."""
    filed = _filed_for(day)
    punctual = Q(due_at=None) | Q(known_from__lte=F("due_at"))
    on_time = ReportVersion.objects.filter(punctual, daily_report__branch=OuterRef("pk"), daily_report__business_date=day)
    known = Greatest("known_from", "reviewed_at")
    row = due(scope, day).aggregate(
        due=Count("pk"),
        reported=Count("pk", filter=Exists(filed)),
        late=Count("pk", filter=Exists(filed) & ~Exists(on_time)),
        corrected=Count("pk", filter=Exists(filed.filter(nature=ReportVersion.Nature.CORRECTION))),
        waiting=Count("pk", filter=Exists(filed.filter(state=ReportVersion.State.FILED))),
        known_at=Max(Subquery(filed.annotate(known=known).values("known")[:1])),
    )
    return Completeness(day=day, **row)


def missing_branches(scope: Scope, day: date, limit: int | None = None) -> list[MissingBranch]:
    """Return the missing branches with what an official wants to know before the call; one query."""
    history = DailyReport.objects.current().filter(branch=OuterRef("pk"), business_date__lt=day).order_by("-business_date")
    drafts = ReportDraft.objects.filter(branch=OuterRef("pk"), business_date=day).order_by("saved_at")
    returned = ReportVersion.objects.filter(daily_report__branch=OuterRef("pk"), daily_report__business_date=day, state=ReportVersion.State.RETURNED)
    rows = missing(scope, day).annotate(
        last_reported=Subquery(history.values("business_date")[:1]),
        draft_since=Subquery(drafts.values("saved_at")[:1]),
        was_returned=Exists(returned),
        contact=Subquery(_contacts(day)),
    )
    return [_missing_branch(branch, day) for branch in (rows if limit is None else rows[:limit])]


def _filed_for(day: date) -> QuerySet[ReportVersion]:
    """Return, for an outer branch, the current version of its report for `day`."""
    return ReportVersion.objects.current().filter(daily_report__branch=OuterRef("pk"), daily_report__business_date=day)


def _contacts(day: date) -> QuerySet[OfficerTerm, Any]:
    """Return, for an outer branch, its officer with a duty phone: the secretary before the deputy before a team leader."""
    terms = OfficerTerm.objects.filter(branch=OuterRef("pk"), during__contains=day, office__in=CALLED_OFFICES).exclude(membership__person__duty_phone="")
    # In the alphabet the secretary comes before a team leader, and the deputy before both.
    ranked = terms.annotate(first=Q(office="secretary")).order_by("-first", "office", "pk")
    person = "membership__person__"
    return ranked.values(json=JSONObject(id=f"{person}public_id", name=f"{person}name", phone=f"{person}duty_phone"))[:1]


def _missing_branch(branch: Any, day: date) -> MissingBranch:
    after_last = branch.last_reported + timedelta(days=1) if branch.last_reported else None
    starts = [start for start in (after_last, branch.life.lower, branch.reports_from) if start is not None]
    contact = branch.contact and DutyContact(UUID(branch.contact["id"]), branch.contact["name"], branch.contact["phone"])
    days = (day - max(starts)).days + 1 if starts else None
    return MissingBranch(branch, days, branch.draft_since, branch.was_returned, contact)


# --- A work unit's people -----------------------------------------------------------------------------------------------


def attributed(work_unit: WorkUnit, span: Span) -> Attributed:
    """Return what the people of `work_unit` and of all units below it did in `span`."""
    return _attributed(participations(work_unit, span).aggregate(**_attribution()))


def attributed_by_day(work_unit: WorkUnit, span: Span) -> dict[date, Attributed]:
    """Return the same for each day on which something was done."""
    daily = participations(work_unit, span).filter(entry__business_date__isnull=False)
    return {row["entry__business_date"]: _attributed(row) for row in daily.order_by().values("entry__business_date").annotate(**_attribution())}


def attributed_by_child(work_unit: WorkUnit, span: Span) -> list[tuple[WorkUnit, Attributed]]:
    """Return the same for each unit directly below, and for `work_unit` itself where it sends people of its own."""
    children = {child.pk: child for child in work_unit.children.all()}
    path = WorkUnitPath.objects.filter(descendant=OuterRef("home_unit"), ancestor__parent=work_unit).values("ancestor")[:1]
    rows = participations(work_unit, span).order_by().annotate(child=Coalesce(Subquery(path), "home_unit")).values("child").annotate(**_attribution())
    found = {row["child"]: _attributed(row) for row in rows}
    listed = [(child, found.get(pk, Attributed())) for pk, child in children.items()]
    return listed + ([(work_unit, found[work_unit.pk])] if work_unit.pk in found else [])


def served(work_unit: WorkUnit, span: Span, metrics: Iterable[Metric]) -> list[ChildRow]:
    """Return the branches where the unit's members serve, each with its own totals: those branches' figures, never the unit's."""
    wanted = _catalogue(metrics)
    branches = {branch.pk: branch for branch in Branch.objects.served_by(work_unit).alive_on(span.last).by_name()}
    expected = _expected(Scope(work_unit=work_unit), span.last, F("pk"))
    # As each branch's own dashboard has them: by branch, wherever the work was done.
    parts = [_of_branches(branches, span, latest) for latest in (False, True)]
    found: dict[int, dict[str, Total]] = defaultdict(dict)
    for part in parts:
        for row in part.filter(metric__in=list(wanted)).order_by().values("branch", "metric").annotate(**_aggregates()):
            metric = wanted[row["metric"]]
            found[row["branch"]][metric.code] = _total(metric, row)
    return [ChildRow(branch, *expected.get(pk, (0, 0)), totals=found[pk]) for pk, branch in branches.items()]


def entries_taken_part_in(work_unit: WorkUnit, span: Span) -> QuerySet[Entry]:
    """Return the entries in which people of the unit took part, with `shifts` and `hours` of those people alone, and `day`."""
    below = WorkUnitPath.objects.filter(ancestor=work_unit).values("descendant")
    ours = Q(participants__home_unit__in=below)
    day = Coalesce("business_date", "version__period_report__last_day", output_field=DateField())
    entries = Entry.objects.filter(pk__in=participations(work_unit, span).values("entry"))
    summed: QuerySet[Entry] = entries.annotate(day=day, shifts=Count("participants", filter=ours), hours=Sum("participants__hours", filter=ours))
    return summed


def _of_branches(branches: Iterable[int], span: Span, latest: bool) -> MeasureQuerySet:
    held = list(branches)
    if not latest:
        counted = Measure.objects.counted().filter(branch__in=held).exclude(metric__over_time=OverTime.LATEST)
        return counted.filter(_inside(span, "entry__"))
    adds_up = Q(business_date__isnull=False) | Q(entry__version__period_report__relation=PeriodReport.Relation.ADDS_TO_DAILY)
    past = Measure.objects.counted().filter(adds_up, branch__in=held, metric__over_time=OverTime.LATEST).annotate(day=_DAY)
    past = past.filter(day__lte=span.last, branch__life__contains=span.last)
    last = past.order_by("branch_id", "metric_id", "-day", F("business_date").desc(nulls_last=True), "-pk").distinct("branch_id", "metric_id")
    return Measure.objects.filter(pk__in=last.values("pk"))


def _attribution() -> dict[str, Any]:
    known = Max(Greatest("entry__version__known_from", "entry__version__reviewed_at"))
    return {
        "shifts": Count("pk"),
        "people": Count("person", distinct=True),
        "time": Coalesce(Sum("hours"), Decimal(0)),
        "works": Count("entry", distinct=True),
        "known": known,
    }


def _attributed(row: Mapping[str, Any]) -> Attributed:
    return Attributed(row["shifts"], row["people"], row["time"], row["works"], row["known"])
