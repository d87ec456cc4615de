"""Workbooks (.xlsx) that are sent while they are written: a zip of sheets, each a row a line."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from portal.foundation.tables.cells import Cell, row_of
from portal.foundation.tables.listing import Listing

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A sheet has 1,048,576 rows, of which one holds the headings.
ROWS: Final = 1_048_575
# Excel repairs a workbook with a longer name, or refuses it.
LONGEST_NAME: Final = 31

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# Style 1 is that of days, which a sheet holds as numbers.
_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
# Wide enough for a day: a narrower column shows it as #####.
_SHEET: Final = f'<worksheet xmlns="{_MAIN}"><sheetFormatPr defaultColWidth="14" defaultRowHeight="15"/><sheetData>\n'
_SHEET_END: Final = "</sheetData></worksheet>"


@dataclass
class Sheet:
    """A table of a workbook; one with more rows than a sheet holds goes on in further sheets.

    `written` is how many rows were written so far, the headings not counted: a table behind it may tell.
    """

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]] | Listing
    written: int = 0

    def lines(self) -> Generator[bytes]:
        """Yield the rows below the headings, each a line, in pieces of any length."""
        if isinstance(self.rows, Listing):
            yield from self.rows.rows(ROWS)
        else:
            for number, row in enumerate(self.rows):
                yield row_of(number % ROWS + 2, row).encode()

    def name(self, number: int) -> str:
        """Return the name of its sheet `number`, counted from 1."""
        again = f" ({number})" if number > 1 else ""
        return self.title[: LONGEST_NAME - len(again)] + again


def workbook(tables: Iterable[Sheet]) -> Iterator[bytes]:
    """Yield a workbook. Each table is asked for its rows when those before it are written."""
    sent, names = _Sent(), list[str]()
    # The lowest level: the next ones take twice the time, for a file a fifth smaller.
    with ZipFile(sent, "w", ZIP_DEFLATED, compresslevel=1) as book:
        for table in tables:
            with closing(table.lines()) as lines:
                rows, number = _Rows(lines), 1
                while number == 1 or rows.go_on():
                    names.append(table.name(number))
                    yield from _sheet(book, sent, len(names), table, rows)
                    number += 1
        for name, content in _around(names).items():
            book.writestr(name, _HEAD + content)
    yield sent.taken()


def _sheet(book: ZipFile, sent: "_Sent", number: int, table: Sheet, rows: "_Rows") -> Iterator[bytes]:
    # Without zip64, of which Excel complains: a sheet is far below the 2 GB from which it would be needed.
    with book.open(f"xl/worksheets/sheet{number}.xml", "w") as part:
        part.write((_HEAD + _SHEET + row_of(1, table.header)).encode())
        for piece in rows.take(ROWS):
            part.write(piece)
            table.written += piece.count(b"\n")
            yield sent.taken()
        part.write(_SHEET_END.encode())


def _around(names: Sequence[str]) -> dict[str, str]:
    """Return the other parts of a workbook whose sheets have these names."""
    numbers = range(1, len(names) + 1)
    overrides = "".join(f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for number in numbers)
    sheets = "".join(f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="r{number}"/>' for number, name in enumerate(names, 1))
    related = "".join(f'<Relationship Id="r{number}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{number}.xml"/>' for number in numbers)
    return {
        "xl/styles.xml": _STYLES,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="styles" Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{overrides}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    }


class _Rows:
    """Rows, each a line, that come in pieces of any length."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def go_on(self) -> bool:
        """Say whether there are more."""
        self._rest = self._rest or next(self._pieces, b"")
        return bool(self._rest)

    def take(self, rows: int) -> Iterator[bytes]:
        """Yield as many, or what there is."""
        while rows and self.go_on():
            piece = self._rest
            end = _end_of(piece, rows)
            self._rest = piece[end:]
            rows -= piece.count(b"\n", 0, end)
            yield piece[:end]


def _end_of(piece: bytes, lines: int) -> int:
    """Return how far so many lines reach."""
    if piece.count(b"\n") < lines:
        return len(piece)
    end = 0
    for _line in range(lines):
        end = piece.index(b"\n", end) + 1
    return end


class _Sent:
    """A file that gives away what is written to it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        """Keep it until it is taken."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Do nothing: nothing stands behind it."""

    def close(self) -> None:
        """Do nothing, for the same reason."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found
