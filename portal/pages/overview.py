"""The first page of a reader of several scopes: who has not reported, region by region, and the way to branches and work units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final

from django.db.models import Max
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _

from activities import rollups
from activities.models import ReportVersion
from activities.rollups import Completeness, Span
from branches import access
from branches.access import Act
from branches.models import Branch, Region, WorkUnit
from portal.charts import MeterPart
from portal.foundation import clock
from portal.foundation.text import fold
from portal.pages.completeness import LegendLine, legend_of, meter_of, states_of
from portal.pages.missing import NAMED_MISSING, MissingLine, missing_lines
from portal.pages.scopes import Asked, Preset, Reader, asked_days, dashboard_url, default_span, query_href

# A list to choose from is read by eye; beyond that the filter narrows it.
LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class RegionCard:
    """A region with its reports of the day and the first of its missing branches."""

    name: str
    href: str
    missing_href: str
    completeness: Completeness
    parts: Sequence[MeterPart]
    legend: Sequence[LegendLine]
    missing: Sequence[MissingLine]


@dataclass(frozen=True, slots=True)
class Link:
    """A region, branch or work unit with its address; of a branch what became of its report, of a silent region its last day with a report."""

    name: str
    href: str
    states: Sequence[str] = ()
    last_day: date | None = None


class Overview:
    """The scopes where a reader's figures begin, on one day."""

    def __init__(self, reader: Reader, roots: Sequence[Region | WorkUnit | Branch], query: QueryDict) -> None:
        """Sort the scopes by kind; what they show is read when it is shown."""
        self.reader = reader
        self.regions = [root for root in roots if isinstance(root, Region)]
        self._branches = [root for root in roots if isinstance(root, Branch)]
        self._units = [root for root in roots if isinstance(root, WorkUnit)]
        self.asked: Asked = asked_days(query)
        self.query = query

    @property
    def span(self) -> Span:
        """The day whose reports are counted: until noon yesterday."""
        return Span.day((self.asked.span or default_span(None, None)).last)

    @property
    def presets(self) -> list[Preset]:
        """Yesterday and today."""
        today = clock.today()
        days = ((_("Yesterday"), today - timedelta(days=1)), (_("Today"), today))
        return [Preset(label, query_href(self.query, **{"from": day.isoformat(), "to": day.isoformat()}), self.span == Span.day(day)) for label, day in days]

    @cached_property
    def cards(self) -> list[RegionCard]:
        """A card for each region where reports are due, the one that misses most first; two queries."""
        if not self.regions:
            return []
        day = self.span.last
        missing, call = rollups.missing_of(self.regions, day, NAMED_MISSING), access.reach(self.reader, Act.CALL)
        cards = []
        for region in sorted(self.regions, key=lambda region: -self._counted[region.pk].missing):
            href, own = dashboard_url(region, self.span), self._counted[region.pk]
            if not own.due:
                continue
            every = f"{href}&missing=all#missing"
            may_call = call.everything or region.pk in call.regions
            named = missing_lines(missing.get(region.pk, []), day, may_call=may_call)
            cards.append(RegionCard(region.name, href, every, own, meter_of(own), legend_of(own, region, every), named))
        return cards

    @cached_property
    def _counted(self) -> dict[int, Completeness]:
        return rollups.completeness_of(self.regions, self.span.last) if self.regions else {}

    @property
    def silent(self) -> list[Link]:
        """The regions where no report is due: there the whole of their figures is what there is to see."""
        silent = [region for region in self.regions if not self._counted[region.pk].due]
        last = _last_days(silent)
        return [Link(region.name, dashboard_url(region), last_day=last.get(region.pk)) for region in silent]

    @cached_property
    def branches(self) -> list[Link]:
        """Single branches of the reader, and what became of the report of each; two queries."""
        if not self._branches:
            return []
        day = self.span.last
        rows = rollups.with_completeness(Branch.objects.filter(pk__in=[branch.pk for branch in self._branches]).by_name(), day)
        counted = [(branch, rollups.completeness_read(branch, day)) for branch in rows]
        pending = rollups.not_due_yet([branch for branch, own in counted if own.missing], day)
        return [Link(branch.name, dashboard_url(branch, self.span), states_of(own, pending=branch.pk in pending)) for branch, own in counted]

    @property
    def words(self) -> str:
        """What the list of work units is narrowed by."""
        return self.query.get("unit", "").strip()

    @cached_property
    def _found(self) -> list[WorkUnit]:
        wanted = fold(self.words).split()
        return [unit for unit in self._units if all(word in unit.search for word in wanted)]

    @property
    def units(self) -> list[Link]:
        """The work units that fit the filter, as many as are read by eye."""
        return [Link(unit.name, dashboard_url(unit)) for unit in self._found[:LISTED]]

    @property
    def units_left_out(self) -> int:
        """How many more fit."""
        return max(0, len(self._found) - LISTED)

    @property
    def units_in_all(self) -> int:
        """How many there are."""
        return len(self._units)

    @property
    def units_open(self) -> bool:
        """Whether the list stands open: it was asked for, or there is nothing else."""
        return bool(self.words) or not (self.regions or self._branches)


def _last_days(regions: Sequence[Region]) -> dict[int, date]:
    """Return the last day of which a report counts, by region, of those that have one; one query."""
    if not regions:
        return {}
    day = Coalesce("daily_report__business_date", "period_report__last_day")
    current = ReportVersion.objects.current().filter(branch__region__paths_up__ancestor__in=regions, branch__region__paths_up__during__contains=clock.today())
    rows = current.order_by().values_list("branch__region__paths_up__ancestor").annotate(last=Max(day))
    return {region: last for region, last in rows if last is not None}
