"""Tables to upload, and what becomes of them."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.xml.constants import SHEET_MAIN_NS

from activities.imports import services
from activities.imports.words import COLUMNS
from activities.models import Measure, ReportImport
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import jobs
from portal.foundation.models import Job
from tests.personas import MARCH_5

HEADINGS = [column.chinese for column in COLUMNS]
State = ReportImport.State


def row(branch: str, day: Any = "2020-03-05", metric: Any = "vehicles", value: Any = 200, unit: Any = "", note: Any = "", kind: Any = "") -> list[Any]:
    """A row of a table."""
    return [branch, day, kind, metric, value, unit, note]


def workbook(rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    """A workbook with the headings and these rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    for each in (headings, *rows):
        sheet.append([None if cell == "" else cell for cell in each])
    return saved(book)


def saved(book: Workbook) -> bytes:
    """A workbook as a file."""
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def by_hand(lines: str, after: str = "") -> bytes:
    """A workbook whose sheet holds these lines of XML below the headings, and this behind them."""
    heading = f"<row>{''.join(map(written, HEADINGS))}</row>"
    sheet = f'<worksheet xmlns="{SHEET_MAIN_NS}"><sheetData>{heading}{lines}</sheetData>{after}</worksheet>'
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook([]))) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.namelist():
            new.writestr(part, sheet if part == "xl/worksheets/sheet1.xml" else old.read(part))
    return stream.getvalue()


def written(content: str) -> str:
    """A cell with a text that does not say where it stands."""
    return f'<c t="inlineStr"><is><t>{content}</t></is></c>'


def text(rows: Sequence[Sequence[Any]], headings: Sequence[str] = HEADINGS) -> str:
    """The same as csv."""
    stream = io.StringIO()
    csv.writer(stream).writerows([headings, *rows])
    return stream.getvalue()


def take_in(actor: User, content: bytes) -> ReportImport:
    """Upload a table and have it checked."""
    imported = services.take_in(actor=actor, content=content, name="a.xlsx")
    return worked(imported)


def bring_in(actor: User, content: bytes) -> ReportImport:
    """Upload a table, confirm it, and have it filed."""
    imported = take_in(actor, content)
    services.confirm(imported=imported)
    return worked(imported)


def worked(imported: ReportImport) -> ReportImport:
    """Do all jobs, each of which has to succeed, and return the import as it stands then."""
    while (job := jobs.run_next()) is not None:
        assert job.state == Job.State.DONE, job.error
    return ReportImport.objects.get(pk=imported.pk)


def said(imported: ReportImport) -> list[tuple[int | None, str, str]]:
    """What is refused, in Chinese: row, column and sentence."""
    return list(imported.refusals.order_by("line", "pk").values_list("line", "column", "said_zh"))


def figures(branch: Branch, day: date = MARCH_5) -> dict[str, tuple[Any, str]]:
    """What counts for a day: value and qualifier by metric."""
    counted = Measure.objects.counted().filter(branch=branch, business_date=day)
    return {code: (value, how) for code, value, how in counted.values_list("metric__code", "value", "qualifier")}
