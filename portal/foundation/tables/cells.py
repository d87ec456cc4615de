"""What stands in a cell, in Python and in SQL: the two halves of each rule side by side, so that a row of either comes out the same."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from portal.foundation import clock

Cell = str | int | Decimal | date | None

# A spreadsheet takes a text that begins so for a formula; control characters in front it may pass over, and the wide signs of Chinese keyboards it may narrow.
_NARROW: Final = ("=", "+", "-", "@", *map(chr, range(1, 32)))
_WIDE: Final = ("＝", "＋", "－", "＠")
FORMULA: Final = (*_NARROW, *_WIDE)
# What is passed over in front of one: spaces of any width, and what nobody sees.
_BLANKS: Final = "".join(map(chr, (0x20, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF)))
# What XML cannot hold, written or as a reference.
_ILLEGAL: Final = r"\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff"
_NOT_XML: Final = re.compile(f"[\0{_ILLEGAL}\ud800-\udfff]")
# A line of the file is a row: that is how rows are counted, and where one sheet ends and the next begins.
_REFERENCES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
# Excel refuses a cell with more.
LONGEST_TEXT: Final = 32_767
# The day that a spreadsheet numbers 0.
DAY_0: Final = date(1899, 12, 30)


# --- Texts --------------------------------------------------------------------------------------------------------------


def guarded(value: Cell) -> Cell:
    """Return a value that no spreadsheet computes: a text that looks like a formula gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(_BLANKS).startswith(FORMULA) else value


def guarded_sql(text: str) -> str:
    """Return the same of a text in SQL; NULL for an empty one."""
    # Nearly every text begins with a Chinese character, which costs next to nothing; or with a letter.
    plain = f"ascii({text}) BETWEEN {0x3001} AND {0xFEFE} OR ascii({text}) BETWEEN {ord('A')} AND {0x9F}"
    formulas = ", ".join(str(ord(letter)) for letter in FORMULA)
    told = f"ascii(ltrim({text}, '{_BLANKS}'))"
    return f"CASE WHEN {plain} THEN {text} WHEN {told} IN ({formulas}) THEN '''' || {text} WHEN {text} <> '' THEN {text} END"


def xml_of(text: str) -> str:
    """Return a text as XML, without what XML cannot hold."""
    return escape(_NOT_XML.sub("", text[:LONGEST_TEXT]), {letter: code for letter, code in _REFERENCES.items() if letter not in "&<>"})


def xml_sql(text: str) -> str:
    """Return the same of a text in SQL."""
    held = f"regexp_replace(left({text}, {LONGEST_TEXT}), '[{_ILLEGAL}]', '', 'g')"
    for letter, code in _REFERENCES.items():
        held = f"replace({held}, chr({ord(letter)}), '{code}')"
    return rf"CASE WHEN {text} ~ '[&<>\u0001-\u001f\ufffe\uffff]' OR octet_length({text}) > {LONGEST_TEXT} THEN {held} ELSE {text} END"


# --- Numbers ------------------------------------------------------------------------------------------------------------


def written(value: Cell) -> Cell:
    """Return a value as it is written: a number without the zeros that only its column in the database has."""
    if not isinstance(value, Decimal):
        return value
    return f"{value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize():f}"


def number_sql(value: str) -> str:
    """Return the same of a number in SQL."""
    return f"trim_scale({value})"


# --- Cells of a sheet ---------------------------------------------------------------------------------------------------

# Around what stands in a cell, once where the cell stands is known. Style 1 is that of days.
_TEXT: Final = ('" t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>")
_NUMBER: Final = ('"><v>', "</v></c>")
_DAY: Final = ('" s="1"><v>', "</v></c>")


def row_of(number: int, values: Iterable[Cell]) -> str:
    """Return a row of a sheet."""
    return f'<row r="{number}">{"".join(_cell(f"{letters(at)}{number}", guarded(value)) for at, value in enumerate(values) if value is not None)}</row>\n'


def _cell(place: str, value: Cell) -> str:
    if isinstance(value, str):
        (before, after), content = _TEXT, xml_of(value)
    elif isinstance(value, date):
        (before, after), content = _DAY, str((value - DAY_0).days)
    else:
        (before, after), content = _NUMBER, str(written(value))
    return f'<c r="{place}{before}{content}{after}'


def text_cell_sql(at: int, text: str) -> str:
    """Return a cell of the column `at` in SQL, in the row whose number is `row`; NULL for no text."""
    return xml_cell_sql(at, xml_sql(f"({guarded_sql(text)})"))


def xml_cell_sql(at: int, text: str) -> str:
    """Return the same with a text that is XML already."""
    return _cell_sql(at, _TEXT, f"({text})")


def number_cell_sql(at: int, value: str) -> str:
    """Return the same with a number."""
    return _cell_sql(at, _NUMBER, number_sql(value))


def day_cell_sql(at: int, day: str) -> str:
    """Return the same with a day."""
    return _cell_sql(at, _DAY, f"({day} - DATE '{DAY_0}')")


def moment_cell_sql(at: int, moment: str) -> str:
    """Return the same with a moment."""
    return xml_cell_sql(at, clock.moment_sql(moment))


def _cell_sql(at: int, around: tuple[str, str], content: str) -> str:
    before, after = around
    return f"""'<c r="{letters(at)}' || row || '{before}' || {content} || '{after}'"""


def letters(at: int) -> str:
    """Return how a sheet names the column `at`, counted from 0: A to Z, then AA."""
    before, last = divmod(at, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)
