"""Totals of a span, and of each of its days."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, Protocol

from django.db.models import Count, DateField, F, Max, Min, Q, Sum
from django.db.models.functions import Coalesce

from activities.figures import Qualifier, combine, difference, from_counts
from activities.models import Measure, Metric, OverPlaces, OverTime
from activities.querysets import MeasureQuerySet
from activities.rollups.rows import branches_of, carried, participations, placed, records
from activities.rollups.scope import DAWN, Scope, Span
from activities.rollups.stored import Kept, held_on, is_kept, steps_of

INEXACT: Final = (Qualifier.NEARLY, Qualifier.OVER, Qualifier.ABOUT, Qualifier.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Total:
    """A metric's figure for a scope and a span, in the metric's own unit.

    Attributes:
        value: None when the figures behind it must not be added; `count` then says how many there are.
        count: measures behind it. inexact: how many of them carry a qualifier.
        known_at: when the last of them was filed; where totals are kept, when they last changed.
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


def totals(scope: Scope, span: Span, metrics: Iterable[Metric] | None = None, known_at: datetime | None = None) -> dict[str, Total]:
    """Return the figures by metric code, in the order of the catalogue; a metric that nobody reported is absent, for blank is not zero.

    With `known_at` the figures as they were at that moment, added up from the records: totals are kept of the present alone.
    """
    wanted = catalogue(metrics)
    if is_kept(scope) and known_at is None:
        return _kept_totals(scope, span, wanted)
    rows = records(scope, span, metrics=wanted.values(), known_at=known_at).order_by().values("metric").annotate(**aggregates())
    return _in_order(wanted, {row["metric"]: row for row in rows})


def total_of(metric: Metric, measures: MeasureQuerySet) -> Total | None:
    """Return the figure that these records of one metric make; None when there are none."""
    row = measures.order_by().aggregate(**aggregates())
    return as_total(metric, row) if row["count"] else None


def by_day(scope: Scope, span: Span, metrics: Iterable[Metric]) -> dict[str, dict[date, Total]]:
    """Return for each metric the figure of each single day of `span`; a day without one is absent.

    Equals `totals` of that day. Figures of longer periods stand on no day; a `latest` metric has the value in force on each.
    """
    wanted = catalogue(metrics)
    found: dict[str, dict[date, Total]] = {metric.code: {} for metric in wanted.values()}
    adding = {pk: metric for pk, metric in wanted.items() if metric.over_time != OverTime.LATEST}
    for row in _by_day(scope, span, adding):
        metric = adding[row["metric"]]
        found[metric.code][row["day"]] = as_total(metric, row)
    days = list(span.days())
    return found | values_in_force(scope, {metric: days for metric in wanted.values() if metric.over_time == OverTime.LATEST})


def change(now: Total | None, before: Total | None) -> tuple[Decimal, Qualifier] | None:
    """Return by how much a figure moved; None unless both are values that may be compared."""
    if now is None or before is None or now.value is None or before.value is None:
        return None
    return now.value - before.value, difference(now.qualifier, before.qualifier)


def first_day(scope: Scope) -> date | None:
    """Return the first day of which the scope has a record; None when it has none."""
    start = Coalesce("business_date", "entry__version__period_report__first_day", output_field=DateField())
    found = placed(scope, Measure.objects.counted())
    if scope.work_unit is not None:
        # Their shifts count even where no figure can be attributed.
        found = Measure.objects.filter(entry__in=participations(scope.work_unit, Span(DAWN, date.max)).values("entry"))
    first: date | None = found.aggregate(first=Min(start))["first"]
    return first


class Known(Protocol):
    """A figure that says when it was last fed."""

    @property
    def known_at(self) -> datetime | None:
        """When what it counts last changed."""
        ...


def known_at(figures: Iterable[Known]) -> datetime | None:
    """Return when what was counted last changed; None when nothing was."""
    return max((figure.known_at for figure in figures if figure.known_at is not None), default=None)


def catalogue(metrics: Iterable[Metric] | None) -> dict[int, Metric]:
    """Return metrics by key; all of them for None."""
    return {metric.pk: metric for metric in (Metric.objects.all() if metrics is None else metrics)}


def aggregates() -> dict[str, Any]:
    """Return what a total needs of its rows, named so that `as_total` finds it."""
    counts = {f"n_{qualifier}": Count("pk", filter=Q(qualifier=qualifier)) for qualifier in INEXACT}
    version = "entry__version__"
    owners = {"owners": Sum("branch"), "owner_squares": Sum(F("branch") * F("branch"))}
    return {"total": Sum("value"), "count": Count("pk"), **owners, "known": Max(f"{version}known_from"), **counts}


def as_total(metric: Metric, row: Mapping[str, Any]) -> Total:
    """Return the total that a row of such aggregates is."""
    counts = {str(qualifier): int(row[f"n_{qualifier}"]) for qualifier in INEXACT}
    count = int(row["count"])
    # So it is exactly when all owners are the same (Cauchy-Schwarz); and unlike the first and the last owner, sums can be kept up to date.
    one_owner = count * row["owner_squares"] == row["owners"] ** 2
    value = row["total"] if adds(metric, count, one_owner=one_owner) else None
    return Total(metric, value, from_counts(**counts), count, sum(counts.values()), row["known"])


def adds(metric: Metric, count: int, *, one_owner: bool) -> bool:
    """Say whether `count` figures, all of one branch or not, may be added; a single one is its own value."""
    if count == 1:
        return True
    if metric.over_time in (OverTime.DISTINCT, OverTime.NONE):
        return False
    return one_owner or metric.over_places == OverPlaces.SUM


def _kept_totals(scope: Scope, span: Span, wanted: Mapping[int, Metric]) -> dict[str, Total]:
    """Return the totals of a scope for which they are kept."""
    assert scope.region is not None  # noqa: S101 - is_kept
    steps = [pk for pk, metric in wanted.items() if metric.over_time == OverTime.LATEST]
    return _in_order(wanted, {row["series"]: row for row in Kept([scope.region.pk], list(wanted), span, steps).by("series") if row["count"]})


def _in_order(wanted: Mapping[int, Metric], found: Mapping[int, Mapping[str, Any]]) -> dict[str, Total]:
    return {metric.code: as_total(metric, found[metric.pk]) for metric in sorted(wanted.values(), key=lambda each: each.position) if metric.pk in found}


def _by_day(scope: Scope, span: Span, wanted: Mapping[int, Metric]) -> Iterable[Mapping[str, Any]]:
    """Return the aggregates of each metric on each single day."""
    if not wanted:
        return ()
    if is_kept(scope):
        assert scope.region is not None  # noqa: S101 - is_kept
        rows = Kept([scope.region.pk], list(wanted), span, single_days=True).by("series", "day")
        return ({**row, "metric": row["series"]} for row in rows)
    added: Iterable[Mapping[str, Any]] = single_days(scope, span, wanted.values()).values("metric", "day").annotate(**aggregates())
    return added


def single_days(scope: Scope, span: Span, metrics: Iterable[Metric]) -> MeasureQuerySet:
    """Return the records that stand on one day: daily ones, and periods of a day."""
    period = "entry__version__period_report__"
    found = records(scope, span, metrics=metrics).order_by()
    return found.filter(Q(business_date__isnull=False) | Q(**{f"{period}first_day": F(f"{period}last_day")}))


def values_in_force(scope: Scope, asked: Mapping[Metric, Iterable[date]]) -> dict[str, dict[date, Total]]:
    """Return for each `latest` metric, by code, the sum on the days asked for of the value that each branch last gave.

    A walk over all their steps, read in one query whatever is asked.
    """
    days = {metric.pk: sorted(set(held)) for metric, held in asked.items()}
    if not any(days.values()):
        return {metric.code: {} for metric in asked}
    if is_kept(scope):
        assert scope.region is not None  # noqa: S101 - is_kept
        return values_of(asked, steps_of(scope.region, list(days), max(held[-1] for held in days.values() if held)))
    path = carried(branches_of(scope)).filter(metric__in=list(days), day__lte=max(held[-1] for held in days.values() if held))
    ours = placed(scope, path)
    steps = (
        path.filter(branch__in=ours.values("branch"))
        .annotate(ours=Q(pk__in=ours.values("pk")), known=F("entry__version__known_from"))
        .order_by("metric_id", "branch_id", "day", F("business_date").asc(nulls_first=True), "pk")
        .values("metric", "branch", "branch__life", "day", "value", "qualifier", "ours", "known")
    )
    found: dict[int, dict[date, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for (metric_key, _branch), rows in groupby(steps, key=lambda row: (row["metric"], row["branch"])):
        for day, row in _held_on(list(rows), days[metric_key]):
            found[metric_key][day].append(row)
    return {metric.code: {day: _sum_of(metric, rows) for day, rows in sorted(found[metric.pk].items())} for metric in asked}


def values_of(asked: Mapping[Metric, Iterable[date]], steps: Iterable[Mapping[str, Any]]) -> dict[str, dict[date, Total]]:
    """Return the same from the steps that are kept of a region."""
    by_series: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for step in steps:
        by_series[step["series"]].append(step)
    held = {metric: held_on(set(days), by_series[metric.pk]) for metric, days in asked.items()}
    return {metric.code: {day: as_total(metric, row) for day, row in found.items()} for metric, found in held.items()}


def _held_on(steps: list[dict[str, Any]], days: Iterable[date]) -> Iterator[tuple[date, dict[str, Any]]]:
    """Yield the step in force on each of `days`, in their order, on which the branch is alive and the step is of the scope."""
    life = steps[0]["branch__life"]
    index = -1
    for day in days:
        while index + 1 < len(steps) and steps[index + 1]["day"] <= day:
            index += 1
        alive = (life.lower is None or life.lower <= day) and (life.upper is None or day < life.upper)
        if index >= 0 and alive and steps[index]["ours"]:
            yield day, steps[index]


def _sum_of(metric: Metric, rows: list[dict[str, Any]]) -> Total:
    qualifiers = [Qualifier(row["qualifier"]) for row in rows]
    value = sum((row["value"] for row in rows), Decimal(0)) if adds(metric, len(rows), one_owner=False) else None
    inexact = sum(qualifier != Qualifier.EXACT for qualifier in qualifiers)
    return Total(metric, value, combine(qualifiers), len(rows), inexact, max(row["known"] for row in rows))
