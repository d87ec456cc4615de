"""A recount of all kept totals of regions, from the stored rows, in plain Python: it shares nothing with the triggers and the readers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from activities.models import Entry, Measure, ReportVersion
from activities.models.rollup import Series
from branches.models import Branch, BranchPlace, Region, RegionParent

KEPT_LEVELS: Final = ("province", "prefecture", "county", "township")
QUALIFIERS: Final = ("nearly", "over", "about", "at_least")
ONE_DAY: Final = timedelta(days=1)
Key = tuple[int, int, date, int]


@dataclass
class Counts:
    """What adds up, in the order in which rows of kept totals name it."""

    total: Decimal = field(default_factory=Decimal)
    count: int = 0
    inexact: dict[str, int] = field(default_factory=lambda: dict.fromkeys(QUALIFIERS, 0))
    owners: int = 0
    squares: int = 0

    def add(self, value: Decimal, qualifier: str = "exact", owner: int = 0) -> None:
        """Add one figure."""
        self.total += value
        self.count += 1
        self.owners += owner
        self.squares += owner * owner
        if qualifier != "exact":
            self.inexact[qualifier] += 1

    def plain(self) -> tuple[Any, ...]:
        """Return the counters as a tuple."""
        return (self.total, self.count, *self.inexact.values(), self.owners, self.squares)


def plain(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the counters of a row of kept totals as a tuple."""
    return (row["total"], row["count"], *(row[f"n_{name}"] for name in QUALIFIERS), row["owners"], row["owner_squares"])


class Recount:
    """All totals, counted by walking over every row."""

    def __init__(self, days: Iterable[date]) -> None:
        """Read the tables; `days` are those for which values that hold, and reports, are counted."""
        self.days = list(days)
        self.links = list(RegionParent.objects.all())
        self.kept = set(Region.objects.filter(level__in=KEPT_LEVELS).values_list("pk", flat=True))
        self.branches = Branch.objects.exclude(kind="command_post").in_bulk()
        self.standing: dict[Key, Counts] = defaultdict(Counts)
        self.holding: dict[tuple[int, int, date], Counts] = defaultdict(Counts)
        self._count_figures()
        self._count_reports()

    def nodes(self, place: int, day: date) -> Iterator[int]:
        """Yield the regions with kept totals in which a place lies on a day, itself among them."""
        here: int | None = place
        while here is not None:
            if here in self.kept:
                yield here
            here = next((link.parent_id for link in self.links if link.region_id == here and day in _Days(link.during)), None)

    def _count_figures(self) -> None:
        paths: dict[tuple[int, int], list[tuple[date, bool, int, Measure]]] = defaultdict(list)
        for measure in _counted(Measure.objects.select_related("metric", "entry__version__period_report"), "entry__version__"):
            if measure.branch_id not in self.branches:
                continue
            day, days = _stands(measure.entry)
            if measure.metric.over_time == "latest":
                paths[measure.branch_id, measure.metric_id].append((day, measure.business_date is not None, measure.pk, measure))
                continue
            for node in self.nodes(measure.entry.place_id, day):
                self.standing[node, measure.metric_id, day, days].add(measure.value, measure.qualifier, measure.branch_id)
        for entry in _counted(Entry.objects.select_related("version__period_report"), "version__"):
            if entry.branch_id in self.branches:
                day, days = _stands(entry)
                for node in self.nodes(entry.place_id, day):
                    self.standing[node, Series.of_kind(entry.kind), day, days].add(Decimal(1))
        for (branch, metric), path in paths.items():
            for day in self.days:
                past = [step for step in sorted(path, key=lambda step: step[:3]) if step[0] <= day]
                if past and day in _Days(self.branches[branch].life):
                    stood_on, _daily, _key, held = past[-1]
                    for node in self.nodes(held.entry.place_id, stood_on):
                        self.holding[node, metric, day].add(held.value, held.qualifier, branch)

    def _count_reports(self) -> None:
        places = list(BranchPlace.objects.all())
        versions: dict[tuple[int, date], list[ReportVersion]] = defaultdict(list)
        for version in ReportVersion.objects.filter(daily_report__isnull=False).select_related("daily_report").order_by("number"):
            assert version.daily_report is not None
            versions[version.branch_id, version.daily_report.business_date].append(version)
        for branch in self.branches.values():
            for day in {*self.days, *(day for key, day in versions if key == branch.pk)}:
                owes = branch.reports_daily and day in _Days(branch.life) and (branch.reports_from is None or branch.reports_from <= day)
                host = next((place.region_id for place in places if place.branch_id == branch.pk and day in _Days(place.during)), None)
                if not owes or host is None:
                    continue
                for node in self.nodes(host, day):
                    if day in self.days:
                        self.holding[node, Series.DUE, day].add(Decimal(1))
                    self._count_report(node, day, versions[branch.pk, day])

    def _count_report(self, node: int, day: date, versions: list[ReportVersion]) -> None:
        current = [version for version in versions if version.state in ("filed", "accepted")]
        if not current:
            return
        late = all(version.due_at is not None and version.known_from > version.due_at for version in versions)
        said = {
            Series.REPORTED: True,
            Series.LATE: late,
            Series.CORRECTED: current[0].nature == "correction",
            Series.WAITING: current[0].state == "filed",
        }
        for series, true in said.items():
            if true:
                self.standing[node, series, day, 1].add(Decimal(1))


class _Days:
    """The days of a range, for `in`."""

    def __init__(self, span: Any) -> None:
        self.span = span

    def __contains__(self, day: date) -> bool:
        return (self.span.lower is None or self.span.lower <= day) and (self.span.upper is None or day < self.span.upper)


def _counted(rows: Any, version: str) -> list[Any]:
    found = rows.filter(**{f"{version}state__in": ("filed", "accepted")})
    return [row for row in found if (period := _period(row)) is None or period.relation == "adds_to_daily"]


def _period(row: Measure | Entry) -> Any:
    return (row.entry if isinstance(row, Measure) else row).version.period_report


def _stands(entry: Entry) -> tuple[date, int]:
    period = entry.version.period_report
    if period is None:
        assert entry.business_date is not None
        return entry.business_date, 1
    return period.last_day, (period.last_day - period.first_day).days + 1
