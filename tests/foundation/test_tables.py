"""Tables as files: what stands in a cell comes back as it was, whoever wrote it and whoever reads it."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import islice
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

import pytest
from django.db import DataError, connection
from django.db.models import CharField, DateField, DecimalField, QuerySet, Value
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from branches.models import Region
from portal.foundation import copying
from portal.foundation.copying import copied
from portal.foundation.tables import Column, Kind, Listing, Sheet, cells, csv_of, sheets, workbook

FORMULA = "=+-@\t\r\n\x01＝＋－＠"
TEXTS = [
    "梧桐苑临时党支部",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x01=1",
    " =1",
    "\u3000\xa0＝1",
    "\ufeff@x",
    "\u200b\t-1",
    "\u3000\u3000两格缩进",
    "＝1",
    'a "quoted" name, with a comma',
    "<a href='x'>&amp; </a>",
    "]]>",
    "two\nlines",
    "two\r\nlines",
    "a\ttab",
    " space around ",
    "back\\slash \\N \\.",
    "\\.",
    "control \x01\x02\x08\x0b\x1f\x7f characters",
    "not a character \ufffe\uffff.",
    "𠮷野家 🧧",
    "%s %d 100%",
    "{0} {}",
    "'",
    "NULL",
    "x" * 40_000,
    "长" * 40_000,
]
VALUES = [Decimal("0"), Decimal("12.500"), Decimal("-3"), Decimal("999999999999999"), Decimal("0.001")]
DAYS = [date(2020, 3, 6), date(1900, 3, 1), date(2999, 12, 31), None]


@pytest.fixture
def one(city: Any) -> "QuerySet[Region, Any]":
    return Region.objects.filter(pk=city.community.pk)


def listing(one: "QuerySet[Region, Any]") -> Listing:
    """A table with a row for each text, the last one first: each part is one row."""
    parts = []
    for number, text in enumerate(TEXTS):
        value, day = VALUES[number % len(VALUES)], DAYS[number % len(DAYS)]
        exact = Value(value, DecimalField(max_digits=18, decimal_places=3))
        parts.append(one.annotate(number=Value(number), text=Value(text, CharField()), value=exact, day=Value(day, DateField())))
    names = {"community": "=社区 <&>\n"}
    columns = [Column("No.", "number", Kind.NUMBER), Column("Text", "text"), Column("Value", "value", Kind.NUMBER), Column("Day", "day", Kind.DAY)]
    return Listing([*columns, Column("Level", "level", names=names), Column("Empty", "level", names={"none": "none"})], parts, order=("number",))


def made() -> list[list[Any]]:
    """The same rows as a page would make them."""
    found = [[number, text, VALUES[number % len(VALUES)], DAYS[number % len(DAYS)], "=社区 <&>\n", None] for number, text in enumerate(TEXTS)]
    return found[::-1]


def file(content: Iterator[bytes]) -> bytes:
    return b"".join(content)


def by_openpyxl(content: bytes) -> dict[str, list[list[Any]]]:
    """Every cell of a workbook."""
    book = load_workbook(BytesIO(content))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    return {sheet.title: [[_plain(cell.value) for cell in row] for row in sheet.iter_rows()] for sheet in book}


def by_calamine(content: bytes) -> dict[str, list[list[Any]]]:
    """The same by another reader."""
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: [[_plain(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)] for name in book.sheet_names}


def _plain(value: Any) -> Any:
    if value in ("", None):
        return None
    if isinstance(value, float | int):
        return round(float(value), 3)
    return value.date() if hasattr(value, "hour") else value


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might compute it, after spaces and what nobody sees."""
    return text.lstrip(" \u3000\xa0\ufeff\u200b")[:1] in set(FORMULA)


def kept(text: str) -> str:
    """What of a text a sheet shows."""
    guarded = f"'{text}" if is_formula(text) else text
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", guarded[:32_767])


@pytest.mark.parametrize("read", [by_openpyxl, by_calamine])
@pytest.mark.parametrize("source", ["listing", "made"])
def test_every_cell_of_a_workbook_comes_back(one: "QuerySet[Region, Any]", read: Callable[[bytes], Any], source: str) -> None:
    rows: Any = listing(one) if source == "listing" else made()
    (head, *found) = read(file(workbook([Sheet("Rows", ["No.", "Text", "Value", "Day", "Level", "Empty"], rows)])))["Rows"]

    assert head == ["No.", "Text", "Value", "Day", "Level", "Empty"]
    for row, (number, text, value, day, _level, _empty) in zip(found, made(), strict=True):
        expected = [float(number), kept(text), float(value), day, "'=社区 <&>\n", None]
        assert [*row, None][:6] == expected, text[:50]


def test_every_cell_of_a_csv_comes_back_and_none_is_a_formula(one: "QuerySet[Region, Any]") -> None:
    texts = [file(csv_of(Sheet("Rows", ["No.", "Text", "Value", "Day", "Level", "Empty"], rows))) for rows in (listing(one), made())]
    # A byte order mark, so that a spreadsheet reads it as UTF-8.
    by_database, by_python = (list(csv.reader(StringIO(text.decode("utf-8-sig"), newline=""))) for text in texts)

    assert all(text.startswith(b"\xef\xbb\xbf") for text in texts)
    assert by_database == by_python
    assert [row[1] for row in by_database[1:]] == [f"'{text}" if is_formula(text) else text for text in TEXTS[::-1]]
    assert [row[2] for row in by_database[1:]] == [f"{VALUES[number % len(VALUES)].normalize():f}" for number in reversed(range(len(TEXTS)))]


def test_both_halves_of_each_rule_write_the_same(one: "QuerySet[Region, Any]") -> None:
    of_listing = file(listing(one).rows(1000)).decode()
    of_page = "".join(cells.row_of(number, row) for number, row in enumerate(made(), 2))

    assert of_listing == of_page


@pytest.mark.parametrize("source", ["listing", "made"])
@pytest.mark.parametrize("room", [1, 2, 9, 26, 27, 28])
def test_a_table_longer_than_a_sheet_goes_on_in_further_sheets(one: "QuerySet[Region, Any]", source: str, room: int) -> None:
    rows: Any = listing(one) if source == "listing" else made()
    table, behind = Sheet("A name that is as long as it may", ["No."], rows), Sheet("Behind", ["What"], [("here",)])
    with patch.object(sheets, "ROWS", room):
        found = by_openpyxl(file(workbook(iter([table, behind]))))

    names = list(found)
    assert names[0] == "A name that is as long as it ma"
    assert names[-1] == "Behind"
    assert all(name == f"A name that is as long as i ({number})"[:31] or number > 9 for number, name in enumerate(names[1:-1], 2))
    parts = [found[name] for name in names[:-1]]
    assert {part[0][0] for part in parts} == {"No."}
    assert [row[0] for part in parts for row in part[1:]] == [float(number) for number in reversed(range(len(TEXTS)))]
    assert all(len(part) - 1 == room for part in parts[:-1])
    assert table.written == len(TEXTS)


def test_a_table_without_rows_is_a_sheet_with_headings(one: "QuerySet[Region, Any]") -> None:
    columns = [Column("No.", "pk", Kind.NUMBER), Column("Name", "name")]
    for parts in ([], [one.none()], [one.filter(name="nobody")]):
        empty = Sheet("Rows", ["No.", "Name"], Listing(columns, parts, order=("pk",)))
        assert by_openpyxl(file(workbook([empty]))) == by_calamine(file(workbook([empty]))) == {"Rows": [["No.", "Name"]]}
        assert file(csv_of(empty)).decode("utf-8-sig") == "No.,Name\n"


def test_a_workbook_needs_no_zip64_and_is_whole(one: "QuerySet[Region, Any]") -> None:
    content = file(workbook([Sheet("Rows", ["No."], listing(one))]))

    with ZipFile(BytesIO(content)) as book:
        assert book.testzip() is None
        assert {part.extract_version for part in book.infolist()} == {20}
        assert "[Content_Types].xml" in book.namelist()


@pytest.mark.parametrize(("at", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")])
def test_columns_are_named_as_in_a_sheet(at: int, name: str) -> None:
    assert cells.letters(at) == name


# --- COPY ---------------------------------------------------------------------------------------------------------------

MANY = "COPY (SELECT number, repeat('x', 100) FROM generate_series(1, 1000000) AS number) TO STDOUT"


@pytest.mark.django_db
def test_what_is_copied_comes_whole() -> None:
    lines = b"".join(copied("COPY (SELECT generate_series(1, %s)) TO STDOUT", [100_000])).split()
    assert lines == [str(number).encode() for number in range(1, 100_001)]


@pytest.mark.django_db
def test_a_statement_is_cancelled_only_when_it_was_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled, cancel = list[Any](), copying._Copying.cancel

    def noted(of: Any) -> None:
        cancelled.append(of)
        cancel(of)

    monkeypatch.setattr(copying._Copying, "cancel", noted)
    for number in range(50):
        assert list(copied("COPY (SELECT %s::int) TO STDOUT", [number])) == [f"{number}\n".encode()]
    assert not cancelled
    reading = copied(MANY)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert len(cancelled) == 1


@pytest.mark.django_db
def test_whoever_stops_reading_has_the_connection_back() -> None:
    reading = copied(MANY)
    assert len(list(islice(reading, 3))) == 3
    reading.close()  # type: ignore[attr-defined]

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_a_workbook_that_nobody_reads_on_leaves_no_statement_behind(one: "QuerySet[Region, Any]") -> None:
    many = Region.objects.filter(pk=one.get().pk)
    with patch.object(Listing, "rows", lambda _listing, _at_most: copied(MANY)):
        reading = workbook([Sheet("Rows", ["No."], Listing([], [many], order=()))])
        assert len(list(islice(reading, 3))) == 3
        reading.close()  # type: ignore[attr-defined]

    assert Region.objects.filter(pk=one.get().pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("failing", ["1 / (3 - number)", "1 / (300000 - number)"])
def test_an_error_of_the_database_is_raised_to_whoever_reads(failing: str) -> None:
    with pytest.raises(DataError, match="zero"):
        for _piece in copied(f"COPY (SELECT {failing}, repeat('x', 100) FROM generate_series(1, 1000000) AS number) TO STDOUT"):
            pass
    assert not Region.objects.filter(name="nobody").exists()
