"""A hundred thousand rows of figures, filed from a workbook and from csv: through the jobs of an import, beside plain ways."""

import csv
import io
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

from openpyxl import Workbook

from activities import rollups
from activities.imports import services
from activities.imports.words import COLUMNS
from activities.models import DailyReport, Entry, Measure, OverTime, ReportImport, ReportVersion
from activities.rollups import Scope, Span, upkeep
from benchmarks import world
from benchmarks.baselines.bulk_import import TABLES, BareCopy, by_bulk_create, of_days
from benchmarks.measuring import RUNS, Work
from branches import access
from branches.access import Role
from branches.models import Branch, Level, Region
from branches.querysets import BranchQuerySet
from portal.foundation import jobs

ROWS: Final = 100_000
# Ten pieces of work with two figures each, as a report of the other benchmarks has.
_METRICS: Final = tuple(metric for _kind, *metrics in world.KINDS for metric in metrics)
_DAY: Final = timedelta(days=1)

Table = tuple[Span, bytes]


class Tables:
    """Tables to import, each of the same branches and figures on days of which there are no reports yet, and whoever files them."""

    def __init__(self, rows: int) -> None:
        """Choose the county with the most branches."""
        region = max(Region.objects.filter(level=Level.COUNTY), key=lambda county: _branches(county).count())
        self.actor = world.account(Role.REVIEWER, region)
        self.branches = [str(each) for each in _branches(region).order_by("pk").values_list("public_id", flat=True)]
        self.rows = rows
        self.days = -(-rows // (len(self.branches) * len(_METRICS)))
        self.metrics = {metric.code: metric for metric in world.catalogue()}
        self._named = [(str(metric.get_kind_display()), metric.name_zh, metric.unit_zh) for code in _METRICS for metric in [self.metrics[code]]]
        self._until = DailyReport.objects.order_by("business_date").values_list("business_date", flat=True)[0]

    def next_span(self) -> Span:
        """Return the next days to file for."""
        last = self._until - _DAY
        self._until = last - _DAY * (self.days - 1)
        return Span(self._until, last)

    def line(self, make: Callable[[Span], bytes], ready: int) -> Iterator[Table]:
        """Yield tables for days that follow each other; the first of them are ready."""

        def one() -> Table:
            span = self.next_span()
            return span, make(span)

        return chain([one() for _number in range(ready)], iter(one, None))

    def cells(self, first: date) -> Iterator[list[Any]]:
        """Yield rows; the same from whatever day on."""
        chance = random.Random(1)  # noqa: S311 - invention, not secrets
        for number in range(self.rows):
            at, figure = divmod(number, len(_METRICS))
            day, branch = divmod(at, len(self.branches))
            kind, name, unit = self._named[figure]
            value, luck = chance.randint(1, 300), chance.random()
            written = f"约{value}" if luck < 0.05 else value
            note = f"东门{value}号，詹家墩" if figure % 8 == 0 else ""
            yield [self.branches[branch], first + _DAY * day, kind, name, written, unit, note]

    def workbook(self, span: Span) -> bytes:
        """Return a workbook."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append([column.chinese for column in COLUMNS])
        for row in self.cells(span.first):
            sheet.append([None if cell == "" else cell for cell in row])
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def csv(self, span: Span) -> bytes:
        """Return the same as csv."""
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow([column.chinese for column in COLUMNS])
        writer.writerows(self.cells(span.first))
        return stream.getvalue().encode("utf-8-sig")


def _branches(region: Region) -> BranchQuerySet:
    """Return the branches of a region; what a command post files is in no total."""
    found: BranchQuerySet = Branch.objects.filter(access.branches_within(access.Reach(regions=frozenset({region.pk}))))
    return found.exclude(kind=Branch.Kind.COMMAND_POST)


def works(runs: int = RUNS, rows: int = ROWS) -> list[Work]:
    """Return the rows. As many tables as are timed, and one to compare, are made before."""
    tables = Tables(rows)
    ours, theirs, plain = (tables.line(make, runs + 1) for make in (tables.workbook, tables.workbook, tables.csv))
    bare: list[BareCopy] = []

    def ours_from(line: Iterator[Table]) -> None:
        imported(tables.actor, next(line)[1])

    def counted() -> list[int]:
        span, content = next(plain)
        imported(tables.actor, content)
        bare[:] = [BareCopy((span.first, span.last))]
        return [of_days(model, (span.first, span.last)).count() for model in TABLES]

    def copied() -> list[int]:
        bare[0].run()
        return bare[0].rows()

    return [
        Work(
            name=f"import from xlsx, {rows:,} rows",
            ours="upload, check and filing by jobs; totals folded",
            theirs="openpyxl, bulk_create; same rules and triggers, totals folded",
            subject=lambda: ours_from(ours),
            baseline=lambda: by_bulk_create(next(theirs)[1], tables.actor),
            found=lambda: _filed(tables, next(ours), imported),
            expected=lambda: _filed(tables, next(theirs), lambda actor, content: by_bulk_create(content, actor)),
            target=6,
        ),
        Work(
            name=f"import from csv, {rows:,} rows",
            ours="upload, check and filing by jobs; totals folded",
            theirs="bare COPY of the rows it comes to, into like tables without triggers and foreign keys",
            subject=lambda: ours_from(plain),
            baseline=lambda: bare[0].run(),
            found=counted,
            expected=copied,
            target=0.4,
        ),
    ]


def imported(actor: Any, content: bytes) -> None:
    """Import a table as the pages and the worker do, to the end."""
    taken = services.take_in(actor=actor, content=content, name="table")
    _work()
    services.confirm(imported=taken)
    _work()
    while upkeep.fold():
        pass
    if ReportImport.objects.get(pk=taken.pk).state != ReportImport.State.FILED:
        raise RuntimeError("the import was not filed")


def _work() -> None:
    while (job := jobs.run_next()) is not None:
        if job.error:
            raise RuntimeError(job.error)


def _filed(tables: Tables, table: Table, file: Callable[[Any, bytes], None]) -> dict[str, Any]:
    """File a table, and return its rows apart from what differs between two, and by how much it moved the totals of its days."""
    span, content = table
    scope, metrics = Scope.of(world.province()), [metric for metric in tables.metrics.values() if metric.over_time == OverTime.SUM]
    before = rollups.totals(scope, span, metrics)
    file(tables.actor, content)
    after = rollups.totals(scope, span, metrics)
    moved = {code: (total.value or 0) - ((before[code].value or 0) if code in before else 0) for code, total in after.items()}
    days = (span.first, span.last)
    measures = of_days(Measure, days).order_by("business_date", "branch", "metric__position").values_list(*_SHOWN)
    shown = [((row[0] - span.first).days, *row[1:]) for row in measures]
    versions = of_days(ReportVersion, days).values_list("branch", "number", "state", "nature", "means", "on_behalf")
    return {"moved": moved, "rows": shown, "reports": sorted(versions), "entries": of_days(Entry, days).count()}


_SHOWN: Final = (
    "business_date",
    "branch",
    "metric__code",
    "value",
    "qualifier",
    "qualifier_text",
    "value_entered",
    "unit_entered__code",
    "unit_text",
    "source",
    "entry__kind",
    "entry__place",
    "entry__note",
    "entry__note_folded",
)
