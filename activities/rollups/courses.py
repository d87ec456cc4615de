"""What lies below a region, over several days: the course of a figure, and how many of the reports that were due came."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from django.db import connection
from django.db.models import F

from activities.models import Metric, OverTime, ReportVersion, Series
from activities.rollups.children import Below, child_at
from activities.rollups.scope import Scope, Span
from activities.rollups.stored import Kept, Row, held_on
from activities.rollups.totals import Total, aggregates, as_total, single_days
from branches.models import Region

# Spells of branches that owed reports below a region, each cut to the days of the span on which it lay there.
_OF_BRANCHES: Final = """
    SELECT spell.branch_id AS child, spell.branch_id, spell.during * path.during * daterange(%(first)s, %(last)s, '[]') AS days
    FROM activities_duespell spell JOIN branches_regionpath path ON path.descendant_id = spell.place_id AND path.ancestor_id = %(region)s
"""
_OF_REGIONS: Final = """
    SELECT lies.region_id AS child, spell.branch_id, spell.during * path.during * lies.during * daterange(%(first)s, %(last)s, '[]') AS days
    FROM activities_duespell spell JOIN branches_regionpath path ON path.descendant_id = spell.place_id AND path.ancestor_id = ANY (%(without)s)
    JOIN branches_regionparent lies ON lies.region_id = path.ancestor_id AND lies.parent_id = %(region)s
    UNION ALL
    SELECT NULL, spell.branch_id, spell.during * daterange(%(first)s, %(last)s, '[]') FROM activities_duespell spell WHERE spell.place_id = %(region)s
"""
_RATE: Final = """
    SELECT child, sum(upper(days) - lower(days)), sum((
        SELECT count(*) FROM activities_dailyreport report
        WHERE report.branch_id = owed.branch_id AND report.business_date >= lower(days) AND report.business_date < upper(days)
            AND EXISTS (SELECT FROM activities_reportversion version WHERE version.daily_report_id = report.id AND version.state = ANY (%(current)s))))
    FROM ({owed}) AS owed WHERE NOT isempty(days) GROUP BY child
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of the daily reports that were due on the days of a span came, each branch counted once a day."""

    due: int = 0
    reported: int = 0

    @property
    def share(self) -> Fraction | None:
        """The part of them that came; None where nothing was due."""
        return Fraction(self.reported, self.due) if self.due else None

    @property
    def percent(self) -> int | None:
        """The same in whole per cents, rounded down: a hundred only when all came."""
        return self.reported * 100 // self.due if self.due else None


def by_child_and_day(scope: Scope, span: Span, metric: Metric, below: Below | None = None) -> dict[int | None, dict[date, Total]]:
    """Return the figure of each single day for each line of the table below a region, by the line's key; three queries at most.

    The days of a line are those of `by_day` of that region or branch, as far as it lay here.

    Raises:
        ValueError: the metric has no figure of a day, but a value that holds until the next.
    """
    if metric.over_time == OverTime.LATEST:
        raise ValueError(f"{metric.code} has no course by child: its last value holds")
    if scope.work_unit is not None:
        return {}
    found: dict[int | None, dict[date, Total]] = defaultdict(dict)
    for row in _days_by_child(scope, below or Below.of(scope, span.last), span, metric):
        found[row["child"]][row["day"]] = as_total(metric, row)
    return {child: dict(sorted(days.items())) for child, days in found.items()}


def rates_by_child(scope: Scope, span: Span, below: Below | None = None) -> dict[int | None, Rate]:
    """Return for each line of the table below a region how many of the reports due in `span` came; three queries at most.

    A line sums `completeness` over the days of the span on which it lay here; one that owed nothing is absent.
    """
    if scope.region is None:
        return {}
    below = below or Below.of(scope, span.last)
    kept = _kept_rates(below, span) if below is not None else {}
    return kept if below is not None and not below.without_totals else _counted_rates(scope.region, below, span) | kept


def _days_by_child(scope: Scope, below: Below | None, span: Span, metric: Metric) -> Iterable[Mapping[str, Any]]:
    standing = single_days(scope, span, [metric])
    if below is None:
        branches: Iterable[Mapping[str, Any]] = standing.annotate(child=F("branch")).values("child", "day").annotate(**aggregates())
        return branches
    kept = below.lines(below.kept([metric.pk], span, single_days=True).by("node", "day"), "day")
    if not below.without_totals:
        return kept
    beside = standing.done_at(below.beside).annotate(child=child_at(below.region)).values("child", "day").annotate(**aggregates())
    return [*kept, *(row for row in beside if row["child"] not in below.with_totals)]


def _counted_rates(region: Region, below: Below | None, span: Span) -> dict[int | None, Rate]:
    """Return the rates of branches, or of regions without kept totals and of the region itself, counted from the reports."""
    without = below.without_totals if below is not None else []
    asked: dict[str, Any] = {"first": span.first, "last": span.last, "region": region.pk, "without": without, "current": list(ReportVersion.CURRENT)}
    with connection.cursor() as cursor:
        cursor.execute(_RATE.format(owed=_OF_BRANCHES if below is None else _OF_REGIONS), asked)
        return {child: Rate(int(due), int(reported)) for child, due, reported in cursor.fetchall()}


def _kept_rates(below: Below, span: Span) -> dict[int | None, Rate]:
    """Return the rates of regions with kept totals, and where there are no others, of what they leave of the region."""
    rows: dict[int, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in Kept(below.nodes, [Series.DUE, Series.REPORTED], span, steps=[Series.DUE]).by("node", "series", "day"):
        rows[row["node"]][row["series"]].append(row)
    rates: dict[int | None, Rate] = {}
    for node, series in rows.items():
        days = {day for day in span.days() if node == below.region.pk or any(day in during for during in below.lies[node])}
        # Steps of before count too: who owed a report then may owe it still.
        owed = sum(int(row["count"]) for row in held_on(days, series[Series.DUE]).values())
        rates[node] = Rate(owed, sum(int(row["count"]) for row in series[Series.REPORTED] if row["day"] in days))
    whole = rates.pop(below.region.pk, Rate())
    rates[None] = Rate(whole.due - sum(rate.due for rate in rates.values()), whole.reported - sum(rate.reported for rate in rates.values()))
    return {child: rate for child, rate in rates.items() if rate.due > 0}
