"""What a dashboard shows, read in a fixed number of queries; page, workbook, csv and chat text print this and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from activities import chat, rollups
from activities.figures import format_short
from activities.models import ActivityKind, Measure, Metric, OverTime, ReportVersion, Statement
from activities.rollups import (
    DAWN,
    Attributed,
    ChildRow,
    Comparison,
    Completeness,
    Ledger,
    Line,
    MissingBranch,
    Rate,
    Scope,
    Span,
    Total,
)
from activities.templatetags.figures import figure_text, language
from branches.models import Branch, Level, Region, WorkUnit
from portal.charts import BarPoint, MeterPart
from portal.foundation import clock
from portal.pages.below import BY_RATE, Cell, ChildLine, course_days, course_of, key_of, ordered
from portal.pages.missing import MissingLine, missing_lines
from portal.pages.scopes import NO_UNIT, Asked, View, asked_days, dashboard_url, default_span, records_url

TILES: Final = 4
COLUMNS: Final = 5
WEEK: Final = 7
# What a reader chooses beside the days, as it stands in addresses.
CHOICES: Final = ("by", "compare", "metric", "order")
# Beyond a quarter a bar a day says nothing on any screen; the last days are drawn.
MOST_BARS: Final = 92
# Here it is tens of thousands of records in a day.
WIDE_LEVELS: Final = (Level.PROVINCE, Level.PREFECTURE)
NAMED_MISSING: Final = 5
NAMED_BESIDE: Final = 50
# Where the page of a unit names the branches that its completeness counts.
SERVED: Final = "#served"


@dataclass(frozen=True, slots=True)
class Tile:
    """A principal figure with its course over the last days."""

    line: Line
    href: str
    course: Sequence[Decimal | None]

    @property
    def has_course(self) -> bool:
        """Whether there is a day to draw."""
        return any(value is not None for value in self.course)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A metric in the table of all figures."""

    line: Line
    now_href: str
    running_href: str
    chart_href: str


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A work unit in the table below a unit."""

    name: str
    href: str
    done: Attributed
    records_href: str


@dataclass(frozen=True, slots=True)
class LegendLine:
    """A part of the meter in words: `tone` as in the bar, empty for what stands beside it; `href` opens the reports."""

    label: str
    value: int
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class SentLine:
    """A work unit whose people worked in a region: counts, no persons; no address for whoever may not open the unit's page."""

    name: str
    above: str
    href: str
    done: Attributed
    records_href: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement beside the portal's own figure, which opens its records when one metric makes it."""

    comparison: Comparison
    href: str


@dataclass(frozen=True, slots=True)
class Preset:
    """A span that is one tap away."""

    label: str
    href: str
    current: bool


class Board:
    """The figures of a scope for a span of days."""

    def __init__(self, view: View, query: QueryDict) -> None:
        """Read the ledger of the scope; the rest is read when it is shown."""
        self.view = view
        self.scope: Scope = view.scope
        self.query = query
        self.asked: Asked = asked_days(query)
        self.catalogue = list(Metric.objects.select_related("unit"))
        # Of a work unit only what can be attributed to its people.
        self.metrics = [metric for metric in self.catalogue if metric.attributable or self.scope.work_unit is None]
        self.until = max(clock.today(), self.asked.span.last if self.asked.span else clock.today())
        self.ledger = Ledger(self.scope, self.until, self.metrics)
        self.span: Span = self.asked.span or default_span(self.first_day, self.ledger.last_day)

    # --- Days -------------------------------------------------------------------------------------------------------------

    @cached_property
    def first_day(self) -> date | None:
        """The first day of which there is a record."""
        return min([day for day in (self.ledger.first_day, *list(self.shift_days)[:1]) if day], default=None)

    @cached_property
    def last_day(self) -> date | None:
        """The last day of which there is a record."""
        return max([day for day in (self.ledger.last_day, *list(self.shift_days)[-1:]) if day], default=None)

    @property
    def last_day_href(self) -> str:
        """The address of the last day with a record, when the page shows none of its days."""
        if self.last_day is None or self.span.first <= self.last_day <= self.span.last:
            return ""
        return self.href(Span.day(self.last_day))

    @property
    def founding(self) -> Span:
        """Everything up to the end of the span."""
        return Span(min(self.first_day or self.span.first, self.span.first), self.span.last)

    @cached_property
    def presets(self) -> list[Preset]:
        """Yesterday, today, the last seven days, everything."""
        today = clock.today()
        spans = [
            (_("Yesterday"), Span.day(today - timedelta(days=1))),
            (_("Today"), Span.day(today)),
            (_("Last 7 days"), Span(today - timedelta(days=WEEK - 1), today)),
        ]
        if self.first_day and self.first_day <= today:
            spans.append((_("Since the beginning"), Span(self.first_day, today)))
        return [Preset(label, self.href(span), span == self.span) for label, span in spans]

    def href(self, span: Span) -> str:
        """Return the address of this dashboard for other days, with all else that was chosen."""
        return _with(dashboard_url(self.scope.object, span), self.chosen)

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What the reader chose beside the days, as the address has it."""
        return [(name, value) for name in CHOICES if (value := self.query.get(name, ""))]

    # --- The days before --------------------------------------------------------------------------------------------------

    def _chosen_but(self, *names: str) -> list[tuple[str, str]]:
        return [(name, value) for name, value in self.chosen if name not in names]

    @property
    def compares(self) -> bool:
        """Whether several days are compared with as many before them; a single day always is."""
        return self.span.length > 1 and self.query.get("compare") == "before"

    @property
    def has_change(self) -> bool:
        """Whether figures say how they moved."""
        return self.span.length == 1 or self.compares

    @property
    def before(self) -> Span:
        """The days that these are compared with."""
        return self.span.before()

    # --- Reports ----------------------------------------------------------------------------------------------------------

    @cached_property
    def completeness(self) -> Completeness:
        """Reports in and missing on the last day of the span."""
        # Added up from the table below where the page shows it.
        if self.scope.region is not None and not self.by_unit:
            return rollups.overall(self.span.last, (row.completeness for row in self._children))
        if self.scope.work_unit is not None:
            return rollups.overall(self.span.last, (row.completeness for row in self._served))
        return rollups.completeness(self.scope, self.span.last)

    @property
    def meter(self) -> list[MeterPart]:
        """Reports accepted, waiting and missing, as a bar."""
        return meter_of(self.completeness)

    @property
    def legend(self) -> list[LegendLine]:
        """What the parts of the bar are, with their numbers."""
        return legend_of(self.completeness, self.scope.region, query_href(self.query, missing="all") + "#missing")

    @property
    def missing(self) -> list[MissingLine]:
        """The missing branches: the first few, or all when the address asks for them."""
        return self.every_missing if self.query.get("missing") == "all" else self._as_seen(self._first_missing[:NAMED_MISSING])

    @cached_property
    def every_missing(self) -> list[MissingLine]:
        """All the missing branches, as this reader may see them."""
        return self._as_seen(rollups.missing_branches(self.scope, self.span.last))

    @cached_property
    def _first_missing(self) -> list[MissingBranch]:
        """As many of them as a chat names; of a wide region there may be thousands."""
        if self.scope.region is None or self.children_are_branches or "every_missing" in self.__dict__:
            return [line.row for line in self.every_missing[: chat.MOST_NAMED]]
        return rollups.missing_branches(self.scope, self.span.last, chat.MOST_NAMED)

    def _as_seen(self, rows: list[MissingBranch]) -> list[MissingLine]:
        return missing_lines(rows, self.span.last, may_call=self.view.may_call)

    # --- Figures ----------------------------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> list[Line]:
        """Every metric that was ever reported."""
        found = rollups.lines(self.span, self.metrics, self.ledger, compare=self.compares)
        if self.scope.branch is None:
            return found
        given = chat.last_given(self.scope.branch, self.span)
        return [line if line.metric.code not in given else replace(line, compared=given[line.metric.code].is_compared(self.span)) for line in found]

    @cached_property
    def principal(self) -> list[Metric]:
        """The metrics that add up, the most reported first."""
        adding = [line for line in self.lines if line.metric.over_time == OverTime.SUM]
        return [line.metric for line in sorted(adding, key=lambda line: -line.weight)]

    @cached_property
    def tiles(self) -> list[Tile]:
        """The principal figures with their course over the week that ends with the span."""
        by_code = {line.metric.code: line for line in self.lines}
        tiles = []
        for metric in self.principal[:TILES]:
            course = course_of(self.ledger.days(metric, self.course_span), self.course_span)
            tiles.append(Tile(by_code[metric.code], records_url(self.scope.object, self.span, metric), course))
        return tiles

    @cached_property
    def kinds(self) -> list[tuple[str, list[LineRow]]]:
        """All figures by kind of work."""
        # Later metrics stand at the end of the catalogue: brought back to the others of their kind.
        order = list(ActivityKind.values)
        grouped = groupby(sorted(self.lines, key=lambda line: order.index(line.metric.kind)), key=lambda line: line.metric.kind)
        return [(str(ActivityKind(kind).label), [self._row(line) for line in held]) for kind, held in grouped]

    def _row(self, line: Line) -> LineRow:
        thing = self.scope.object
        chart = _with(dashboard_url(thing, self.span), [*self._chosen_but("metric"), ("metric", line.metric.code)]) + "#chart"
        return LineRow(line, records_url(thing, self.span, line.metric), records_url(thing, self.founding, line.metric), chart)

    # --- The chart --------------------------------------------------------------------------------------------------------

    @cached_property
    def charted(self) -> Metric | None:
        """The metric of the chart: the one asked for, else the most reported."""
        asked = [line.metric for line in self.lines if line.metric.code == self.query.get("metric")]
        return next(iter([*asked, *self.principal]), None)

    @cached_property
    def chart_span(self) -> Span:
        """The days of the chart: the span, or the week that ends with a single day."""
        length = WEEK if self.span.length == 1 else min(self.span.length, MOST_BARS)
        return Span(self.span.last - timedelta(days=length - 1), self.span.last)

    @cached_property
    def days(self) -> dict[date, Total]:
        """The charted figure of each day."""
        if self.charted is None:
            return {}
        if self.charted.over_time == OverTime.LATEST:
            return self.ledger.in_force({self.charted: self.chart_span.days()})[self.charted.code]
        return self.ledger.days(self.charted, self.chart_span)

    @cached_property
    def bars(self) -> list[BarPoint]:
        """A bar a day; a day without a figure is a gap and not zero."""
        return [self._bar(day, self.days.get(day)) for day in self.chart_span.days()]

    def _bar(self, day: date, total: Total | None) -> BarPoint:
        href = records_url(self.scope.object, Span.day(day), self.charted) if total else ""
        state = figure_text(total) if total is not None and total.value is None else ""
        value = total.value if total else None
        # As short as in a chat: over a bar there is room for a word, not for a note.
        text = format_short(value, total.qualifier, language()) if total and value is not None else state
        return BarPoint(f"{day.month}/{day.day}", value, text, href, current=day == self.span.last, state=state)

    # --- Below ------------------------------------------------------------------------------------------------------------

    @cached_property
    def columns(self) -> list[Metric]:
        """The metrics of the table below the scope, in the order of the catalogue."""
        # Chosen by what the scope reports, and always the same at every level of the tree below it.
        return sorted(self.principal[:COLUMNS], key=lambda metric: metric.position)

    @cached_property
    def _children(self) -> list[ChildRow]:
        return rollups.by_child(self.scope, self.span, self.columns, self._regions_below)

    @cached_property
    def _regions_below(self) -> rollups.Below | None:
        return rollups.Below.of(self.scope, self.span.last)

    @cached_property
    def _served(self) -> list[ChildRow]:
        return rollups.served(self.scope.work_unit, self.span, self.catalogue) if self.scope.work_unit else []

    @cached_property
    def children(self) -> list[ChildLine]:
        """The regions or branches below a region."""
        return ordered((self._below_line(row) for row in self._children), self.order) if self.scope.region else []

    @property
    def order(self) -> str:
        """In which order the regions or branches below stand: `rate`, or empty for that of their names."""
        return BY_RATE if self.query.get("order") == BY_RATE else ""

    @cached_property
    def rates(self) -> Mapping[int | None, Rate]:
        """How many of the reports due in these days came, of each line; of a single day that is its completeness."""
        if self.span.length == 1:
            return {key_of(row.child): Rate(row.due, row.reported) for row in self._children}
        return rollups.rates_by_child(self.scope, self.span, self._regions_below)

    @cached_property
    def rate(self) -> Rate:
        """The same of the region."""
        return Rate(sum(rate.due for rate in self.rates.values()), sum(rate.reported for rate in self.rates.values()))

    @property
    def course_metric(self) -> Metric | None:
        """The figure whose course the table below draws: the most reported."""
        return next(iter(self.principal), None)

    @cached_property
    def course_span(self) -> Span:
        """The days of a course."""
        return course_days(self.span)

    @cached_property
    def _courses(self) -> Mapping[int | None, Mapping[date, Total]]:
        metric = self.course_metric
        return rollups.by_child_and_day(self.scope, self.course_span, metric, self._regions_below) if metric else {}

    @property
    def is_wide(self) -> bool:
        """Whether what is counted from records, and not from kept totals, is shown after the rest of the page."""
        return self.scope.region is not None and self.scope.region.level in WIDE_LEVELS and self.query.get("whole") != "1"

    @property
    def by_unit(self) -> bool:
        """Whether the table below a region is asked for by the units that sent the people."""
        return self.scope.region is not None and self.query.get("by") == "unit"

    @cached_property
    def sent(self) -> list[SentLine]:
        """The work units whose people worked in the region, with what they did there."""
        region = self.scope.region
        if region is None:
            return []
        found = rollups.attributed_by_unit(region, self.span)
        opened = self.view.opened_units([unit for unit, _done in found if unit is not None])
        return [self._sent(region, unit, done, opened) for unit, done in found]

    def _sent(self, region: Region, unit: WorkUnit | None, done: Attributed, opened: frozenset[int]) -> SentLine:
        records = records_url(region, self.span, of="shifts", sent_by=str(unit.public_id) if unit else NO_UNIT)
        if unit is None:
            return SentLine(_("No unit on record"), "", "", done, records)
        href = dashboard_url(unit, self.span) if unit.pk in opened else ""
        return SentLine(unit.name, unit.parent.name if unit.parent else "", href, done, records)

    @property
    def sent_records_href(self) -> str:
        """Where everybody's person-shifts in the region are listed."""
        return records_url(self.scope.region, self.span, of="shifts") if self.scope.region else ""

    @cached_property
    def sent_in_all(self) -> Attributed | None:
        """Everybody's work in the region, each entry counted once."""
        return rollups.attributed_within(self.scope.region, self.span) if self.scope.region else None

    @property
    def children_are_branches(self) -> bool:
        """Whether the table below lists branches."""
        return rollups.lists_branches(self.scope)

    @cached_property
    def sum_cells(self) -> list[Cell]:
        """The last line of the table: the scope itself."""
        now = {line.metric.code: line.now for line in self.lines}
        return [Cell(metric, now.get(metric.code), records_url(self.scope.object, self.span, metric)) for metric in self.columns]

    def _child_line(self, row: ChildRow, columns: Sequence[Metric]) -> ChildLine:
        thing: Region | Branch = row.child or self.scope.region  # type: ignore[assignment]
        direct = {} if row.child else {"direct": "1"}
        cells = [Cell(metric, row.totals.get(metric.code), records_url(thing, self.span, metric, **direct)) for metric in columns]
        name = row.child.name if row.child else _("directly in %(name)s") % {"name": thing.name}
        href = dashboard_url(thing, self.span) if row.child else ""
        return ChildLine(name, href, row.completeness, meter_of(row.completeness), cells, self._states(row))

    def _below_line(self, row: ChildRow) -> ChildLine:
        """Return a line of the table below a region: with its course, and with the rate of its reports."""
        key, line = key_of(row.child), self._child_line(row, self.columns)
        course = course_of(self._courses.get(key, {}), self.course_span)
        if row.child is None:
            return replace(line, course=course, rate=self.rates.get(key, Rate()))
        chosen = self._chosen_but("by", "metric")
        drawn = [("metric", self.course_metric.code)] if self.course_metric else []
        return replace(
            line,
            href=_with(line.href, chosen),
            course=course,
            course_href=_with(dashboard_url(row.child, self.course_span), [*chosen, *drawn]) + "#chart",
            rate=self.rates.get(key, Rate()),
            rate_href=_reports_url(row.child, self.span),
        )

    def _states(self, row: ChildRow) -> list[str]:
        """Return what became of a branch's report, read from the rows that name the missing ones."""
        if not isinstance(row.child, Branch) or not row.completeness.due or row.completeness.reported:
            return states_of(row.completeness)
        return [self._missing_states.get(row.child.pk, "missing")]

    @cached_property
    def _missing_states(self) -> dict[int, str]:
        return {line.row.branch.pk: line.state for line in self.every_missing}

    # --- A work unit ------------------------------------------------------------------------------------------------------

    @cached_property
    def done(self) -> Attributed | None:
        """What the unit's people did in the span; that of a single day is read with the other days."""
        if self.scope.work_unit is not None and self.span.length == 1:
            return self.shift_days.get(self.span.last, Attributed())
        return rollups.attributed(self.scope.work_unit, self.span) if self.scope.work_unit else None

    @property
    def shifts_href(self) -> str:
        """The address of the entries in which the unit's people took part."""
        return records_url(self.scope.object, self.span, of="shifts")

    @cached_property
    def shift_days(self) -> dict[date, Attributed]:
        """What the unit's people did on each day, the first day first."""
        unit = self.scope.work_unit
        return dict(sorted(rollups.attributed_by_day(unit, Span(DAWN, self.until)).items())) if unit else {}

    @property
    def has_shifts(self) -> bool:
        """Whether there is a bar to draw."""
        return any(self.chart_span.first <= day <= self.chart_span.last for day in self.shift_days)

    @property
    def shift_bars(self) -> list[BarPoint]:
        """Person-shifts a day."""
        unit = self.scope.work_unit
        return [self._shift_bar(unit, day, self.shift_days.get(day)) for day in self.chart_span.days()] if unit else []

    def _shift_bar(self, unit: WorkUnit, day: date, done: Attributed | None) -> BarPoint:
        shifts = Decimal(done.person_shifts) if done else Decimal(0)
        href = records_url(unit, Span.day(day), of="shifts") if done else ""
        return BarPoint(f"{day.month}/{day.day}", shifts, f"{shifts:,f}", href, current=day == self.span.last)

    @cached_property
    def units(self) -> list[UnitLine]:
        """The units below a unit, and the unit itself where it sends people of its own."""
        unit = self.scope.work_unit
        if unit is None:
            return []
        found = rollups.attributed_by_child(unit, self.span)
        return [UnitLine(child.name, dashboard_url(child, self.span), done, records_url(child, self.span, of="shifts")) for child, done in found]

    @cached_property
    def served_columns(self) -> list[Metric]:
        """The metrics that the branches where the unit's members serve report most."""
        counts: dict[str, int] = {}
        for row in self._served:
            for code, total in row.totals.items():
                counts[code] = counts.get(code, 0) + total.count
        adding = [metric for metric in self.catalogue if metric.over_time == OverTime.SUM and metric.code in counts]
        return sorted(sorted(adding, key=lambda metric: -counts[metric.code])[:COLUMNS], key=lambda metric: metric.position)

    @cached_property
    def served(self) -> list[ChildLine]:
        """The branches where the unit's members serve, with those branches' own figures."""
        return [self._child_line(row, self.served_columns) for row in self._served]

    # --- Beside the totals --------------------------------------------------------------------------------------------------

    @cached_property
    def _beside(self) -> list[Measure]:
        return rollups.newest_beside(self.scope, self.span, NAMED_BESIDE + 1)

    @property
    def beside(self) -> list[Measure]:
        """Figures of periods that the span cuts, and of periods that include the daily reports."""
        return self._beside[:NAMED_BESIDE]

    @property
    def more_beside(self) -> bool:
        """Whether there are more of them than are named."""
        return len(self._beside) > NAMED_BESIDE

    @cached_property
    def statements(self) -> list[StatementLine]:
        """What published texts say about the scope, beside the portal's own figures."""
        stated = Statement.objects.filter(**{self.scope.kind: self.scope.object}).order_by("pk")
        return [self._statement(row) for row in rollups.compare(self.scope, stated, self.catalogue, self.ledger)]

    def _statement(self, row: Comparison) -> StatementLine:
        until = row.statement.stated_on
        span = Span(min(self.first_day or until, until), until)
        return StatementLine(row, records_url(self.scope.object, span, row.total.metric) if row.total else "")

    @property
    def export_href(self) -> str:
        """The address of the export, up to its ending."""
        return reverse("portal:dashboard_export", args=[self.view.kind, self.scope.public_id, "xlsx"]).removesuffix(".xlsx")

    @property
    def export_query(self) -> str:
        """The days, and the metric of the chart, as an export asks for them."""
        charted = [("metric", self.charted.code)] if self.charted else []
        return _with(f"?from={self.span.first.isoformat()}&to={self.span.last.isoformat()}", [*self._chosen_but("metric", "by"), *charted])

    # --- When, and in words -----------------------------------------------------------------------------------------------

    @cached_property
    def known_at(self) -> datetime:
        """When the last of what is counted was filed or reviewed; now, when nothing is."""
        totals = [total for line in self.lines for total in (line.now, line.running) if total is not None]
        return rollups.known_at([self.completeness, *totals, *([self.done] if self.done else [])]) or clock.now()

    @cached_property
    def chat(self) -> str:
        """The day, or the days, for a chat."""
        # A chat compares a day with the day before, and nothing else.
        found = [replace(line, before=None) for line in self.lines] if self.compares else self.lines
        return chat.compose(self.scope, self.span, self.completeness, self._first_missing, found, self.done)


def _with(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return an address that has a query with more in it."""
    return f"{address}&{urlencode(pairs)}" if pairs else address


def _reports_url(child: Region | Branch, span: Span) -> str:
    """Return the address of the reports of a region or branch that were due in `span` and came."""
    kind = "region" if isinstance(child, Region) else "branch"
    query = {"since": span.first.isoformat(), "until": span.last.isoformat(), kind: str(child.public_id), "only": "expected"}
    return f"{reverse('activities:report_list')}?{urlencode(query)}"


def legend_of(counted: Completeness, region: Region | None, missing_href: str) -> list[LegendLine]:
    """Return the parts of a meter in words; in a region each opens its list of reports, of a unit the table of the branches where it serves."""

    def listed(only: str, state: str = "") -> str:
        if region is None:
            return SERVED
        day = counted.day.isoformat()
        query = {"since": day, "until": day, "region": str(region.public_id), "only": only, **({"state": state} if state else {})}
        return f"{reverse('activities:report_list')}?{urlencode(query)}"

    return [
        LegendLine(_("accepted"), counted.reported - counted.waiting, "ok", listed("expected", ReportVersion.State.ACCEPTED)),
        LegendLine(_("waiting for review"), counted.waiting, "held", listed("expected", ReportVersion.State.FILED)),
        LegendLine(_("missing"), counted.missing, "blank", missing_href),
        LegendLine(_("filed late"), counted.late, "", listed("late")),
        LegendLine(_("corrected"), counted.corrected, "", listed("corrected")),
    ]


def states_of(counted: Completeness, *, pending: bool = False) -> list[str]:
    """Return what became of the report of a single branch, as pills name it; nothing where none is due."""
    if not counted.due:
        return []
    if not counted.reported:
        return ["due" if pending else "missing"]
    return ["waiting" if counted.waiting else "accepted", *(["late"] if counted.late else []), *(["corrected"] if counted.corrected else [])]


def query_href(query: QueryDict, **changes: str) -> str:
    """Return the query of a page with some parameters changed."""
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = value
    return f"?{changed.urlencode()}"


def meter_of(counted: Completeness) -> list[MeterPart]:
    """Return reports that are settled, that wait for review and that are late as parts of a bar; what is missing stays blank."""
    settled: Mapping[str, tuple[int, str]] = {
        _("accepted"): (counted.reported - counted.waiting, "ok"),
        _("waiting for review"): (counted.waiting, "held"),
    }
    return [MeterPart(value, tone, label) for label, (value, tone) in settled.items()]
