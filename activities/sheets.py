"""The sheet on which a branch fills in a day or a span: which figures it asks for, what stood there before, and what becomes of what is typed.

A report may hold more than a form shows: several entries of a kind, places, people, hours, sent by another system. A figure that stands in one
entry is edited where it stands; one that stands in several is shown and kept; everything else goes into the next version as it was.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Prefetch, Q
from django.utils.functional import cached_property

from activities import rollups
from activities.figures import Qualifier, combine
from activities.form_state import NOTE, Cell, Fields, cell_of, with_cell
from activities.models import DailyReport, Dimension, Entry, EntryParticipant, Measure, Metric, OverTime, ReportVersion, Unit
from activities.receipts import canonical, decimal_text
from activities.registers import Derived, figures_of
from activities.rollups import Scope, Span
from activities.services import Figure, Participation, Work, filing_content
from branches.models import Branch
from portal.foundation import clock

REPORTS_LOOKED_AT: Final = 14
DAYS_LOOKED_BACK: Final = 14
USUAL_AT_MOST: Final = 12
# What a branch without a history is asked for: the gate, the duty, the errands.
USUAL_AT_FIRST: Final = ("vehicles", "person_entries", "temperature_checks", "turned_back", "duty_person_times", "errands", "goods_unloaded")
# Elsewhere the units of a dimension are no multiples of each other: nobody enters vehicles in person-times.
CONVERTIBLE: Final = (Dimension.WEIGHT, Dimension.MONEY)


@dataclass(frozen=True)
class KeptWork:
    """An entry of the version that a form was opened on.

    Attributes:
        work: the entry without the figures that the form edits. edited: the codes of those.
    """

    work: Work
    edited: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing but figures: others of its kind may join it."""
        work = self.work
        return not (work.place or work.starts_at or work.note or work.participants or work.figures)


@dataclass(frozen=True)
class Past:
    """What a branch last gave for a figure before the day of a form, in the metric's own unit.

    Attributes:
        day: the day for which it was given, not one on which it still held. added: whether it is the sum of several entries.
    """

    day: date
    value: Decimal
    qualifier: Qualifier
    added: bool


@dataclass
class Sheet:
    """What the form of a branch for a day is made from. For a span of days `day` is None."""

    branch: Branch
    day: date | None
    metrics: dict[str, Metric]
    units: dict[str, Unit]
    usual: list[str]
    past: dict[str, Past] = field(default_factory=dict)
    # What the branch's registers say of the day.
    derived: dict[str, Derived] = field(default_factory=dict)
    # The latest version of the day before.
    eve: ReportVersion | None = None
    latest: ReportVersion | None = None
    due_at: datetime | None = None

    @property
    def base(self) -> int:
        """The number of the version that a form opened now stands on; 0 for none."""
        return self.latest.number if self.latest else 0

    @property
    def is_past_due(self) -> bool:
        """Whether a change would be a correction, with a reason."""
        return self.due_at is not None and clock.now() > self.due_at

    @property
    def misses_eve(self) -> bool:
        """Whether nothing counts for the day before, so that what stands beside the fields is older."""
        return bool(self.past) and not (self.eve and self.eve.is_current)

    @cached_property
    def entries(self) -> list[Entry]:
        """The entries of the latest version; a withdrawn one should not have been filed and is no start."""
        return _entries(self.latest) if self.latest and self.latest.state != ReportVersion.State.WITHDRAWN else []

    @cached_property
    def figures(self) -> dict[str, list[Figure]]:
        """The figures of the latest version by metric code."""
        return self._figures(self.entries)

    @cached_property
    def locked(self) -> dict[str, list[Figure]]:
        """Figures that stand in several entries: shown, kept, not edited here."""
        return {code: figures for code, figures in self.figures.items() if len(figures) > 1}

    @cached_property
    def kept(self) -> list[KeptWork]:
        """The entries of the latest version as work to file again."""
        return [self._kept(entry) for entry in self.entries]

    @property
    def fields(self) -> Fields:
        """The latest version as a form: empty when there is none."""
        return self._fields(self.entries, self.latest)

    def with_registers(self, fields: Fields) -> Fields:
        """Return `fields` with what the registers say: where nothing is typed, and where a register spoke before."""
        for code in self.metrics:
            cell, derived = cell_of(fields, code), self.derived.get(code)
            if derived is not None and code not in self.locked and (cell.derived or cell.is_blank):
                fields = with_cell(fields, code, Cell(decimal_text(derived.value), derived=True))
            elif cell.derived:
                fields = with_cell(fields, code, replace(cell, derived=False))
        return fields

    def fields_at(self, number: int) -> Fields:
        """Return version `number` of the report as a form; empty for 0 and for a withdrawn one."""
        if self.latest is None or number == 0:
            return {}
        if number == self.latest.number:
            return self.fields
        version = ReportVersion.objects.filter(daily_report=self.latest.daily_report, number=number).first()
        if version is None or version.state == ReportVersion.State.WITHDRAWN:
            return {}
        return self._fields(_entries(version), version)

    def units_of(self, metric: Metric) -> list[Unit]:
        """Return the units in which a metric may be typed, its own first; one when there is no choice."""
        others = [unit for unit in self.units.values() if metric.unit.dimension in CONVERTIBLE and unit.dimension == metric.unit.dimension]
        others += [self.units[figure.unit] for figure in self.figures.get(metric.code, []) if figure.unit in self.units]
        return list(dict.fromkeys([metric.unit, *others]))

    def works(self, figures: Mapping[str, Figure]) -> tuple[Work, ...]:
        """Return the work to file when the form gives `figures` by code: what the form does not show stays as it was."""
        left = {code: self._as_before(figure) for code, figure in figures.items()}
        works = []
        for index, kept in enumerate(self.kept):
            codes = [code for code in left if self.home_of(code) == index]
            own = tuple(left.pop(code) for code in codes)
            work = replace(kept.work, figures=(*kept.work.figures, *own))
            if work.figures or work.participants or work.note:
                works.append(work)
        by_kind: dict[str, list[Figure]] = {}
        for code, figure in left.items():
            by_kind.setdefault(self.metrics[code].kind, []).append(figure)
        return (*works, *(Work(kind=kind, figures=tuple(found)) for kind, found in by_kind.items()))

    def home_of(self, code: str) -> int | None:
        """Return the index among `kept` of the entry that a figure goes to; None for a new one of its kind."""
        for index, kept in enumerate(self.kept):
            if code in kept.edited:
                return index
        kind = self.metrics[code].kind
        return next((index for index, kept in enumerate(self.kept) if kept.is_plain and kept.work.kind == kind), None)

    def plan(self) -> dict[str, Any]:
        """Return what a phone needs to compute the receipt number of what is typed: see static/activities/content.js."""
        assert self.day is not None  # noqa: S101 - only a day's form computes it
        kept = [filing_content(branch=self.branch, first_day=self.day, last_day=self.day, works=[each.work], note="")["works"][0] for each in self.kept]
        return {
            "branch": str(self.branch.public_id),
            "day": self.day.isoformat(),
            "kept": json.loads(canonical({"works": kept}))["works"],
            "metrics": {code: {"kind": metric.kind, "home": self.home_of(code)} for code, metric in self.metrics.items() if code not in self.locked},
            "before": {
                code: {"value": decimal_text(figure.value), "unit": figure.unit, "qualifier": str(figure.qualifier), "text": figure.qualifier_text}
                for code, [figure, *more] in self.figures.items()
                if figure.qualifier_text and not more
            },
        }

    def _as_before(self, figure: Figure) -> Figure:
        """Return `figure` with the words as printed, when it says what stood there before."""
        found = self.figures.get(figure.metric, [])
        if len(found) != 1:
            return figure
        before = found[0]
        unchanged = (before.value, before.unit, before.qualifier) == (figure.value, figure.unit, figure.qualifier)
        return before if unchanged else figure

    def _figures(self, entries: Iterable[Entry]) -> dict[str, list[Figure]]:
        found: dict[str, list[Figure]] = {}
        for entry in entries:
            for measure in entry.measures.all():
                found.setdefault(measure.metric.code, []).append(_figure(measure))
        return found

    def _fields(self, entries: Sequence[Entry], version: ReportVersion | None) -> Fields:
        if version is None or version.state == ReportVersion.State.WITHDRAWN:
            return {}
        fields: Fields = {NOTE: version.note}
        copied = {measure.metric.code for entry in entries for measure in entry.measures.all() if measure.source == Measure.Source.DERIVED}
        for code, found in self._figures(entries).items():
            if len(found) == 1:
                fields = with_cell(fields, code, Cell(decimal_text(found[0].value), str(found[0].qualifier), found[0].unit, code in copied))
        return fields

    def _kept(self, entry: Entry) -> KeptWork:
        measures = list(entry.measures.all())
        edited = tuple(measure.metric.code for measure in measures if measure.metric.code not in self.locked)
        work = Work(
            kind=entry.kind,
            figures=tuple(_figure(measure) for measure in measures if measure.metric.code in self.locked),
            place=entry.place if entry.place_id != self.branch.region_id else None,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            note=entry.note,
            participants=tuple(Participation(part.person, part.hours) for part in entry.participants.all()),
        )
        return KeptWork(work, edited)


def daily_sheet(branch: Branch, day: date) -> Sheet:
    """Return the sheet of a branch for a business date."""
    metrics = catalogue()
    eve = day - timedelta(days=1)
    versions = ReportVersion.objects.filter(daily_report__branch=branch, daily_report__business_date__in=(eve, day)).select_related("filed_by", "daily_report")
    latest = {version.report.business_date: version for version in versions.order_by("daily_report_id", "-number").distinct("daily_report_id")}
    return Sheet(
        branch=branch,
        day=day,
        metrics=metrics,
        units={unit.code: unit for unit in Unit.objects.all()},
        usual=usual_metrics(branch, day, metrics),
        past=past_figures(branch, day, metrics),
        derived=figures_of(branch, day),
        eve=latest.get(eve),
        latest=latest.get(day),
        due_at=branch.due_at(day) if branch.reports_daily else None,
    )


def period_sheet(branch: Branch, before: date) -> Sheet:
    """Return the sheet of a branch for a span of days."""
    metrics = catalogue()
    units = {unit.code: unit for unit in Unit.objects.all()}
    return Sheet(branch=branch, day=None, metrics=metrics, units=units, usual=usual_metrics(branch, before, metrics))


def catalogue() -> dict[str, Metric]:
    """Return all metrics by code, in their order."""
    return {metric.code: metric for metric in Metric.objects.select_related("unit").order_by("position")}


def past_figures(branch: Branch, before: date, metrics: Mapping[str, Metric]) -> dict[str, Past]:
    """Return what a branch last gave for each figure in the two weeks before a day; of a value that holds until the next, whenever it was given. One query."""
    span = Span(before - timedelta(days=DAYS_LOOKED_BACK), before - timedelta(days=1))
    rows = rollups.records(Scope(branch=branch), span, metrics=metrics.values())
    # A figure of several days is no figure of the last of them; a value that holds from a period on is.
    given = rows.filter(Q(business_date__isnull=False) | Q(metric__over_time=OverTime.LATEST)).order_by("-day", "pk")
    found: dict[str, list[tuple[date, Decimal, Qualifier]]] = {}
    for code, day, value, qualifier in given.values_list("metric__code", "day", "value", "qualifier"):
        held = found.setdefault(code, [])
        if not held or held[0][0] == day:
            held.append((day, value, Qualifier(qualifier)))
    return {code: _past(held) for code, held in found.items() if len(held) == 1 or metrics[code].over_time == OverTime.SUM}


def _past(held: Sequence[tuple[date, Decimal, Qualifier]]) -> Past:
    return Past(held[0][0], sum((value for _day, value, _how in held), Decimal(0)), combine(how for _day, _value, how in held), added=len(held) > 1)


def usual_metrics(branch: Branch, before: date, metrics: Mapping[str, Metric]) -> list[str]:
    """Return the codes of the figures that a branch gave most often in its last reports before a day, at most twelve, in the catalogue's order."""
    last = DailyReport.objects.current().filter(branch=branch, business_date__lt=before).order_by("-business_date").values("pk")[:REPORTS_LOOKED_AT]
    measures = Measure.objects.filter(entry__version__daily_report__in=last, entry__version__state__in=ReportVersion.CURRENT).order_by()
    rows = measures.values_list("metric__code").annotate(times=Count("entry__version", distinct=True))
    often = sorted(rows, key=lambda row: (-row[1], metrics[row[0]].position))[:USUAL_AT_MOST]
    codes = [code for code, _times in often] or [code for code in USUAL_AT_FIRST if code in metrics]
    return sorted(codes, key=lambda code: metrics[code].position)


def _entries(version: ReportVersion) -> list[Entry]:
    measures = Measure.objects.select_related("metric", "unit_entered").order_by("metric__position")
    participants = EntryParticipant.objects.select_related("person")
    entries = version.entries.select_related("place").order_by("pk")
    return list(entries.prefetch_related(Prefetch("measures", measures), Prefetch("participants", participants)))


def _figure(measure: Measure) -> Figure:
    return Figure(
        metric=measure.metric.code,
        value=measure.value_entered,
        unit="" if measure.unit_entered_id == measure.metric.unit_id else measure.unit_entered.code,
        qualifier=measure.qualifier,
        qualifier_text=measure.qualifier_text,
        unit_text=measure.unit_text,
    )
