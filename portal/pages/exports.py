"""Figures as files: a dashboard as a workbook and each of its tables as csv, masked as on the page; the rows of a list of records, however many."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from activities import rollups
from activities.figures import Qualifier
from activities.models import ActivityKind, Entry, Metric, ReportVersion
from activities.querysets import MeasureQuerySet
from activities.rollups import Span, Total
from activities.templatetags.figures import figure_text, language
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.tables import CSV, WORKBOOK, Cell, Column, Kind, Listing, Sheet, csv_of, workbook
from portal.pages.below import ChildLine
from portal.pages.board import Board, RegionBoard, WorkUnitBoard, board_of
from portal.pages.records import Question, question_of
from portal.pages.scopes import DASHBOARDS, find
from portal.templatetags.ui import LOOKS

# What a file is, by how its name ends.
TYPES: Final = {"csv": CSV, "xlsx": WORKBOOK}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the dashboard: `name` stands in addresses, `title` on the sheet. A listing has its own headings."""

    name: str
    title: str
    header: Sequence[str]
    rows: Callable[[], Iterable[Sequence[Cell]] | Listing]

    def read(self) -> Sheet:
        """Return it with what stands in it."""
        rows = self.rows()
        return Sheet(self.title, rows.header if isinstance(rows, Listing) else self.header, rows)


@require_GET
@a_few_at_once
def dashboard_export(request: HttpRequest, kind: str, scope_id: UUID, format: str) -> StreamingHttpResponse:
    """Send the dashboard as xlsx, or one of its tables as csv; the audit log says who took what."""
    if kind not in DASHBOARDS or format not in TYPES:
        raise Http404
    board = board_of(find(request.user, kind, scope_id), request.GET)
    tables = {table.name: table for table in tables_of(board)}
    name = request.GET.get("table", "figures")
    if name not in tables:
        raise Http404
    details = {"format": format, **_span(board.span), **({"table": name} if format == "csv" else {})}
    audit.record(request.user, "dashboard.exported", board.scope.object, address=audit.address_of(request), **details)
    if format == "csv":
        return _file(csv_of(tables[name].read()), name, board.span, format)
    return _file(workbook(table.read() for table in tables.values()), "figures", board.span, format)


@require_GET
@a_few_at_once
def records_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send all rows of a list of records as csv or xlsx; the audit log says who took which."""
    question = question_of(request.user, request.GET)
    # The page says what is wrong with the days and shows others; a file would pass for what was asked for.
    if format not in TYPES or question.asked.refused:
        raise Http404
    listing = _shifts(rollups.entries_of(question.person_shifts)) if question.shifts else _measures(question.parts)
    details = {"format": format, **_span(question.span), "filters": question.filters}
    audit.record(request.user, "records.exported", question.view.scope.object, address=audit.address_of(request), **details)
    records = Sheet(_("Records"), listing.header, listing)
    content = csv_of(records) if format == "csv" else workbook(_with_summary(question, records))
    return _file(content, "records", question.span, format)


def tables_of(board: Board) -> list[Table]:
    """Return the tables of a dashboard; which there are depends on the kind of its scope."""
    figure = [_("Value"), _("How exact")]
    moved = _("Change on the days before") if board.compares else _("Change on the day before")
    running = [_("Running total"), _("How exact"), moved, _("How exact")]
    return [
        Table("summary", _("Summary"), [_("What"), _("Value")], partial(_summary, board)),
        Table("figures", _("Figures"), [_("Kind"), _("Metric"), _("Unit"), *figure, *running], partial(_figures, board)),
        Table("days", _("By day"), [_("Day"), _("Metric"), _("Unit"), *figure], partial(_days, board)),
        *_tables_below(board),
        Table("missing", _("Missing"), [_("Branch"), _("State"), _("Days running"), _("Draft since"), _("Duty phone")], partial(_missing, board)),
        Table("beside", _("Period figures"), [_("Branch"), _("From"), _("To"), _("Metric"), _("Unit"), *figure, _("Relation")], partial(_beside, board)),
        Table("statements", _("Statements"), [_("What"), _("Stated"), _("How exact"), _("Computed"), _("How exact"), _("Result")], partial(_statements, board)),
        Table("records", _("Records"), [], lambda: _measures(rollups.records_apart(board.scope, board.span))),
    ]


def _tables_below(board: Board) -> list[Table]:
    """Return the tables of what lies below the scope; below a branch there is nothing."""
    # Of several days reports are counted on the last one.
    last = "" if board.span.length == 1 else f" {board.span.last.isoformat()}"
    if isinstance(board, RegionBoard):
        rate = [_("Reports due in these days"), _("Of these reported")] if board.span.length > 1 else []
        title = _("By branch") if board.children_are_branches else _("By sub-area")
        header = [_("Scope"), _("Due") + last, _("Reported") + last, *rate, _("Overdue needs, now"), *_in_columns(board.columns)]
        return [Table("children", title, header, partial(_children, board))]
    if isinstance(board, WorkUnitBoard):
        own = [_("Unit"), _("Person-shifts"), _("People who took part"), _("Hours"), _("Entries")]
        serving = [_("Branch"), pgettext("of a day", "Report") + last, *_in_columns(board.served_columns)]
        return [
            Table("units", _("Units below"), own, partial(_units, board)),
            Table("served", _("Branches where our members serve"), serving, partial(_served, board)),
        ]
    return []


def _in_columns(metrics: Iterable[Metric]) -> list[str]:
    """Return two headings a metric, its name with the unit and how exact it is: a bare number would pass for an exact one."""
    return [heading for metric in metrics for heading in (f"{metric.name} ({metric.unit_name})", _("How exact"))]


def _file(content: Iterator[bytes], name: str, span: Span, ending: str) -> StreamingHttpResponse:
    named = f'attachment; filename="{name}-{span.first:%Y%m%d}-{span.last:%Y%m%d}.{ending}"'
    return StreamingHttpResponse(content, content_type=TYPES[ending], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def _span(span: Span) -> dict[str, str]:
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


# --- Rows ---------------------------------------------------------------------------------------------------------------


def _figure(total: Total | None) -> tuple[Cell, Cell]:
    """Return value and qualifier; figures that are not added have no value, and how many there are stands in its place."""
    if total is None:
        return None, None
    if total.value is None:
        return None, figure_text(total)
    if total.added and total.qualifier != Qualifier.EXACT:
        return total.value, _("partly approximate")
    return total.value, str(total.qualifier.label)


def _moved(change: tuple[Decimal, Qualifier] | None) -> tuple[Cell, Cell]:
    """Return a change and its qualifier."""
    return (change[0], str(change[1].label)) if change else (None, None)


def _summary(board: Board) -> Iterator[Sequence[Cell]]:
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
    for tile in board.register_tiles:
        yield from tile.rows
    if board.done is not None:
        yield _("Person-shifts"), board.done.person_shifts
        yield _("People who took part"), board.done.people
        yield _("Hours"), board.done.hours
        yield _("Entries"), board.done.entries


def _figures(board: Board) -> Iterator[Sequence[Cell]]:
    for line in board.lines:
        metric = line.metric
        kind = str(ActivityKind(metric.kind).label)
        yield kind, metric.name, metric.unit_name, *_figure(line.now), *_figure(line.running), *_moved(line.change)


def _days(board: Board) -> Iterator[Sequence[Cell]]:
    if board.chart is not None:
        metric = board.chart.metric
        for day, total in board.chart.days.items():
            yield day, metric.name, metric.unit_name, *_figure(total)


def _children(board: RegionBoard) -> Iterator[Sequence[Cell]]:
    for child in board.children:
        rate = (child.rate.due, child.rate.reported) if board.span.length > 1 else ()
        yield child.name, child.completeness.due, child.completeness.reported, *rate, child.overdue, *_cells(child)


def _cells(line: ChildLine) -> Iterator[Cell]:
    for cell in line.cells:
        yield from _figure(cell.total)


def _state(state: str) -> str:
    return str(LOOKS[state].label)


def _units(board: WorkUnitBoard) -> Iterator[Sequence[Cell]]:
    for unit in board.units:
        yield unit.name, unit.done.person_shifts, unit.done.people, unit.done.hours, unit.done.entries


def _served(board: WorkUnitBoard) -> Iterator[Sequence[Cell]]:
    for branch in board.served:
        yield branch.name, " ".join(_state(state) for state in branch.states), *_cells(branch)


def _missing(board: Board) -> Iterator[Sequence[Cell]]:
    for line in board.every_missing:
        since = timezone.localtime(line.row.draft_since).strftime("%Y-%m-%d %H:%M") if line.row.draft_since else None
        yield line.row.branch.name, _state(line.state), line.row.days, since, line.phone or None


def _beside(board: Board) -> Iterator[Sequence[Cell]]:
    for measure in rollups.beside(board.scope, board.span).select_related("branch", "metric", "entry__version__period_report").order_by("-day", "pk"):
        period, metric = measure.entry.version.period_report, measure.metric
        words = str(Qualifier(measure.qualifier).label)
        yield measure.branch.name, period.first_day, period.last_day, metric.name, metric.unit_name, measure.value, words, str(period.get_relation_display())


def _statements(board: Board) -> Iterator[Sequence[Cell]]:
    for row in (line.comparison for line in board.statements):
        stated, own = str(Qualifier(row.statement.qualifier).label), str(row.qualifier.label) if row.value is not None else None
        result = {True: _("Agrees"), False: _("Differs"), None: None}[row.agrees]
        yield row.statement.what, row.statement.value, stated, row.value, own, result


# --- Records ------------------------------------------------------------------------------------------------------------


def _measures(parts: Sequence[MeasureQuerySet]) -> Listing:
    """Return measures as a table, the newest first: what was counted, and beside it what was filed."""
    metrics = list(Metric.objects.all())
    # As a page prints it: in the words of the document, else by the unit's name.
    unit = Coalesce(NullIf("unit_text", Value("")), F(f"unit_entered__name_{'en' if language() == 'en' else 'zh'}"))
    version = "entry__version__"
    columns = [
        Column(_("Day"), "day", Kind.DAY),
        Column(_("Period from"), f"{version}period_report__first_day", Kind.DAY),
        Column(_("Branch"), "branch__name"),
        Column(_("Kind"), "metric", names={metric.pk: str(ActivityKind(metric.kind).label) for metric in metrics}),
        Column(_("Metric"), "metric", names={metric.pk: metric.name for metric in metrics}),
        Column(_("Unit"), "metric", names={metric.pk: metric.unit_name for metric in metrics}),
        Column(_("Value"), "value", Kind.NUMBER),
        Column(_("How exact"), "qualifier", names={qualifier.value: str(qualifier.label) for qualifier in Qualifier}),
        Column(_("As entered"), "value_entered", Kind.NUMBER),
        Column(_("Unit as entered"), "unit"),
        Column(_("As printed"), "qualifier_text"),
        Column(_("Version"), f"{version}number", Kind.NUMBER),
        Column(_("State"), f"{version}state", names={state: _state(state) for state in ReportVersion.CURRENT}),
    ]
    return Listing(columns, [part.annotate(unit=unit) for part in parts], order=("day", "pk"))


def _shifts(entries: "QuerySet[Entry, Any]") -> Listing:
    """Return the entries of person-shifts as a table, the newest first; as on the page, without the names of people."""
    columns = [
        Column(_("Day"), "day", Kind.DAY),
        Column(_("Branch"), "branch__name"),
        Column(_("Kind"), "kind", names={kind.value: str(kind.label) for kind in ActivityKind}),
        Column(_("Person-shifts"), "shifts", Kind.NUMBER),
        Column(_("Hours"), "hours", Kind.NUMBER),
    ]
    return Listing(columns, [entries], order=("day", "pk"))


def _with_summary(question: Question, records: Sheet) -> Iterator[Sheet]:
    """Yield the records, and behind them what they are records of: how many there are is known when all are written."""
    known_at = clock.now()
    yield records
    rows: list[tuple[Cell, Cell]] = [(_("Scope"), " · ".join(question.named)), (_("From"), question.span.first), (_("To"), question.span.last)]
    if question.metric:
        rows.append((_("Figure"), question.metric.name))
    elif question.kind:
        rows.append((_("Kind"), str(ActivityKind(question.kind).label)))
    rows += [(_("As of"), timezone.localtime(known_at).strftime("%Y-%m-%d %H:%M")), (_("Records"), records.written)]
    yield Sheet(_("Summary"), [_("What"), _("Value")], rows)
