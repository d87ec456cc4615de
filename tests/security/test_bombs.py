"""Files that are small and would grow: workbooks within workbooks, parts that lie about their size or lie over each other, texts without end."""

import csv
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from openpyxl import DEFUSEDXML

from branches.models import Branch
from portal.accounts import clerk_import
from portal.accounts.models import User
from portal.foundation.spreadsheets import MAX_LINES, read_table
from tests.security.test_attacks_on_files import FIRST, FIRST_SHEET, MEGABYTES, repacked, with_sheet

MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TENFOLD = b"".join(b'<!ENTITY %c "%b">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("k")))
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + TENFOLD + b"]>"


def sheet_of(content: bytes) -> bytes:
    """A workbook with this part as its sheet."""
    return repacked(lambda parts: iter({**parts, FIRST_SHEET: content}.items()))


def lying(content: bytes, says: int) -> bytes:
    """A zip whose largest part says that it unpacks to `says` bytes, in both places where that stands."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = max(archive.infolist(), key=lambda one: one.file_size)
    true, said = struct.pack("<I", part.file_size), struct.pack("<I", says)
    return content.replace(true, said)


def over_each_other(times: int) -> bytes:
    """A zip that names one packed part many times, each under another name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, b"<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
        (first,) = [one for one in archive.infolist() if one.filename == "xl/worksheets/sheet1.xml"]
        for number in range(times):
            again = zipfile.ZipInfo(f"xl/worksheets/sheet{number + 2}.xml")
            for attribute in ("file_size", "compress_size", "compress_type", "CRC", "header_offset"):
                setattr(again, attribute, getattr(first, attribute))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    return made.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "a billion laughs in the sheet": lambda: sheet_of(LAUGHS + b"<worksheet " + MAIN + b"><sheetData><row><c><v>&j;</v></c></row></sheetData></worksheet>"),
    "a billion laughs where the sheets are named": lambda: repacked(
        lambda parts: iter({**parts, "xl/workbook.xml": LAUGHS + b"<workbook>&j;</workbook>"}.items())
    ),
    "a file of the machine": lambda: sheet_of(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet ' + MAIN + b">&a;</worksheet>"),
    "a file of another machine": lambda: sheet_of(b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><worksheet ' + MAIN + b"/>"),
    "hundreds of megabytes of nothing": lambda: with_sheet(FIRST + b" " * (MEGABYTES + 1)),
    "parts over each other": lambda: over_each_other(200),
    "a part that says it is small": lambda: lying(with_sheet(FIRST + b"<row/>" * 300_000), 1000),
    "a part that says it is larger than anything": lambda: lying(with_sheet(FIRST + b" " * 100_000), 2**32 - 2),
    "a thousand parts": lambda: repacked(lambda parts: iter([*parts.items(), *((f"x/{number}", b"") for number in range(2000))])),
    "a workbook in a workbook": lambda: sheet_of(with_sheet(FIRST)),
    "lines and lines of nothing": lambda: with_sheet(FIRST + b"<row></row>" * 300_000),
    "lines that never end": lambda: sheet_of(b"<worksheet " + MAIN + b"><sheetData>" + b"<row>" * 150_000),
    "mark-up a hundred thousand deep": lambda: with_sheet(FIRST + b"<a>" * 100_000),
    "csv of a million lines": lambda: b"a,b\n" * (MAX_LINES + 1),
    "csv with a NUL": lambda: b"a,b\n1,\x002\n",
    "csv in half characters": lambda: "支部,日期\n".encode("gb18030")[:-3] + b"\xff\xff\n",
    "csv of a field without end": lambda: b'a,b\n"' + b"x" * (csv.field_size_limit() + 10) + b'",2\n',
}


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    """Fail when Python asked for more than `most` bytes meanwhile."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_would_grow_is_refused_in_little_memory(name: str) -> None:
    content = BOMBS[name]()
    with little_memory(4 * MEGABYTES), pytest.raises(ValidationError) as refusal:
        read_table(content, most_unpacked=MEGABYTES)
    assert len(refusal.value.messages[0]) > 5


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", [name for name in BOMBS if "csv" not in name])
def test_the_workbook_of_branches_refuses_them_too(name: str, branch: Branch, administrator: User) -> None:
    assert refusals_of(BOMBS[name](), administrator)


def refusals_of(content: bytes, by: User) -> list[str]:
    """What is said against a workbook of branches."""
    try:
        return [str(cell) for cell in clerk_import.read(content, by).bad]
    except ValidationError as refusal:
        return refusal.messages


def test_the_reader_of_workbooks_reads_xml_through_the_one_that_refuses_entities() -> None:

    assert DEFUSEDXML
