"""Importing a table as one would write it down first: openpyxl, each row read by itself, lists of objects and `bulk_create`; and bare COPY of its rows."""

import io
from datetime import date
from io import BytesIO
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from openpyxl import load_workbook

from activities.imports.words import COLUMNS, Catalogue, Places, Read, day_of, note_of
from activities.models import DailyReport, Entry, Measure, ReportVersion
from activities.receipts import receipt_number
from activities.rollups import upkeep
from activities.services import Work, filing_content
from branches.models import Branch
from portal.foundation import clock, spreadsheets
from portal.foundation.models import AuditEntry, new_public_id

# As Django's documentation suggests for long lists.
AT_ONCE: Final = 2_000
TABLES: Final = (DailyReport, ReportVersion, Entry, Measure)

Rows = dict[tuple[int, date], dict[str, list[tuple[Read, str]]]]


def by_bulk_create(content: bytes, actor: Any) -> None:
    """File all reports of a workbook: the same rules, receipts, audit rows and triggers, and what waits folded into the totals."""
    rows = _read(content, actor)
    branches = Branch.objects.select_related("region").prefetch_related("schedules").in_bulk({branch for branch, _day in rows})
    if DailyReport.objects.filter(branch__in=branches, business_date__in={day for _branch, day in rows}).exists():
        raise RuntimeError("a report is there already")
    with transaction.atomic():
        reports = DailyReport.objects.bulk_create([DailyReport(branch=branches[branch], business_date=day) for branch, day in rows], batch_size=AT_ONCE)
        versions = [_version(report, kinds, actor) for report, kinds in zip(reports, rows.values(), strict=True)]
        ReportVersion.objects.bulk_create(versions, batch_size=AT_ONCE)
        AuditEntry.objects.bulk_create([_audited(version, actor) for version in versions], batch_size=AT_ONCE)
        entries, measures = [], []
        for version, kinds in zip(versions, rows.values(), strict=True):
            for kind, figures in kinds.items():
                entry = _entry(version, kind, figures)
                entries.append(entry)
                measures += [_measure(entry, read) for read, _note in figures]
        Entry.objects.bulk_create(entries, batch_size=AT_ONCE)
        Measure.objects.bulk_create(measures, batch_size=AT_ONCE)
    while upkeep.fold():
        pass


def _read(content: bytes, actor: Any) -> Rows:
    book = load_workbook(BytesIO(content), read_only=True, data_only=True)
    cells = book.worksheets[0].iter_rows(values_only=True)
    columns = {name: at for at, name in spreadsheets.columns_in(next(cells), COLUMNS).items()}
    places, catalogue = Places(actor), Catalogue()
    rows: Rows = {}
    for each in cells:
        # Rows end with their last cell that holds something.
        row = {name: "" if at >= len(each) or each[at] is None else each[at] for name, at in columns.items()}
        read = catalogue.read(catalogue.metric(row["kind"], row["metric"]).code, row["value"], row["unit"])
        kinds = rows.setdefault((places.find(row["branch"]), day_of(row["day"])), {})
        kinds.setdefault(read.metric.kind, []).append((read, note_of(row["note"])))
    return rows


def _version(report: DailyReport, kinds: dict[str, list[tuple[Read, str]]], actor: Any) -> ReportVersion:
    works = [Work(kind=kind, figures=tuple(read.figure for read, _note in figures), note=_note(figures)) for kind, figures in kinds.items()]
    uid, day = new_public_id(), report.business_date
    return ReportVersion(
        daily_report=report,
        branch=report.branch,
        number=1,
        uid=uid,
        receipt=receipt_number(filing_content(branch=report.branch, first_day=day, last_day=day, works=works, note=""), uid),
        means=ReportVersion.Means.WORKBOOK,
        on_behalf=True,
        filed_by=actor,
        due_at=report.branch.due_at(day) if report.branch.reports_daily else None,
        known_from=clock.now(),
    )


def _audited(version: Any, actor: Any) -> AuditEntry:
    details = {"branch": str(version.branch.public_id), "day": str(version.daily_report.business_date), "number": 1, "nature": version.nature}
    return AuditEntry(at=clock.now(), actor=actor, action="report.filed", model="reportversion", object_id=version.public_id, details=details)


def _entry(version: Any, kind: str, figures: list[tuple[Read, str]]) -> Entry:
    return Entry(
        version=version, branch=version.branch, business_date=version.daily_report.business_date, kind=kind, place=version.branch.region, note=_note(figures)
    )


def _note(figures: list[tuple[Read, str]]) -> str:
    return "\n".join(dict.fromkeys(note for _read, note in figures if note))


def _measure(entry: Entry, read: Read) -> Measure:
    figure = read.figure
    return Measure(
        entry=entry,
        branch=entry.branch,
        business_date=entry.business_date,
        metric=read.metric,
        value=read.value,
        qualifier=figure.qualifier,
        qualifier_text=figure.qualifier_text,
        value_entered=figure.value,
        unit_entered_id=read.unit,
        unit_text=figure.unit_text,
    )


def of_days(model: type[Any], days: tuple[date, date]) -> QuerySet[Any]:
    """Return the rows of a table that belong to daily reports of some days, both included."""
    prefix = "daily_report__" if model is ReportVersion else ""
    rows: QuerySet[Any] = model._default_manager.filter(**{f"{prefix}business_date__range": days}).order_by("pk")
    return rows


class BareCopy:
    """The rows that some reports consist of, copied into tables like theirs, with the same columns, indexes and checks; no keys to others, no triggers."""

    def __init__(self, days: tuple[date, date]) -> None:
        """Take the rows of the reports of some days."""
        self._texts = [self._taken(model, days) for model in TABLES]

    def _taken(self, model: type[Any], days: tuple[date, date]) -> tuple[str, str, str]:
        """Make a like table; return its name, the columns, and the rows as text."""
        like, text = f"like_{model._meta.model_name}", io.StringIO()
        fields = [field for field in model._meta.concrete_fields if not field.generated]
        statement, params = of_days(model, days).values_list(*(field.attname for field in fields)).query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {like} (LIKE {model._meta.db_table} INCLUDING ALL)")
            cursor.cursor.copy_expert(cursor.mogrify(f"COPY ({statement}) TO STDOUT", params).decode(), text)
        return like, ", ".join(f'"{field.column}"' for field in fields), text.getvalue()

    def run(self) -> None:
        """Copy them."""
        with transaction.atomic(), connection.cursor() as cursor:
            for like, columns, text in self._texts:
                cursor.execute(f"TRUNCATE {like}")
                cursor.cursor.copy_expert(f"COPY {like} ({columns}) FROM STDIN", io.StringIO(text))

    def rows(self) -> list[int]:
        """Return how many rows each table holds."""
        counts = []
        with connection.cursor() as cursor:
            for like, _columns, _text in self._texts:
                cursor.execute(f"SELECT count(*) FROM {like}")  # noqa: S608
                counts.append(cursor.fetchone()[0])
        return counts
