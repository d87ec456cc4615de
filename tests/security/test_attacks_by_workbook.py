"""Workbooks made to do harm are refused."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import Workbook

from branches.models import Branch
from portal.accounts import clerk_import
from portal.accounts.models import User
from tests.security.attacker import browser

pytestmark = pytest.mark.usefixtures("clock")


def workbook() -> bytes:
    """A workbook with headings and a row."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([column.chinese for column in clerk_import.COLUMNS])
    sheet.append(["某某临时党支部", "望江社区", "", "", "", "", "", "示例", "", ""])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The same workbook with its parts changed."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(stream, "w", compression) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return stream.getvalue()


def encrypted(content: bytes) -> bytes:
    """The same workbook, said to be encrypted."""
    return content.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00").replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"
    )


SHEETS: dict[str, Callable[[str, bytes], bytes]] = {
    "a row far down": lambda name, part: part.replace(b'<row r="2"', b'<row r="2000000000"') if "sheet1" in name else part,
    "no number for a row": lambda name, part: part.replace(b'<row r="2"', b'<row r="x"') if "sheet1" in name else part,
    "a cell nowhere": lambda name, part: part.replace(b'r="A2"', b'r="ZZZZZZ99999999"') if "sheet1" in name else part,
    "a huge number": lambda name, part: part.replace(b'r="A2" t="s"', b'r="A2" t="n"').replace(b"<v>10</v>", b"<v>1e999999</v>") if "sheet1" in name else part,
    "entities": lambda name, part: b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>' if "sheet1" in name else part,
    "nothing": lambda name, part: b"",
    "no text": lambda name, part: b"\xff" * 100 if "sharedStrings" in name else part,
    "deep": lambda name, part: b"<a>" * 200_000 if "sheet1" in name else part,
    "deep styles": lambda name, part: b"<a>" * 20_000 + b"</a>" * 20_000 if "styles" in name else part,
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_workbook_made_to_do_harm_is_refused(branch: Branch, administrator: User, name: str) -> None:
    file_ = BytesIO(repacked(workbook(), SHEETS[name]))
    file_.name = "x.xlsx"
    assert browser(administrator).post(reverse("accounts:import"), {"workbook": file_}).status_code in {302, 422}


def test_a_workbook_with_a_password_or_packed_strangely_is_refused(branch: Branch, administrator: User) -> None:
    for content in (encrypted(workbook()), repacked(workbook(), lambda name, part: part, zipfile.ZIP_LZMA), workbook()[:-40], b"PK\x03\x04" + b"\0" * 100):
        file_ = BytesIO(content)
        file_.name = "../../x\0.xlsx"
        assert browser(administrator).post(reverse("accounts:import"), {"workbook": file_}).status_code in {302, 422}
