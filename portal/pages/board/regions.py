"""The dashboard of a region: what lies below it, by place or by the units that sent the people."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property

from django.http import QueryDict
from django.utils.translation import gettext as _

from activities import chat, rollups
from activities.models import Metric
from activities.rollups import Attributed, ChildRow, Completeness, MissingBranch, Rate, Total
from branches.models import Branch, Region, WorkUnit
from portal.pages.below import COLUMNS, ORDERS, Cell, ChildLine, cells_of, child_line, course_of, key_of, ordered
from portal.pages.board.base import Board
from portal.pages.board.lines import SentLine
from portal.pages.completeness import meter_of
from portal.pages.scopes import NO_UNIT, View, dashboard_url, overdue_url, records_url, reports_url, with_more


class RegionBoard(Board):
    """The figures of a region and of what lies below it."""

    def __init__(self, view: View, query: QueryDict, region: Region) -> None:
        """Take the region that the view is of."""
        super().__init__(view, query)
        self.region = region

    @property
    def shows_records_later(self) -> bool:
        """Whether what is counted from records, and not from kept totals, is shown after the rest of the page: it may be tens of thousands in a day."""
        return self.region.holds_much and self.query.get("whole") != "1"

    # --- Reports ----------------------------------------------------------------------------------------------------------

    @cached_property
    def completeness(self) -> Completeness:
        """Reports in and missing on the last day of the span."""
        # Added up from the table below where the page shows it.
        if self.by_unit:
            return super().completeness
        return rollups.overall(self.span.last, (row.completeness for row in self._children))

    @cached_property
    def first_missing(self) -> list[MissingBranch]:
        """As many of the missing branches as a chat names; there may be thousands."""
        if self.children_are_branches or "every_missing" in self.__dict__:
            return super().first_missing
        return rollups.missing_branches(self.scope, self.span.last, chat.MOST_NAMED)

    # --- Below, by place ----------------------------------------------------------------------------------------------------

    @property
    def children_are_branches(self) -> bool:
        """Whether the table below lists branches."""
        return rollups.lists_branches(self.scope)

    @cached_property
    def columns(self) -> list[Metric]:
        """The metrics of the table below the region, in the order of the catalogue."""
        # Chosen by what the region reports, and always the same at every level of the tree below it.
        return sorted(self.principal[:COLUMNS], key=lambda metric: metric.position)

    @cached_property
    def _children(self) -> list[ChildRow]:
        return rollups.by_child(self.scope, self.span, self.columns, self._regions_below)

    @cached_property
    def _regions_below(self) -> rollups.Below | None:
        return rollups.Below.of(self.scope, self.span.last)

    @cached_property
    def children(self) -> list[ChildLine]:
        """The regions or branches below the region."""
        return ordered((self._line(row) for row in self._children), self.order)

    @property
    def order(self) -> str:
        """In which order the regions or branches below stand: `rate`, `overdue`, or empty for that of their names."""
        order = self.query.get("order", "")
        return order if order in ORDERS else ""

    @cached_property
    def sum_cells(self) -> list[Cell]:
        """The last line of the table: the region itself."""
        now = {line.metric.code: line.now for line in self.lines if line.now}
        return cells_of(self.region, now, self.columns, self.span)

    def _line(self, row: ChildRow) -> ChildLine:
        """Return a line of the table: with its course, and with the rate of its reports."""
        key = key_of(row.child)
        line = self._child_line(row.child, row) if row.child else self._direct_line(row)
        course = course_of(self._courses.get(key, {}), self.course_span)
        return replace(line, course=course, rate=self.rates.get(key, Rate()), overdue=self.standing.overdue.get(key, 0))

    def _child_line(self, child: Region | Branch, row: ChildRow) -> ChildLine:
        line = child_line(child, row, self.columns, self.span, self.states(row))
        below = self._regions_below
        if below is None or child.pk not in below.settled:
            # It may have done something elsewhere too, or lain there.
            line = replace(line, cells=cells_of(self.region, row.totals, self.columns, self.span, child=str(child.public_id)))
        if child.pk not in self._opened:
            return replace(line, href="")
        chosen = self.chosen_but("by", "metric")
        drawn = [("metric", self.course_metric.code)] if self.course_metric else []
        return replace(
            line,
            href=with_more(line.href, chosen),
            course_href=with_more(dashboard_url(child, self.course_span), [*chosen, *drawn]) + "#chart",
            rate_href=reports_url(child, self.span, only="expected"),
            overdue_href=overdue_url(child),
        )

    @cached_property
    def _opened(self) -> frozenset[int]:
        """The regions or branches below whose own pages the reader may open: what lies here today, and what else is within reach."""
        below, held = self._regions_below, [row.child for row in self._children if row.child is not None]
        at_home = frozenset(child.pk for child in held if isinstance(child, Branch) and child.region_id == self.region.pk)
        here = below.settled if below is not None else at_home
        return here | self.view.opened_below([child for child in held if child.pk not in here])

    def _direct_line(self, row: ChildRow) -> ChildLine:
        """Return the line of what was done at the region itself, which has no page of its own."""
        name = _("directly in %(name)s") % {"name": self.region.name}
        cells = cells_of(self.region, row.totals, self.columns, self.span, direct="1")
        return ChildLine(name, "", row.completeness, meter_of(row.completeness), cells, self.states(row))

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
    def _courses(self) -> Mapping[int | None, Mapping[date, Total]]:
        metric = self.course_metric
        return rollups.by_child_and_day(self.scope, self.course_span, metric, self._regions_below) if metric else {}

    # --- Below, by the units that sent the people -----------------------------------------------------------------------------

    @property
    def by_unit(self) -> bool:
        """Whether the table below is asked for by the units that sent the people."""
        return self.query.get("by") == "unit"

    @cached_property
    def sent(self) -> list[SentLine]:
        """The work units whose people worked in the region, with what they did there."""
        found = rollups.attributed_by_unit(self.region, self.span)
        opened = self.view.opened_units([unit for unit, _done in found if unit is not None])
        return [self._sent(unit, done, opened) for unit, done in found]

    def _sent(self, unit: WorkUnit | None, done: Attributed, opened: frozenset[int]) -> SentLine:
        records = records_url(self.region, self.span, of="shifts", sent_by=str(unit.public_id) if unit else NO_UNIT)
        if unit is None:
            return SentLine(_("No unit on record"), "", "", done, records)
        href = dashboard_url(unit, self.span) if unit.pk in opened else ""
        return SentLine(unit.name, unit.parent.name if unit.parent else "", href, done, records)

    @property
    def sent_records_href(self) -> str:
        """Where everybody's person-shifts in the region are listed."""
        return records_url(self.region, self.span, of="shifts")

    @cached_property
    def sent_in_all(self) -> Attributed:
        """Everybody's work in the region, each entry counted once."""
        return rollups.attributed_within(self.region, self.span)
