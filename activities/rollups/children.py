"""The table below a region: its child regions, or its branches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from activities.models import ROLLED_LEVELS, Metric, OverTime
from activities.querysets import MeasureQuerySet
from activities.rollups.completeness import Completeness, completeness_by, completeness_read, due, kept_completeness, with_completeness
from activities.rollups.rows import placed, records
from activities.rollups.scope import Scope, Span
from activities.rollups.stored import Kept, Row, remainder
from activities.rollups.totals import Total, aggregates, as_total, catalogue
from branches.models import Branch, BranchPlace, Level, Region, RegionParent, RegionPath
from portal.foundation.among import among


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A line of the table below a scope; `child` None holds what was done at the region itself, in none of its children."""

    child: Region | Branch | None
    completeness: Completeness
    totals: Mapping[str, Total]

    @property
    def due(self) -> int:
        """Branches that owe a report for the last day of the span."""
        return self.completeness.due

    @property
    def reported(self) -> int:
        """Branches that have filed it."""
        return self.completeness.reported


def by_child(scope: Scope, span: Span, metrics: Iterable[Metric], below: "Below | None" = None) -> list[ChildRow]:
    """Return a row for each region directly below a region, or, below a community and lower, for each of its branches; six queries at most.

    `below` saves one of them where it was read before.

    Completeness is that of the last day of the span. The rows add up to the totals of the region. A branch has itself as its only row;
    what lies below a work unit is told by `attributed_by_child`.
    """
    if scope.work_unit is not None:
        return []
    wanted = catalogue(metrics)
    below = below or Below.of(scope, span.last)
    found: dict[int | None, dict[str, Total]] = defaultdict(dict)
    for row in _rows_by_child(scope, below, span, wanted):
        metric = wanted[row["metric"]]
        found[row["child"]][metric.code] = as_total(metric, row)
    if below is None:
        return _branch_rows(scope, span.last, found)
    expected = _expected_by_child(scope, below, span.last)
    children = _named(below, {*expected, *found})
    nothing = Completeness(span.last, 0, 0)
    return [ChildRow(child, expected.get(pk, nothing), found.get(pk, {})) for pk, child in children.items()]


@dataclass(frozen=True, slots=True)
class Below:
    """The regions directly below one, of any day, by name; `current` holds those of the last day, `with_totals` those for which totals are kept.

    `lies` says when each of them lay there.
    """

    region: Region
    children: Mapping[int, Region]
    current: frozenset[int]
    with_totals: frozenset[int]
    lies: Mapping[int, Sequence[Any]]

    @classmethod
    def of(cls, scope: Scope, day: date) -> "Below | None":
        """Return them for a scope whose table lists regions."""
        if scope.region is None or lists_branches(scope):
            return None
        links = RegionParent.objects.filter(parent=scope.region).annotate(now=Q(during__contains=day))
        rows = list(links.select_related("region").order_by("region__name_key", "region"))
        children = {row.region_id: row.region for row in rows}
        with_totals = frozenset(key for key, child in children.items() if child.level in ROLLED_LEVELS)
        lies: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            lies[row.region_id].append(row.during)
        return cls(scope.region, children, frozenset(row.region_id for row in rows if row.now), with_totals, lies)

    @property
    def without_totals(self) -> list[int]:
        """Those for which no totals are kept; where there are none, what was done in the region itself is what its children leave of its totals."""
        return [key for key in self.children if key not in self.with_totals]

    @property
    def nodes(self) -> list[int]:
        """The regions to read kept totals of: those that have them, and the region itself."""
        return [*self.with_totals, *([] if self.without_totals else [self.region.pk])]

    @property
    def beside(self) -> QuerySet[RegionPath, Any]:
        """The places, of any day, that are reached past a child for which totals are kept: the region, and all below its other children."""
        return RegionPath.objects.filter(Q(ancestor__in=self.without_totals) | Q(ancestor=self.region, depth=0)).order_by().values("descendant")

    @property
    def settled(self) -> frozenset[int]:
        """Those that lay here on all days: whatever is listed of them, of any day, was done here."""
        return frozenset(key for key, spells in self.lies.items() if any(spell.lower is None and spell.upper is None for spell in spells))

    def kept(self, series: Sequence[int], span: Span, *, single_days: bool = False) -> Kept:
        """Return what to read of the kept totals of `nodes`, each as far as it lay here; of most that is the whole span, which asks nothing of the tree."""
        stayed = {key for key, spells in self.lies.items() if any(span.first in spell and span.last in spell for spell in spells)}
        return Kept(self.nodes, series, span, single_days=single_days, parted=[*(self.with_totals - stayed)], below=self.region)

    def lines(self, rows: Iterable[Row], *groups: str) -> list[dict[str, Any]]:
        """Return kept counters of `nodes` by `child`, those of the region turned into what its children leave of them, for each value of `groups`."""
        found: list[dict[str, Any]] = [{**row, "child": row["node"]} for row in rows]
        parts: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
        for row in found:
            if row["child"] != self.region.pk:
                parts[tuple(row[group] for group in groups)].append(row)
        own = [{**remainder(row, parts[tuple(row[group] for group in groups)]), "child": None} for row in found if row["child"] == self.region.pk]
        return [*(row for row in found if row["child"] != self.region.pk), *(row for row in own if row["count"])]


def _rows_by_child(scope: Scope, below: Below | None, span: Span, wanted: Mapping[int, Metric]) -> Iterable[Mapping[str, Any]]:
    """Return the aggregates by child and metric; the kept ones, as far as they are kept by day."""
    if below is None:
        return _aggregated(records(scope, span, metrics=wanted.values()), F("branch"))
    child = child_at(below.region)
    adding = [metric for metric in wanted.values() if metric.over_time != OverTime.LATEST]
    held = [metric for metric in wanted.values() if metric.over_time == OverTime.LATEST]
    kept = below.kept([metric.pk for metric in adding], span).by("node", "series")
    rows: list[Mapping[str, Any]] = [{**row, "metric": row["series"]} for row in below.lines(kept, "series")]
    if adding and below.without_totals:
        # Narrowed by place first, for speed, and then exactly, by the tree of the day.
        beside = records(scope, span, metrics=adding).done_at(below.beside)
        rows += [row for row in _aggregated(beside, child) if row["child"] not in below.with_totals]
    # A step may stand on a day on which the child lies elsewhere.
    return [*rows, *(_aggregated(records(scope, span, metrics=held), child) if held else ())]


def _aggregated(measures: MeasureQuerySet, child: Combinable) -> Iterable[Mapping[str, Any]]:
    rows: Iterable[Mapping[str, Any]] = measures.order_by().annotate(child=child).values("child", "metric").annotate(**aggregates())
    return rows


def _branch_rows(scope: Scope, day: date, found: Mapping[int | None, Mapping[str, Total]]) -> list[ChildRow]:
    """Return the rows of branches: those that owe a report, and those that have figures; one query."""
    owing = due(scope, day).values("pk")
    rows = Branch.objects.filter(Q(among("pk", owing)) | Q(pk__in=[pk for pk in found if pk is not None])).by_name()
    return [ChildRow(branch, completeness_read(branch, day), found.get(branch.pk, {})) for branch in with_completeness(rows, day, owing)]


def _expected_by_child(scope: Scope, below: Below, day: date) -> dict[int | None, Completeness]:
    whole = [] if below.without_totals else [below.region.pk]
    counted = kept_completeness([*(below.with_totals & below.current), *whole], day)
    own: dict[int | None, Completeness] = {None: counted.pop(key).without(counted.values()) for key in whole}  # noqa: B035 - one at most
    kept = {key: each for key, each in (counted | own).items() if each.due}
    if not below.without_totals:
        return kept
    beside = due(scope, day).filter(among("places__region", below.beside), places__during__contains=day)
    found = completeness_by(beside, day, Subquery(_child_of(below.region, _host_on(day), day)))
    return kept | {key: each for key, each in found.items() if key not in below.with_totals}


def child_at(region: Region) -> Subquery:
    """Return, for a measure, the region directly below `region` in which it was done, by the tree of its day."""
    return Subquery(_child_of(region, OuterRef("entry__place"), _OWN_DAY))


def child_of_branch(region: Region, day: date) -> Subquery:
    """Return, for a row of a branch, the region directly below `region` in which the branch is hosted now, by the tree of `day`."""
    return Subquery(_child_of(region, OuterRef("branch__region"), day))


def lists_branches(scope: Scope) -> bool:
    """Say whether what lies below the scope is shown by branch: a community and lower holds few of them."""
    return scope.region is not None and Level(scope.region.level).rank >= Level.COMMUNITY.rank


def of_line(region: Region, child: Region | Branch, measures: MeasureQuerySet) -> MeasureQuerySet:
    """Keep, of the records of a region or branch, those that stand in its line of the table below `region`: what was done there, on days on which it was."""
    if isinstance(child, Branch):
        return placed(Scope(region=region), measures)
    # Not an annotation: parts of a list are united by their columns.
    held: MeasureQuerySet = measures.alias(line=child_at(region)).filter(line=child.pk)
    return held


def directly_in(region: Region, measures: MeasureQuerySet) -> MeasureQuerySet:
    """Keep the records of a region that lie in none of the regions below it: those of the row without a child."""
    held: MeasureQuerySet = measures.filter(~Exists(_child_of(region, OuterRef("entry__place"), _OWN_DAY)))
    return held


# Of an outer measure: the day on which it stands.
_OWN_DAY: Final = Coalesce(OuterRef("business_date"), OuterRef("entry__version__period_report__last_day"), output_field=DateField())


def _host_on(day: Any) -> Subquery:
    """Return the host region of an outer branch on `day`, two queries out."""
    return Subquery(BranchPlace.objects.filter(branch=OuterRef(OuterRef("pk")), during__contains=day).values("region")[:1])


def _child_of(region: Region, place: Any, day: Any) -> QuerySet[RegionPath, Any]:
    """Return, for an outer row, the region directly below `region` in which `place` lies on `day`."""
    lies = RegionPath.objects.filter(descendant=place, during__contains=day)
    # One filter: the same row of the dated tree must name the parent and hold the day.
    return lies.filter(ancestor__parents__parent=region, ancestor__parents__during__contains=day).values("ancestor")[:1]


def _named(below: Below, wanted: set[int | None]) -> dict[int | None, Region | None]:
    """Return the children by key, in the order of their names: those of the last day, and those that have figures though they lie elsewhere by then."""
    named: dict[int | None, Region | None] = {key: child for key, child in below.children.items() if key in below.current or key in wanted}
    return named | ({None: None} if None in wanted else {})
