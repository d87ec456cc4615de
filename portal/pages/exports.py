"""A dashboard as a workbook, and each of its tables as csv: what the page shows, masked as it is there."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext
from django.views.decorators.http import require_GET
from openpyxl import Workbook

from activities import rollups
from activities.figures import Qualifier
from activities.models import ActivityKind, Metric
from activities.rollups import Total
from activities.templatetags.figures import as_entered, figure_text
from portal.foundation import audit
from portal.pages.below import ChildLine
from portal.pages.board import Board
from portal.pages.scopes import DASHBOARDS, find
from portal.templatetags.ui import LOOKS

Value = str | int | Decimal | date | datetime | None

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A spreadsheet takes a text that begins so for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MOST_RECORDS: Final = 20_000
LONGEST_NAME: Final = 31


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the dashboard: `name` stands in addresses, `title` on the sheet."""

    name: str
    title: str
    header: Sequence[str]
    rows: Callable[[Board], Iterable[Sequence[Value]]]


class Echo:
    """A file that hands back what is written, so that a response streams it."""

    def write(self, text: str) -> str:
        """Return the text."""
        return text


@require_GET
def dashboard_export(request: HttpRequest, kind: str, scope_id: UUID, format: str) -> HttpResponseBase:
    """Send the dashboard as xlsx, or one of its tables as csv; the audit log says who took what."""
    if kind not in DASHBOARDS or format not in ("xlsx", "csv"):
        raise Http404
    board = Board(find(request.user, kind, scope_id), request.GET)
    tables = tables_of(board)
    chosen = next((table for table in tables if table.name == request.GET.get("table", "figures")), None)
    if chosen is None:
        raise Http404
    details = {"format": format, "from": board.span.first.isoformat(), "to": board.span.last.isoformat()}
    if format == "xlsx":
        audit.record(request.user, "dashboard.exported", board.scope.object, address=audit.address_of(request), **details)
        return _workbook(board, tables)
    audit.record(request.user, "dashboard.exported", board.scope.object, address=audit.address_of(request), table=chosen.name, **details)
    return _csv(board, chosen)


def tables_of(board: Board) -> list[Table]:
    """Return the tables of a dashboard; which there are depends on the kind of its scope."""
    figure = [_("Value"), _("How exact")]
    moved = _("Change on the days before") if board.compares else _("Change on the day before")
    running = [_("Running total"), _("How exact"), moved, _("How exact")]
    # Of several days reports are counted on the last one.
    last = "" if board.span.length == 1 else f" {board.span.last.isoformat()}"
    tables = [
        Table("summary", _("Summary"), [_("What"), _("Value")], _summary),
        Table("figures", _("Figures"), [_("Kind"), _("Metric"), _("Unit"), *figure, *running], _figures),
        Table("days", _("By day"), [_("Day"), _("Metric"), _("Unit"), *figure], _days),
        Table("missing", _("Missing"), [_("Branch"), _("State"), _("Days running"), _("Draft since"), _("Duty phone")], _missing),
        Table("beside", _("Period figures"), [_("Branch"), _("From"), _("To"), _("Metric"), _("Unit"), *figure, _("Relation")], _beside),
        Table("statements", _("Statements"), [_("What"), _("Stated"), _("How exact"), _("Computed"), _("How exact"), _("Result")], _statements),
        Table("records", _("Records"), [_("Day"), _("Branch"), _("Kind"), _("Metric"), _("Unit"), *figure, _("As entered"), _("Version")], _records),
    ]
    if board.scope.region is not None:
        rate = [_("Reports due in these days"), _("Of these reported")] if board.span.length > 1 else []
        tables.insert(
            3,
            Table(
                "children",
                _("By branch") if board.children_are_branches else _("By sub-area"),
                [_("Scope"), _("Due") + last, _("Reported") + last, *rate, *_in_columns(board.columns)],
                _children,
            ),
        )
    if board.scope.work_unit is not None:
        own = [_("Unit"), _("Person-shifts"), _("People who took part"), _("Hours"), _("Entries")]
        tables.insert(3, Table("units", _("Units below"), own, _units))
        serving = [_("Branch"), pgettext("of a day", "Report") + last, *_in_columns(board.served_columns)]
        tables.insert(4, Table("served", _("Branches where our members serve"), serving, _served))
    return tables


def _in_columns(metrics: Iterable[Metric]) -> list[str]:
    """Return two headings a metric, its name with the unit and how exact it is: a bare number would pass for an exact one."""
    return [heading for metric in metrics for heading in (f"{metric.name} ({metric.unit_name})", _("How exact"))]


def guarded(value: Value) -> Value:
    """Return a value that no spreadsheet computes: a text that looks like a formula gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _workbook(board: Board, tables: Iterable[Table]) -> HttpResponse:
    book = Workbook(write_only=True)
    for table in tables:
        # Excel repairs a workbook with a longer name, or refuses it.
        sheet = book.create_sheet(table.title[:LONGEST_NAME])
        sheet.append(list(table.header))
        for row in table.rows(board):
            sheet.append([guarded(value) for value in row])
    content = BytesIO()
    book.save(content)
    return HttpResponse(content.getvalue(), content_type=WORKBOOK, headers=_attachment(board, "figures", "xlsx"))


def _csv(board: Board, table: Table) -> StreamingHttpResponse:
    writer = csv.writer(Echo())
    return StreamingHttpResponse(_lines(board, table, writer), content_type="text/csv; charset=utf-8", headers=_attachment(board, table.name, "csv"))


def _lines(board: Board, table: Table, writer: Any) -> Iterator[str]:
    # Without the mark a spreadsheet reads Chinese as another encoding.
    yield "\ufeff" + writer.writerow(table.header)
    for row in table.rows(board):
        yield writer.writerow([_plain(guarded(value)) for value in row])


def _plain(value: Value) -> Value:
    return f"{_bare(value):f}" if isinstance(value, Decimal) else value


def _bare(value: Decimal) -> Decimal:
    """Return the number without the zeros that only its column in the database has."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def _attachment(board: Board, name: str, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}-{board.span.first:%Y%m%d}-{board.span.last:%Y%m%d}.{ending}"', "Cache-Control": "no-store"}


# --- Rows ---------------------------------------------------------------------------------------------------------------


def _cut() -> Iterator[Sequence[Value]]:
    """Yield the last lines of a list that goes on, in both languages: a file travels further than its reader's settings."""
    for language in ("zh-hans", "en"):
        with override(language):
            note = _("Only the latest %(number)s records are in this file; there are more. Choose fewer days or a smaller scope for the rest.")
        yield (note % {"number": f"{MOST_RECORDS:,}"},)


def _figure(total: Total | None) -> tuple[Value, Value]:
    """Return value and qualifier; figures that are not added have no value, and how many there are stands in its place."""
    if total is None:
        return None, None
    if total.value is None:
        return None, figure_text(total)
    if total.added and total.qualifier != Qualifier.EXACT:
        return total.value, _("partly approximate")
    return total.value, str(total.qualifier.label)


def _moved(change: tuple[Decimal, Qualifier] | None) -> tuple[Value, Value]:
    """Return a change and its qualifier."""
    return (change[0], str(change[1].label)) if change else (None, None)


def _summary(board: Board) -> Iterator[Sequence[Value]]:
    counted = board.completeness
    yield _("Scope"), board.scope.object.name
    yield _("From"), board.span.first
    yield _("To"), board.span.last
    yield _("As of"), timezone.localtime(board.known_at).strftime("%Y-%m-%d %H:%M")
    yield _("Branches due on the last day"), counted.due
    yield _("Reported"), counted.reported
    yield _("Late"), counted.late
    yield _("Corrected"), counted.corrected
    yield _("Waiting for review"), counted.waiting
    if board.done is not None:
        yield _("Person-shifts"), board.done.person_shifts
        yield _("People who took part"), board.done.people
        yield _("Hours"), board.done.hours
        yield _("Entries"), board.done.entries


def _figures(board: Board) -> Iterator[Sequence[Value]]:
    for line in board.lines:
        metric = line.metric
        kind = str(ActivityKind(metric.kind).label)
        yield kind, metric.name, metric.unit_name, *_figure(line.now), *_figure(line.running), *_moved(line.change)


def _days(board: Board) -> Iterator[Sequence[Value]]:
    metric = board.charted
    if metric is not None:
        for day, total in board.days.items():
            yield day, metric.name, metric.unit_name, *_figure(total)


def _children(board: Board) -> Iterator[Sequence[Value]]:
    for child in board.children:
        rate = (child.rate.due, child.rate.reported) if board.span.length > 1 else ()
        yield child.name, child.completeness.due, child.completeness.reported, *rate, *_cells(child)


def _cells(line: ChildLine) -> Iterator[Value]:
    for cell in line.cells:
        yield from _figure(cell.total)


def _state(state: str) -> str:
    return str(LOOKS[state].label)


def _units(board: Board) -> Iterator[Sequence[Value]]:
    for unit in board.units:
        yield unit.name, unit.done.person_shifts, unit.done.people, unit.done.hours, unit.done.entries


def _served(board: Board) -> Iterator[Sequence[Value]]:
    for branch in board.served:
        yield branch.name, " ".join(_state(state) for state in branch.states), *_cells(branch)


def _missing(board: Board) -> Iterator[Sequence[Value]]:
    for line in board.every_missing:
        since = timezone.localtime(line.row.draft_since).strftime("%Y-%m-%d %H:%M") if line.row.draft_since else None
        yield line.row.branch.name, _state(line.state), line.row.days, since, line.phone or None


def _beside(board: Board) -> Iterator[Sequence[Value]]:
    for measure in rollups.beside(board.scope, board.span).select_related("branch", "metric", "entry__version__period_report").order_by("-day", "pk"):
        period, metric = measure.entry.version.period_report, measure.metric
        words = str(Qualifier(measure.qualifier).label)
        yield measure.branch.name, period.first_day, period.last_day, metric.name, metric.unit_name, measure.value, words, str(period.get_relation_display())


def _statements(board: Board) -> Iterator[Sequence[Value]]:
    for row in (line.comparison for line in board.statements):
        stated, own = str(Qualifier(row.statement.qualifier).label), str(row.qualifier.label) if row.value is not None else None
        result = {True: _("Agrees"), False: _("Differs"), None: None}[row.agrees]
        yield row.statement.what, row.statement.value, stated, row.value, own, result


def _records(board: Board) -> Iterator[Sequence[Value]]:
    found = rollups.records(board.scope, board.span).select_related("branch", "metric", "unit_entered", "entry__version").order_by("-day", "-pk")
    for index, measure in enumerate(found[: MOST_RECORDS + 1].iterator(chunk_size=2000)):
        if index == MOST_RECORDS:
            yield from _cut()
            return
        metric, entered = measure.metric, as_entered(measure)
        kind, words = str(ActivityKind(metric.kind).label), str(Qualifier(measure.qualifier).label)
        yield measure.day, measure.branch.name, kind, metric.name, metric.unit_name, measure.value, words, entered, measure.entry.version.number
