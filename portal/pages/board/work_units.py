"""The dashboard of a work unit: what its own people did, and apart from it the branches where they serve."""

from datetime import date
from functools import cached_property

from django.http import QueryDict

from activities import rollups
from activities.models import Metric, OverTime
from activities.rollups import DAWN, Attributed, ChildRow, Completeness, Span, Total
from branches.models import WorkUnit
from portal.pages.below import COLUMNS, ChildLine, child_line
from portal.pages.board.base import Board
from portal.pages.board.charts import ShiftChart, charted_days
from portal.pages.board.lines import UnitLine
from portal.pages.scopes import View, dashboard_url, records_url


class WorkUnitBoard(Board):
    """The figures of a work unit: only what can be attributed to its people."""

    def __init__(self, view: View, query: QueryDict, unit: WorkUnit) -> None:
        """Take the unit that the view is of."""
        super().__init__(view, query)
        self.unit = unit

    @cached_property
    def metrics(self) -> list[Metric]:
        """The metrics that can be attributed to people."""
        return [metric for metric in self.catalogue if metric.attributable]

    # --- What its people did ------------------------------------------------------------------------------------------------

    @cached_property
    def shift_days(self) -> dict[date, Attributed]:
        """What the unit's people did on each day, the first day first."""
        return dict(sorted(rollups.attributed_by_day(self.unit, Span(DAWN, self.until)).items()))

    @cached_property
    def first_day(self) -> date | None:
        """The first day of which there is a record."""
        return min((day for day in (super().first_day, *self.shift_days) if day), default=None)

    @cached_property
    def last_day(self) -> date | None:
        """The last day of which there is a record."""
        return max((day for day in (super().last_day, *self.shift_days) if day), default=None)

    @cached_property
    def done(self) -> Attributed:
        """What the unit's people did in the span; that of a single day is read with the other days."""
        if self.span.length == 1:
            return self.shift_days.get(self.span.last, Attributed())
        return rollups.attributed(self.unit, self.span)

    @property
    def counted(self) -> list[Completeness | Total | Attributed]:
        """What the page counts: beside reports and figures the work of the unit's people."""
        return [*super().counted, self.done]

    @property
    def shifts_href(self) -> str:
        """The address of the entries in which the unit's people took part."""
        return records_url(self.unit, self.span, of="shifts")

    @property
    def shifts(self) -> ShiftChart:
        """Person-shifts a day."""
        return ShiftChart(self.unit, self.shift_days, charted_days(self.span))

    @cached_property
    def units(self) -> list[UnitLine]:
        """The units below a unit, and the unit itself where it sends people of its own."""
        found = rollups.attributed_by_child(self.unit, self.span)
        return [UnitLine(child.name, dashboard_url(child, self.span), done, self._shifts_of(child)) for child, done in found]

    def _shifts_of(self, child: WorkUnit) -> str:
        # Its own line counts the people of no unit below it.
        own = {"direct": "1"} if child == self.unit else {}
        return records_url(child, self.span, None, of="shifts", **own)

    # --- Where they serve ---------------------------------------------------------------------------------------------------

    @cached_property
    def completeness(self) -> Completeness:
        """Reports in and missing on the last day of the span, added up from the branches where the unit's members serve."""
        return rollups.overall(self.span.last, (row.completeness for row in self._served))

    @cached_property
    def _served(self) -> list[ChildRow]:
        return rollups.served(self.unit, self.span, self.catalogue)

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
        return [child_line(row.child, row, self.served_columns, self.span, self.states(row)) for row in self._served if row.child]
