"""A daily report of 10 entries with 20 figures: through the service, row by row, and without the upkeep of totals."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from activities import rollups
from activities.models import Measure, OverTime, ReportVersion
from activities.rollups import Scope, Span
from benchmarks import world
from benchmarks.baselines.drf_filing import by_serializer
from benchmarks.baselines.without_rollups import without_rollups
from benchmarks.measuring import RUNS, Work
from portal.foundation.text import fold

# So many a run: one alone is over before the clock has settled, and a fold falls on every forty or so.
REPORTS: Final = 40

File = Callable[[world.Filing], Any]


def works(runs: int = RUNS, reports: int = REPORTS) -> list[Work]:
    """Return the rows."""
    # Both sides of each row, and reports whose rows are compared.
    line = world.filings(6 * (runs + 1) * reports)
    added = _added_to_totals(next(line))
    return [
        Work(
            name="daily report of 10 entries, 20 figures",
            ours="the service",
            theirs="DRF nested serializer, saved row by row; same triggers, same folds",
            subject=lambda: _file(line, by_service, reports),
            baseline=lambda: _file(line, by_serializer, reports),
            found=lambda: _stored(line, by_service),
            expected=lambda: _stored(line, by_serializer),
            target=4,
            amount=reports,
        ),
        Work(
            name="upkeep of totals in a filing",
            ours="with it, folds included",
            theirs="the same without the triggers of totals",
            subject=lambda: _file(line, by_service, reports),
            baseline=lambda: _file(line, by_service, reports, without_rollups()),
            found=lambda: added[0],
            expected=lambda: added[1],
            most=1.3,
            amount=reports,
        ),
        Work(
            name="search in a filing",
            ours="ten notes, folded and indexed",
            theirs="the same report without notes",
            subject=lambda: _file(line, by_service, reports),
            baseline=lambda: _file(line, lambda filing: by_service(_without_notes(filing)), reports),
            found=lambda: _notes(by_service(next(line))),
            expected=lambda: [fold(work.note) for work in world.works(random.Random(1))],  # noqa: S311 - invention, not secrets
            most=1.4,
            amount=reports,
        ),
    ]


def by_service(filing: world.Filing) -> ReportVersion:
    """File a report as the portal does."""
    return filing.by_service().version


def _without_notes(filing: world.Filing) -> world.Filing:
    return replace(filing, works=tuple(replace(work, note="") for work in filing.works))


def _notes(version: ReportVersion) -> list[str | None]:
    """Return what of the notes of a report is searched."""
    return list(version.entries.order_by("pk").values_list("note_folded", flat=True))


def _file(line: Iterator[world.Filing], file: File, count: int, within: AbstractContextManager[None] | None = None) -> None:
    with within or nullcontext():
        for filing in islice(line, count):
            file(filing)


def _stored(line: Iterator[world.Filing], file: File) -> list[Any]:
    """Return the rows of a report, apart from what differs from report to report: whose it is, which day, how much."""
    filing = next(line)
    version = file(filing)
    entered = {figure.metric: figure.value for work in filing.works for figure in work.figures}
    rows = Measure.objects.filter(entry__version=version).order_by("metric__position").values_list(*_SHOWN)
    held = ReportVersion.objects.filter(pk=version.pk).values_list("number", "state", "nature", "means", "on_behalf").get()
    as_entered = [(*row[2:], row[0] == row[1] == entered[row[2]]) for row in rows]
    placed = version.branch_id == filing.branch.pk and {entry.place_id for entry in version.entries.all()} == {filing.branch.region_id}
    return [held, placed, *as_entered]


_SHOWN: Final = ("value", "value_entered", "metric__code", "entry__kind", "entry__note", "entry__note_folded", "qualifier", "unit_entered__code", "source")


def _added_to_totals(filing: world.Filing) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return by how much a filing moved the province's sums of its day, and by how much it had to."""
    scope, metrics = Scope.of(world.province()), [metric for metric in world.catalogue() if metric.over_time == OverTime.SUM]
    before = rollups.totals(scope, Span.day(filing.day), metrics)
    by_service(filing)
    after = rollups.totals(scope, Span.day(filing.day), metrics)
    moved = {code: (total.value or 0) - ((before[code].value or 0) if code in before else 0) for code, total in after.items()}
    filed = {figure.metric: figure.value for work in filing.works for figure in work.figures}
    return {code: by for code, by in moved.items() if by}, {metric.code: filed[metric.code] for metric in metrics if metric.code in filed}
