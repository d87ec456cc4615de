"""Reading a workbook of branches and clerks: every bad cell is named, with its row, column and a sentence. Nothing is written here."""

import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from branches import access
from branches.access import Act
from branches.models import Branch, Region, WorkUnit
from portal.accounts.models import User
from portal.foundation import clock, spreadsheets
from portal.foundation.spreadsheets import Column
from portal.foundation.text import fold, pinyin_key

MAX_ROWS: Final = 2000
# A workbook is a zip: a small one can unpack to more than the machine holds.
MAX_UNPACKED: Final = 60 * 1024 * 1024
# A row may claim any number, and the rows before it are then read as blank ones.
MAX_LINES: Final = 100_000
EARLIEST: Final = date(1949, 10, 1)

_PHONE = re.compile(r"(\+?86)?\d{7,12}")
_ACCOUNT = re.compile(r"[\w.@+-]{3,150}")


COLUMNS: Final = (
    Column("branch", "支部名称", "Branch name", required=True),
    Column("community", "所在社区", "Community", required=True),
    Column("kind", "类型", "Kind", limit=20),
    Column("established", "成立日期", "Established on", limit=30),
    Column("units", "单位", "Sending units", limit=400),
    Column("secretary", "书记姓名", "Secretary", limit=60),
    Column("secretary_phone", "书记电话", "Secretary's phone", limit=20),
    Column("clerk", "经办人姓名", "Clerk", required=True, limit=60),
    Column("account", "经办人账号", "Clerk's account", limit=150),
    Column("clerk_phone", "经办人电话", "Clerk's phone", limit=20),
)
KIND_NAMES: Final = "临时党支部、工作队、指挥部"
DATE_FORMS: Final = "2020-03-05、2020/3/5、2020年3月5日"
KINDS: Final[dict[str, str]] = {
    "": Branch.Kind.BRANCH,
    "支部": Branch.Kind.BRANCH,
    "临时党支部": Branch.Kind.BRANCH,
    "branch": Branch.Kind.BRANCH,
    "工作队": Branch.Kind.WORK_TEAM,
    "work team": Branch.Kind.WORK_TEAM,
    "指挥部": Branch.Kind.COMMAND_POST,
    "command post": Branch.Kind.COMMAND_POST,
}


@dataclass(frozen=True)
class BadCell:
    """What is wrong in a cell: the row as the spreadsheet numbers it, the column's heading, and a sentence."""

    row: int
    column: str
    message: str | Promise


@dataclass(frozen=True)
class ClerkRow:
    """A row that may be stored."""

    row: int
    branch: str
    region: Region
    kind: str
    established: date | None
    units: tuple[str, ...]
    secretary: str
    secretary_phone: str
    clerk: str
    account: str
    clerk_phone: str


@dataclass
class Reading:
    """What a workbook holds: rows that may be stored, bad cells, and the work units that would be new."""

    rows: list[ClerkRow] = field(default_factory=list)
    bad: list[BadCell] = field(default_factory=list)
    new_units: list[str] = field(default_factory=list)


def read(content: bytes, actor: User) -> Reading:
    """Read a workbook for `actor`, who administers the regions in which its branches are to lie.

    Raises:
        ValidationError: it is not a workbook that can be read at all.
    """
    cells = list(_data_rows(content))
    if not cells:
        raise ValidationError(_("The workbook holds no rows below the headings."))
    return _Reader(actor, cells).reading()


def template() -> bytes:
    """Return an empty workbook with the headings, and a second sheet that explains them."""
    book, sheet = spreadsheets.empty_table(_("Branches and clerks"), COLUMNS)
    for number in range(1, len(COLUMNS) + 1):
        # As text, so that a phone keeps its digits and a date what was typed.
        sheet.column_dimensions[get_column_letter(number)].number_format = "@"
    notes = book.create_sheet(_("How to fill in"))
    for line in _explanations():
        notes.append([line])
    notes.column_dimensions["A"].width = 100
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _explanations() -> tuple[str, ...]:
    return (
        _("One row a branch. Keep the headings as they are; their order does not matter. Shaded red: every row needs it."),
        _("Community: its name as in the portal, or its 12-digit code where two have the same name."),
        _("Kind: %(kinds)s; empty is the first.") % {"kinds": KIND_NAMES},
        _("Established on: %(forms)s; empty when unknown. Only with a date does the secretary get a term of office.") % {"forms": DATE_FORMS},
        _("Sending units: several are parted by semicolons."),
        _("Clerk's account: empty, and one is made from the name. Phones are duty phones, seen by reviewers."),
    )


def _data_rows(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield row number and cells by column name, blank rows left out; at most one row more than allowed."""
    spreadsheets.require_workbook(content, most_unpacked=MAX_UNPACKED)
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_col=40)
        columns = spreadsheets.columns_in((cell.value for cell in next(rows, ())), COLUMNS)
        found = 0
        for number, row in enumerate(rows, start=2):
            if number > MAX_LINES:
                raise ValidationError(spreadsheets.FAR_TOO_MUCH)
            cells = {columns[index]: cell for index, cell in enumerate(row) if index in columns and cell.value is not None and str(cell.value).strip()}
            if cells:
                found += 1
                if found > MAX_ROWS:
                    raise ValidationError(_("The workbook has more than %(limit)d rows. Split it.") % {"limit": MAX_ROWS})
                yield number, cells
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        ValueError,
        SyntaxError,
        EOFError,
        OSError,
        ArithmeticError,
        # With a password, packed in a way that is not known, or nested without end.
        RuntimeError,
        lzma.LZMAError,
        struct.error,
    ) as error:
        raise ValidationError(spreadsheets.DAMAGED) from error


class _Reader:
    """Checks all rows against each other and against what is stored, with a fixed number of queries."""

    def __init__(self, actor: User, cells: Sequence[tuple[int, dict[str, Any]]]) -> None:
        self.cells = cells
        self.bad: list[BadCell] = []
        self.headings = {column.name: column.chinese for column in COLUMNS}
        self.regions = _regions_of(actor)
        self.branches = set(Branch.objects.filter(access.branches_within(access.reach(actor, Act.ADMINISTER))).values_list("region_id", "name"))
        self.accounts: set[str] = set(User.objects.values_list("username", flat=True))
        self.wished: set[str] = set()
        # The last number given to each made-up account; the first of a name has none.
        self.numbers: Counter[str] = Counter()
        self.today = clock.today()

    def reading(self) -> Reading:
        """Return the whole reading; rows only when no cell is bad, new units in any case: both are mended in one go."""
        # First those who wrote an account, so that a made-up one does not take it.
        self.wished = {text for _row, row in self.cells if (text := _plain(row.get("account")))}
        rows = [self._row(number, row) for number, row in self.cells]
        units = {fold(name): name for row in rows for name in row.units}
        known = {fold(name) for name in WorkUnit.objects.values_list("name", flat=True)} if units else set()
        order = list(self.headings.values())
        new = sorted(name for folded, name in units.items() if folded not in known)
        return Reading(rows if not self.bad else [], sorted(self.bad, key=lambda bad: (bad.row, order.index(bad.column))), new)

    def _row(self, number: int, row: dict[str, Any]) -> ClerkRow:
        texts = {column.name: self._text(number, column, row.get(column.name)) for column in COLUMNS}
        region = self._region(number, texts["community"])
        clerk = texts["clerk"]
        result = ClerkRow(
            row=number,
            branch=texts["branch"],
            region=region or Region(),
            kind=self._kind(number, texts["kind"]),
            established=self._date(number, row.get("established"), texts["established"]),
            units=self._units(number, texts["units"]),
            secretary=texts["secretary"],
            secretary_phone=self._phone(number, "secretary_phone", texts["secretary_phone"]),
            clerk=clerk,
            account=self._account(number, texts["account"], clerk),
            clerk_phone=self._phone(number, "clerk_phone", texts["clerk_phone"]),
        )
        if texts["secretary_phone"] and not texts["secretary"]:
            self._complain(number, "secretary", gettext_lazy("There is a phone without a name."))
        if region is not None and result.branch:
            self._once(number, region, result.branch)
        return result

    def _complain(self, row: int, column: str, message: str | Promise) -> None:
        self.bad.append(BadCell(row, self.headings[column], message))

    def _text(self, number: int, column: Column, cell: Any) -> str:
        kind = getattr(cell, "data_type", "")
        if kind == "f":
            self._complain(number, column.name, gettext_lazy("The cell holds a formula: type the value."))
            return ""
        if kind == "e":
            self._complain(number, column.name, gettext_lazy("The cell holds an error."))
            return ""
        text = _plain(cell)
        if not text and column.required:
            self._complain(number, column.name, gettext_lazy("This is missing."))
        if len(text) > column.limit:
            self._complain(number, column.name, _("This is longer than %(limit)d characters.") % {"limit": column.limit})
        return text

    def _region(self, number: int, text: str) -> Region | None:
        if not text:
            return None
        found = self.regions.get(fold(text), [])
        # A community before a compound of the same name.
        narrow = [region for region in found if region.level == "community"] or found
        if not found:
            self._complain(number, "community", _("“%(name)s” is not a community of your area.") % {"name": text})
        elif len(narrow) > 1:
            self._complain(number, "community", _("Several in your area are called “%(name)s”: write the 12-digit code.") % {"name": text})
        return narrow[0] if len(narrow) == 1 else None

    def _kind(self, number: int, text: str) -> str:
        kind = KINDS.get(fold(text))
        if kind is None:
            self._complain(number, "kind", _("Write one of these: %(kinds)s.") % {"kinds": KIND_NAMES})
        return kind or Branch.Kind.BRANCH

    def _date(self, number: int, cell: Any, text: str) -> date | None:
        value = getattr(cell, "value", None)
        if not text or value is None:
            return None
        day = value.date() if isinstance(value, datetime) else value if isinstance(value, date) else spreadsheets.read_day(text)
        if day is None:
            self._complain(number, "established", _("“%(text)s” is not a date. Write it like 2020-03-05.") % {"text": text})
        elif not EARLIEST <= day <= self.today.replace(year=self.today.year + 1, day=1):
            self._complain(number, "established", _("%(day)s cannot be the day on which it was established.") % {"day": day.isoformat()})
        return day

    def _units(self, number: int, text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(part.strip() for part in re.split(r"[;；、\n]", text) if part.strip()))
        if any(len(name) > 100 for name in names):
            self._complain(number, "units", gettext_lazy("A unit's name has at most 100 characters; part units by semicolons."))
            return ()
        return names

    def _phone(self, number: int, column: str, text: str) -> str:
        digits = re.sub(r"[\s()-]", "", text)
        if digits and not _PHONE.fullmatch(digits):
            self._complain(number, column, _("“%(text)s” is not a telephone number.") % {"text": text})
        return digits

    def _account(self, number: int, text: str, clerk: str) -> str:
        if not text:
            account = self._made_account(clerk)
        elif not _ACCOUNT.fullmatch(text):
            self._complain(number, "account", gettext_lazy("An account has at least 3 letters or digits, and . _ - @ +."))
            return ""
        elif text in self.accounts:
            self._complain(number, "account", _("The account “%(name)s” is taken, or stands in an earlier row.") % {"name": text})
            return ""
        else:
            account = text
        self.accounts.add(account)
        return account

    def _made_account(self, name: str) -> str:
        """Return an account made from a name's pinyin, with a number when it is taken."""
        stem = re.sub(r"[^a-z]", "", pinyin_key(name))[:40] or "clerk"
        stem = stem if len(stem) >= 3 else f"{stem}-clerk"
        account = stem
        while account in self.accounts or account in self.wished:
            self.numbers[stem] = max(2, self.numbers[stem] + 1)
            account = f"{stem}{self.numbers[stem]}"
        return account

    def _once(self, number: int, region: Region, name: str) -> None:
        if (region.pk, name) in self.branches:
            self._complain(number, "branch", _("“%(name)s” is in this community already, or stands in an earlier row.") % {"name": name})
        self.branches.add((region.pk, name))


def _regions_of(actor: User) -> dict[str, list[Region]]:
    """Return the regions that `actor` administers by folded name, alias and code."""
    reach = access.reach(actor, Act.ADMINISTER)
    found = Region.objects.all() if reach.everything else Region.objects.filter(pk__in=access.regions_below(reach.regions))
    names: dict[str, list[Region]] = {}
    for region in found:
        for name in {fold(region.name), *map(fold, region.aliases), region.code} - {""}:
            names.setdefault(name, []).append(region)
    return names


def _plain(cell: Any) -> str:
    """Return a cell's text: full width made half, spaces made one; a whole number without its point."""
    value = getattr(cell, "value", None)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(unicodedata.normalize("NFKC", str(value)).split())
