"""The chart of a dashboard: a bar a day, which opens the records of its day."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

from activities.models import Metric, OverTime
from activities.rollups import Attributed, Ledger, Span, Total
from activities.templatetags.figures import figure_brief, figure_text
from branches.models import Branch, Region, WorkUnit
from portal.charts import BarPoint
from portal.pages.scopes import WEEK, records_url

# Beyond a quarter a bar a day says nothing on any screen; the last days are drawn.
MOST_BARS: Final = 92


def charted_days(span: Span) -> Span:
    """Return the days of a chart: the span, or the week that ends with a single day."""
    length = WEEK if span.length == 1 else min(span.length, MOST_BARS)
    return Span(span.last - timedelta(days=length - 1), span.last)


class FigureChart:
    """A metric of a region, a work unit or a branch, day by day."""

    def __init__(self, about: Region | WorkUnit | Branch, ledger: Ledger, metric: Metric, span: Span) -> None:
        """Take what is read already; nothing is drawn yet."""
        self.about = about
        self.ledger = ledger
        self.metric = metric
        self.span = span

    @cached_property
    def days(self) -> Mapping[date, Total]:
        """The figure of each day that has one."""
        if self.metric.over_time == OverTime.LATEST:
            return self.ledger.in_force({self.metric: self.span.days()})[self.metric.code]
        return self.ledger.days(self.metric, self.span)

    @property
    def bars(self) -> list[BarPoint]:
        """A bar a day; a day without a figure is a gap and not zero."""
        return [self._bar(day, self.days.get(day)) for day in self.span.days()]

    def _bar(self, day: date, total: Total | None) -> BarPoint:
        label, current = f"{day.month}/{day.day}", day == self.span.last
        if total is None:
            return BarPoint(label, None, "", current=current)
        href, text = records_url(self.about, Span.day(day), self.metric), figure_text(total, unit=False)
        if total.value is None:
            return BarPoint(label, None, text, href, current=current, state=text)
        return BarPoint(label, total.value, text, href, current=current, brief=figure_brief(total))


class ShiftChart:
    """The person-shifts of a work unit's people, day by day; a day without any is zero."""

    def __init__(self, unit: WorkUnit, days: Mapping[date, Attributed], span: Span) -> None:
        """Take what was done on each day."""
        self.unit = unit
        self.days = days
        self.span = span

    @property
    def has_bars(self) -> bool:
        """Whether there is a bar to draw."""
        return any(self.span.first <= day <= self.span.last for day in self.days)

    @property
    def bars(self) -> list[BarPoint]:
        """A bar a day."""
        return [self._bar(day, self.days.get(day)) for day in self.span.days()]

    def _bar(self, day: date, done: Attributed | None) -> BarPoint:
        shifts = Decimal(done.person_shifts) if done else Decimal(0)
        href = records_url(self.unit, Span.day(day), of="shifts") if done else ""
        return BarPoint(f"{day.month}/{day.day}", shifts, f"{shifts:,f}", href, current=day == self.span.last)
