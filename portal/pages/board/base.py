"""What every dashboard has: its days, the reports of the last, all figures with a chart, what stands beside the totals, and the ways to take it away."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import Final

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from activities import chat, rollups
from activities.models import ActivityKind, Measure, Metric, OverTime, Statement
from activities.rollups import Attributed, ChildRow, Comparison, Completeness, Ledger, Line, MissingBranch, Scope, Span, Standing, Total
from branches.models import Branch, WorkUnit
from portal.charts import MeterPart
from portal.foundation import clock
from portal.pages.below import course_days, course_of
from portal.pages.board.charts import FigureChart, charted_days
from portal.pages.board.lines import LineRow, RegisterTile, StatementLine, Tile
from portal.pages.board.registers import tiles_of
from portal.pages.completeness import LegendLine, legend_of, meter_of, states_of
from portal.pages.missing import NAMED_MISSING, MissingLine, missing_lines
from portal.pages.scopes import WEEK, Asked, Preset, View, asked_days, dashboard_url, default_span, overdue_url, query_href, records_url, with_more

TILES: Final = 4
# What a reader chooses beside the days, as it stands in addresses.
CHOICES: Final = ("by", "compare", "metric", "order")
NAMED_BESIDE: Final = 50


class Board:
    """The figures of a scope for a span of days."""

    def __init__(self, view: View, query: QueryDict) -> None:
        """Take what is asked for; everything is read when it is shown."""
        self.view = view
        self.scope: Scope = view.scope
        self.query = query
        self.asked: Asked = asked_days(query)

    @cached_property
    def catalogue(self) -> list[Metric]:
        """All metrics."""
        return list(Metric.objects.select_related("unit"))

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of which the scope has figures."""
        return self.catalogue

    @cached_property
    def ledger(self) -> Ledger:
        """The figures of the scope, from which the page adds its totals."""
        return Ledger(self.scope, self.until, self.metrics)

    # --- Days -------------------------------------------------------------------------------------------------------------

    @cached_property
    def span(self) -> Span:
        """The days that are shown."""
        return self.asked.span or default_span(self.first_day, self.ledger.last_day)

    @cached_property
    def until(self) -> date:
        """The day up to which figures are read: today, or the last that is asked for."""
        return max(clock.today(), self.asked.span.last if self.asked.span else clock.today())

    @cached_property
    def first_day(self) -> date | None:
        """The first day of which there is a record."""
        return self.ledger.first_day

    @cached_property
    def last_day(self) -> date | None:
        """The last day of which there is a record."""
        return self.ledger.last_day

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
        return with_more(dashboard_url(self.scope.object, span), self.chosen)

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """What the reader chose beside the days, as the address has it."""
        return [(name, value) for name in CHOICES if (value := self.query.get(name, ""))]

    def chosen_but(self, *names: str) -> list[tuple[str, str]]:
        """The same without the choices of these names."""
        return [(name, value) for name, value in self.chosen if name not in names]

    # --- Registers --------------------------------------------------------------------------------------------------------

    @cached_property
    def standing(self) -> Standing:
        """What the registers say now; a work unit keeps none."""
        return rollups.standing(self.scope, self.span, clock.now())

    @property
    def overdue(self) -> int:
        """How many needs of residents should have been resolved by now, whatever the days shown."""
        return sum(self.standing.overdue.values())

    @property
    def overdue_href(self) -> str:
        """Where they are listed."""
        return overdue_url(self.scope.object) if not isinstance(self.scope.object, WorkUnit) else ""

    @property
    def register_tiles(self) -> list[RegisterTile]:
        """What the registers say that the reader should know: nothing of what is as it should be."""
        thing = self.scope.object
        return [] if isinstance(thing, WorkUnit) else tiles_of(self.standing, thing, self.span, sees_roster=self.view.sees_roster)

    # --- The days before --------------------------------------------------------------------------------------------------

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
        return self.every_missing if self.query.get("missing") == "all" else self._as_seen(self.first_missing[:NAMED_MISSING])

    @cached_property
    def every_missing(self) -> list[MissingLine]:
        """All the missing branches, as this reader may see them."""
        return self._as_seen(rollups.missing_branches(self.scope, self.span.last))

    @cached_property
    def first_missing(self) -> list[MissingBranch]:
        """As many of them as a chat names."""
        return [line.row for line in self.every_missing[: chat.MOST_NAMED]]

    def _as_seen(self, rows: list[MissingBranch]) -> list[MissingLine]:
        return missing_lines(rows, self.span.last, may_call=self.view.may_call)

    def states(self, row: ChildRow) -> list[str]:
        """Return what became of a branch's report, read from the rows that name the missing ones."""
        if not isinstance(row.child, Branch) or not row.completeness.due or row.completeness.reported:
            return states_of(row.completeness)
        return [self._missing_states.get(row.child.pk, "missing")]

    @cached_property
    def _missing_states(self) -> dict[int, str]:
        return {line.row.branch.pk: line.state for line in self.every_missing}

    # --- Figures ----------------------------------------------------------------------------------------------------------

    @cached_property
    def lines(self) -> list[Line]:
        """Every metric that was ever reported."""
        return rollups.lines(self.span, self.metrics, self.ledger, compare=self.compares)

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
    def course_span(self) -> Span:
        """The days of a course."""
        return course_days(self.span)

    @cached_property
    def kinds(self) -> list[tuple[str, list[LineRow]]]:
        """All figures by kind of work."""
        # Later metrics stand at the end of the catalogue: brought back to the others of their kind.
        order = list(ActivityKind.values)
        grouped = groupby(sorted(self.lines, key=lambda line: order.index(line.metric.kind)), key=lambda line: line.metric.kind)
        return [(str(ActivityKind(kind).label), [self._row(line) for line in held]) for kind, held in grouped]

    def _row(self, line: Line) -> LineRow:
        thing = self.scope.object
        chart = with_more(dashboard_url(thing, self.span), [*self.chosen_but("metric"), ("metric", line.metric.code)]) + "#chart"
        return LineRow(line, records_url(thing, self.span, line.metric), records_url(thing, self.founding, line.metric), chart)

    @cached_property
    def chart(self) -> FigureChart | None:
        """The metric asked for, else the most reported, day by day."""
        asked = [line.metric for line in self.lines if line.metric.code == self.query.get("metric")]
        metric = next(iter([*asked, *self.principal]), None)
        return FigureChart(self.scope.object, self.ledger, metric, charted_days(self.span)) if metric else None

    @property
    def done(self) -> Attributed | None:
        """What the scope's own people did, where that is told apart from what was done there."""
        return None

    @property
    def counted(self) -> list[Completeness | Total | Attributed]:
        """What the page counts."""
        return [self.completeness, *(total for line in self.lines for total in (line.now, line.running) if total is not None)]

    @cached_property
    def known_at(self) -> datetime:
        """When the last of what is counted was filed or reviewed; now, when nothing is."""
        return rollups.known_at(self.counted) or clock.now()

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
        if not self.view.stated:
            return []
        stated = Statement.objects.filter(**{self.scope.kind: self.scope.object}).order_by("pk")
        return [self._statement(row) for row in rollups.compare(self.scope, stated, self.catalogue, self.ledger)]

    def _statement(self, row: Comparison) -> StatementLine:
        until = row.statement.stated_on
        span = Span(min(self.first_day or until, until), until)
        return StatementLine(row, records_url(self.scope.object, span, row.total.metric) if row.total else "")

    # --- To take away -------------------------------------------------------------------------------------------------------

    @property
    def export_href(self) -> str:
        """The address of the export, up to its ending."""
        return reverse("portal:dashboard_export", args=[self.view.kind, self.scope.public_id, "xlsx"]).removesuffix(".xlsx")

    @property
    def export_query(self) -> str:
        """The days, and the metric of the chart, as an export asks for them."""
        charted = [("metric", self.chart.metric.code)] if self.chart else []
        return with_more(f"?from={self.span.first.isoformat()}&to={self.span.last.isoformat()}", [*self.chosen_but("metric", "by"), *charted])

    @cached_property
    def chat(self) -> str:
        """The day, or the days, for a chat."""
        # A chat compares a day with the day before, and nothing else.
        found = [replace(line, before=None) for line in self.lines] if self.compares else self.lines
        return chat.compose(self.scope, self.span, self.completeness, self.first_missing, found, self.done)
