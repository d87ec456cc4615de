"""Tables that people upload, .xlsx or .csv: read whole, within bounds, and refused in words when they are something else.

A workbook is a zip: a small one can unpack to more than the machine holds, and one cell far down asks for all the cells before it. The reader of
workbooks is fast and trusts what it reads: it also takes for XML what is none, and ends the whole process when it gets no memory. So nothing is
handed to it but a workbook made here of the first sheet, its texts and its styles: each well-formed, up to a limit, and no cell further out than one.

What refuses a table is said in the language in which it is asked for, and can be asked for in several.
"""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, Final
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from portal.foundation.text import NUL, fold

MAX_PARTS: Final = 1000
# Cells further out are refused, and so is a line this far down.
MAX_COLUMNS: Final = 26
MAX_LINES: Final = 200_000
# Of a workbook that would keep the machine busy.
FAR_TOO_MUCH: Final = _("The workbook unpacks to far too much. Copy the rows alone into the template.")
DAMAGED: Final = _("The workbook is damaged and cannot be read. Open it, save it again as .xlsx, and upload that.")

_LONGEST_HEADING: Final = 200
_ZIP, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NEEDED: Final = {"[Content_Types].xml", "xl/workbook.xml"}
_DAY: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
# A place beyond column Z or line 199,999, of a cell or of a line.
_FAR: Final = re.compile(rb"""\sr\s*=\s*["'](?:[A-Za-z]{2,}|[A-Za-z]?(?:[2-9][0-9]{5}|[0-9]{7}))""")
# Lines and cells need not say where they stand.
_LINE, _ANY_CELL = (re.compile(rb"""<(?:[^\s<>/:"'=]*:)?%b[\s/>]""" % name) for name in (b"row", b"c"))
# How many there will be, for which the reader asks memory beforehand.
_VERY_MANY: Final = re.compile(rb"""ount\s*=\s*["']\s*[0-9]{8}""")
# A line, a cell or a formula with its attributes, or the end of them all; what looks like one in a comment is none. Only for well-formed XML.
_TAG: Final = re.compile(
    rb"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"""
    rb"""|<(?:[^\s<>/:"'=]*+:)?(?P<name>row|c|f)(?=[\s/>])(?P<attributes>(?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>"""
    rb"""|</(?:[^\s<>/:"'=]*+:)?(?P<end>sheetData)\s*>""",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(rb"""([^\s=]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)
_PLACE: Final = re.compile(rb"([A-Za-z]?)([0-9]+)")
# Most sheets hold none of these, which is found out many times faster than by an expression.
_SIGNS_OF_SPECIAL: Final = (b"<f", b":f", b'"e"', b"'e'")
_DOCUMENT: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATION: Final = f"{{{_DOCUMENT}}}id"
# Parts that are handed to the reader, by what the workbook calls them, and where it looks for them.
_PARTS: Final = {"worksheet": "sheet.xml", "sharedStrings": "sharedStrings.xml", "styles": "styles.xml"}
# What names the sheets is short.
_MAX_NAMES: Final = 4 * 1024 * 1024

Place = tuple[int, int]


@dataclass(frozen=True)
class Column:
    """A column of a table that is uploaded: how its heading may read, whether every row needs it, and how much a cell may hold."""

    name: str
    chinese: str
    english: str
    required: bool = False
    limit: int = 100

    @property
    def heading(self) -> str:
        """The heading in both languages, as templates have it."""
        return f"{self.chinese} {self.english}"


@dataclass(frozen=True)
class Table:
    """What was read: rows of cells, the first line of the sheet first; an empty cell is an empty text.

    Attributes:
        formulas, errors: places (line and column, from 0) of cells of which only a result, or none, was read.
        merged: places of empty cells that a merged one covers. nuls: of texts with a NUL, which a workbook writes as _x0000_.
    """

    rows: Sequence[Sequence[Any]]
    formulas: frozenset[Place] = field(default_factory=frozenset)
    errors: frozenset[Place] = field(default_factory=frozenset)
    merged: frozenset[Place] = field(default_factory=frozenset)
    nuls: frozenset[Place] = field(default_factory=frozenset)


def read_table(content: bytes, *, most_unpacked: int) -> Table:
    """Read the first sheet of a workbook, or a csv file in UTF-8, UTF-16 or GB18030.

    Raises:
        ValidationError: it is neither, is damaged, or unpacks to more than `most_unpacked` bytes.
    """
    if content.startswith((_ZIP, _OLD_WORKBOOK)):
        return _read_workbook(content, most_unpacked)
    return Table(_read_csv(content))


def empty_table(title: str, columns: Sequence[Column]) -> tuple[Workbook, Worksheet]:
    """Return a workbook whose first sheet has the headings, shaded by whether every row needs them."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    sheet.append([column.heading for column in columns])
    for number, column in enumerate(columns, start=1):
        cell = sheet.cell(1, number)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="F3E9E6" if column.required else "F5F5F2")
        cell.alignment = Alignment(vertical="center")
        sheet.column_dimensions[get_column_letter(number)].width = 24 if column.limit >= 60 else 16
    sheet.freeze_panes = "A2"
    return book, sheet


def columns_in(headings: Iterable[object], columns: Sequence[Column]) -> dict[int, str]:
    """Return the names of columns by position; either language of a heading will do, or both as in the template.

    Raises:
        ValidationError: a heading that every row needs is missing, or one stands twice.
    """
    spellings = {fold(spelling): column.name for column in columns for spelling in (column.chinese, column.english, column.heading)}
    # A heading of ours is short, and folding a cell of megabytes takes its time.
    found = {index: spellings[folded] for index, heading in enumerate(headings) if (folded := fold(str(heading or "")[:_LONGEST_HEADING])) in spellings}
    missing = [column.chinese for column in columns if column.required and column.name not in found.values()]
    twice = [column.chinese for column in columns if Counter(found.values())[column.name] > 1]
    if missing:
        raise ValidationError(_("The first row lacks these headings: %(names)s. Use the template."), params={"names": "、".join(missing)})
    if twice:
        raise ValidationError(_("These headings stand twice: %(names)s."), params={"names": "、".join(twice)})
    return found


def require_workbook(content: bytes, *, most_unpacked: int) -> None:
    """Refuse what is no .xlsx workbook, or unpacks to more than `most_unpacked` bytes.

    Raises:
        ValidationError: it is so.
    """
    if content.startswith(_OLD_WORKBOOK):
        raise ValidationError(_("This is an old .xls workbook or one with a password. Save it as .xlsx without a password."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValidationError(_("This is not an .xlsx workbook. Fill in the template and upload it.")) from error
    if not {part.filename for part in parts} >= _NEEDED:
        raise ValidationError(_("This is not an .xlsx workbook. Fill in the template and upload it."))
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > most_unpacked:
        raise ValidationError(FAR_TOO_MUCH)


def read_day(text: str) -> date | None:
    """Read a day as people write it: 2020-02-03, 2020/2/3, 2020.2.3, 2020年2月3日; None when it is none, or has no year."""
    match = _DAY.fullmatch(text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _read_workbook(content: bytes, most_unpacked: int) -> Table:
    require_workbook(content, most_unpacked=most_unpacked)
    try:
        safe, sheet = _unpacked(content)
        with CalamineWorkbook.from_filelike(safe) as book:
            read = book.get_sheet_by_index(0)
            rows = read.to_python(skip_empty_area=False)
            merged = read.merged_cell_ranges or []
    except ValidationError:
        raise
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a reader written in Rust may panic, which is no Exception
        raise ValidationError(DAMAGED) from error
    formulas, errors = _special_cells(sheet)
    nuls = frozenset((line, column) for line, row in enumerate(rows) for column, cell in enumerate(row) if isinstance(cell, str) and NUL in cell)
    return Table(rows, formulas, errors, _covered(merged, len(rows)), nuls)


def _unpacked(content: bytes) -> tuple[io.BytesIO, bytes]:
    """Return a workbook with nothing but the first sheet of another one, without compression, and that sheet as it is written.

    A part may unpack to more than it says: here it is cut at what it says, and the reader sees nothing else.
    """
    safe = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(safe, "w") as new:
        paths, years = _first_sheet(archive)
        parts = {kind: archive.read(path) for kind, path in paths.items()}
        sheet = parts["worksheet"]
        # Counting the letters is a matter of no time, and hardly a line has so many.
        if _FAR.search(sheet) or any(line.count(b"c") > MAX_COLUMNS and len(_ANY_CELL.findall(line)) > MAX_COLUMNS for line in _lines(sheet)):
            raise ValidationError(FAR_TOO_MUCH)
        for kind, part in parts.items():
            _refuse_unsound(part)
            new.writestr(f"xl/{_PARTS[kind]}", part)
        new.writestr("_rels/.rels", _relations({"officeDocument": "xl/workbook.xml"}))
        new.writestr("xl/_rels/workbook.xml.rels", _relations({kind: _PARTS[kind] for kind in parts}))
        sheets = '<sheets><sheet name="1" sheetId="1" r:id="worksheet"/></sheets>'
        new.writestr("xl/workbook.xml", f'<workbook xmlns:r="{_DOCUMENT}"><workbookPr date1904={quoteattr(years)}/>{sheets}</workbook>')
    safe.seek(0)
    return safe, sheet


def _relations(targets: Mapping[str, str]) -> str:
    related = "".join(f'<Relationship Id="{kind}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>' for kind, target in targets.items())
    return f"<Relationships>{related}</Relationships>"


def _first_sheet(archive: zipfile.ZipFile) -> tuple[dict[str, str], str]:
    """Return the names of the parts that hold the first sheet, its texts and styles; and whether its days are counted from 1904, as it is written."""
    book, relations = (_tree(archive, name) for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"))
    first = next(element.get(_RELATION) for element in book.iter() if element.tag.endswith("}sheet"))
    years = next((element.get("date1904", "0") for element in book.iter() if element.tag.endswith("}workbookPr")), "0")
    paths = {"worksheet": next(_path_of(element) for element in relations if element.get("Id") == first)}
    for element in relations:
        kind = element.get("Type", "").rpartition("/")[2]
        if kind in _PARTS and kind not in paths:
            paths[kind] = _path_of(element)
    return paths, years


def _path_of(relation: ElementTree.Element) -> str:
    target = relation.get("Target", "")
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _tree(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > _MAX_NAMES:
        raise ValidationError(FAR_TOO_MUCH)
    return ElementTree.fromstring(archive.read(name))  # noqa: S314 - expat bounds what entities may grow to


def _lines(sheet: bytes) -> list[bytes]:
    """Return a sheet cut into its lines.

    Raises:
        ValidationError: there are too many.
    """
    lines = _LINE.split(sheet, MAX_LINES)
    if len(lines) > MAX_LINES:
        raise ValidationError(FAR_TOO_MUCH)
    return lines


def _refuse_unsound(part: bytes) -> None:
    """Refuse a part that is no XML, or XML with declarations; or that makes the reader ask for more memory than there is.

    Raises:
        ExpatError: it is no XML.
        ValidationError: it is too much, or declares something.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_declarations
    parser.Parse(part, True)
    # No more texts than cells, each with a beginning and an end.
    if _VERY_MANY.search(part) or part.count(b"si") > 2 * MAX_LINES * MAX_COLUMNS:
        raise ValidationError(FAR_TOO_MUCH)


def _refuse_declarations(*_declared: object) -> None:
    raise ValidationError(DAMAGED)


def _special_cells(sheet: bytes) -> tuple[frozenset[Place], frozenset[Place]]:
    """Return the places of cells with a formula, and of those that hold an error: the reader gives a result for the one, nothing for the other.

    What does not say where it stands comes after what stands before it, as the reader has it.

    Raises:
        ValidationError: a cell says that it stands where there is none.
    """
    formulas, errors = set[Place](), set[Place]()
    if not any(sign in sheet for sign in _SIGNS_OF_SPECIAL):
        return frozenset(), frozenset()
    line, column, cell = -1, -1, (-1, -1)
    for tag in _TAG.finditer(sheet):
        if tag["end"]:
            break
        if tag["name"] == b"f":
            formulas.add(cell)
            continue
        said = {attribute[1]: attribute[3] for attribute in _ATTRIBUTE.finditer(tag["attributes"] or b"")}
        if tag["name"] == b"row":
            line, column = _place_of(said[b"r"])[0] if b"r" in said else line + 1, -1
        elif tag["name"] == b"c":
            cell = _place_of(said[b"r"]) if b"r" in said else (line, column + 1)
            column = cell[1]
            if said.get(b"t") == b"e":
                errors.add(cell)
    return frozenset(formulas - errors), frozenset(errors)


def _place_of(name: bytes) -> Place:
    """Return the place that is called B2; of a line, which is called 2, the column means nothing."""
    named = _PLACE.fullmatch(name)
    if named is None:
        raise ValidationError(DAMAGED)
    return int(named[2]) - 1, ord(named[1].upper() or b"A") - ord("A")


def _covered(ranges: Sequence[tuple[Place, Place]], lines: int) -> frozenset[Place]:
    """Return the places that merged cells cover, apart from the first of each.

    Raises:
        ValidationError: there are far more than anybody merges; merged cells do not overlap.
    """
    covered = set[Place]()
    left_over = 2 * MAX_LINES
    for (top, left), (bottom, right) in ranges:
        height, width = min(bottom, lines - 1) + 1 - top, min(right, MAX_COLUMNS - 1) + 1 - left
        left_over -= max(height, 1) * max(width, 1)
        if left_over < 0:
            raise ValidationError(FAR_TOO_MUCH)
        covered.update((line, column) for line in range(top, top + height) for column in range(left, left + width))
        covered.discard((top, left))
    return frozenset(covered)


def _read_csv(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    # Spreadsheets write what the machine's region parts a list with.
    delimiter = max(",\t;", key=first.count)
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MAX_LINES + 1))
    except csv.Error as error:
        raise ValidationError(_("The file cannot be read as a table. Save it as .xlsx or .csv, and upload that.")) from error
    if len(rows) > MAX_LINES:
        raise ValidationError(_("The table has more than %(limit)s rows. Split it."), params={"limit": f"{MAX_LINES:,}"})
    return rows


def _decoded(content: bytes) -> str:
    """Return the text of a file in the encodings that spreadsheets write."""
    encodings: Mapping[bytes, str] = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
    marked = next((name for mark, name in encodings.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if NUL not in text:
            return text
    raise ValidationError(_("The file is neither an .xlsx workbook nor a text in UTF-8 or GB18030. Save it as .xlsx or as “CSV UTF-8”."))
