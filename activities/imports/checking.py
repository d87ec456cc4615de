"""Reading an uploaded table and saying of each row whether it can be filed. Nothing is written here.

A cell is read once for all rows that hold the same: a hundred thousand rows name a hundred branches and some thousand figures.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.figures import Qualifier
from activities.imports.receipts import Receipts
from activities.imports.words import BY_NAME, COLUMNS, BadCell, Catalogue, Places, Read, day_of, in_both_languages, note_of, number_of, plain
from activities.models import ImportedReport
from activities.services import Work, due_moment, refuse_impossible_day
from activities.services.filing import SATISFIED
from branches.models import Branch
from portal.foundation import clock, spreadsheets
from portal.foundation.models import new_public_id
from portal.foundation.refusals import sentence_for
from portal.foundation.spreadsheets import Place, Table
from portal.foundation.text import NUL_REFUSED

MAX_ROWS: Final = 100_000
# What a workbook of so many rows, with a note in each, may unpack to.
MAX_UNPACKED: Final = 300 * 1024 * 1024
_SHOWN: Final = 60
# An empty cell that a merged one covers means nothing in these columns; elsewhere it stays empty.
_EACH_ITS_OWN: Final = ("branch", "day", "metric", "value", "unit")
_NAMES: Final = tuple(BY_NAME)

State = ImportedReport.State
Key = tuple[int, date]
T = TypeVar("T")
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a cell cannot be read: its column, and a sentence in Chinese and in English."""

    column: str
    chinese: str
    english: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A cell for which its row cannot be filed: the line of the table, what the cell holds, and why."""

    line: int
    content: str
    bad: Bad


@dataclass(frozen=True, slots=True)
class Line:
    """A row that was read."""

    number: int
    read: Read
    note: str


@dataclass(slots=True)
class Day:
    """A branch's day with its rows, by the metric's code.

    Attributes:
        state: what becomes of it. present: key of the report that is there already.
    """

    lines: dict[str, Line] = field(default_factory=dict)
    state: str = State.READY
    present: int | None = None
    uid: UUID = field(default_factory=new_public_id)
    receipt: str = ""
    due_at: datetime | None = None

    def works(self) -> list[tuple[Work, list[Line]]]:
        """Return its rows as work to file, one a kind in the order of the catalogue, with the notes of each in the order of the table."""
        by_kind: dict[str, list[Line]] = {}
        for line in sorted(self.lines.values(), key=_position):
            by_kind.setdefault(line.read.metric.kind, []).append(line)
        return [(Work(kind=kind, figures=tuple(line.read.figure for line in lines), note=_joined(lines)), lines) for kind, lines in by_kind.items()]


@dataclass
class Finding:
    """What a table holds: days, refused cells, and how many rows there are; and of each branch whether it is filed on its behalf."""

    on_behalf: Mapping[int, bool]
    rows: int = 0
    days: dict[Key, Day] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)


def check(content: bytes, actor: object, progress: Progress = lambda percent: None) -> Finding:
    """Read a table for `actor`, who files for some branches, or on behalf of those of a region.

    Raises:
        ValidationError: it cannot be read as a table of figures at all; its sentence can be asked for in each language.
    """
    table = spreadsheets.read_table(content, most_unpacked=MAX_UNPACKED)
    progress(20)
    found = _Reader(table, actor).found(progress)
    progress(60)
    _judge(found)
    return found


class _Memory(Generic[T]):
    """Reads what a cell holds, once for all that hold the same."""

    def __init__(self, read: Callable[..., T]) -> None:
        self._read = read
        self._known: dict[Hashable, T | Bad] = {}

    def __call__(self, *cells: Hashable) -> T | Bad:
        known = self._known.get(cells)
        if known is None:
            known = self._known[cells] = self._fresh(cells)
        return known

    def _fresh(self, cells: tuple[Hashable, ...]) -> T | Bad:
        try:
            return self._read(*cells)
        except BadCell as bad:
            return Bad(bad.column, *in_both_languages(lambda: self._read(*cells)))


class _Reader:
    """Reads the rows of a table."""

    def __init__(self, table: Table, actor: object) -> None:
        self.rows = table.rows
        self.columns = {name: index for index, name in spreadsheets.columns_in(table.rows[0] if table.rows else (), COLUMNS).items()}
        places = Places(actor)
        self.branch, self.day, self.note = _Memory(places.find), _Memory(day_of), _Memory(note_of)
        catalogue = Catalogue()
        self.metric, self.figure, self.number = _Memory(catalogue.metric), _Memory(catalogue.read), _Memory(number_of)
        self.finding = Finding(places.on_behalf)
        self.marked = defaultdict[int, list[Bad]](list)
        self._mark(table.formulas, "formula")
        self._mark(table.errors, "error")
        self._mark(table.nuls, "nul")
        # Such a cell holds something, and makes its line a row; a merged one, which is empty, does not.
        self.special = frozenset(self.marked)
        self._mark(table.merged, "merged", _EACH_ITS_OWN)

    def found(self, progress: Progress) -> Finding:
        """Read every row that is not blank.

        Raises:
            ValidationError: there are none, or too many.
        """
        width = max(self.columns.values()) + 1
        # One more empty cell than there are columns stands for those that the table has not.
        places = [self.columns.get(column.name, width) for column in COLUMNS]
        empty = [""] * (width + 1)
        for number, cells in enumerate(self.rows[1:], start=2):
            row = [*cells[:width], *empty[len(cells) :]] if len(cells) < width else [*cells[:width], ""]
            if row == empty and number not in self.special:
                continue
            self.finding.rows += 1
            if self.finding.rows > MAX_ROWS:
                raise ValidationError(gettext_lazy("The table has more than %(limit)s rows. Split it."), params={"limit": f"{MAX_ROWS:,}"})
            self._read(number, [row[place] for place in places])
            if number % 10_000 == 0:
                progress(20 + 40 * number // len(self.rows))
        if not self.finding.rows:
            raise ValidationError(gettext_lazy("The table holds no rows below the headings."))
        return self.finding

    def _read(self, number: int, row: Sequence[Any]) -> None:
        """Read a row, its cells in the order of `COLUMNS`, and put it with its day or refuse it; then its day is held back, where it is known."""
        if bool in map(type, row):
            # For what is looked up, True and 1 are the same.
            row = [str(cell) if isinstance(cell, bool) else cell for cell in row]
        branch, day, note = self.branch(row[0]), self.day(row[1]), self.note(row[6])
        metric = self.metric(row[2], row[3])
        read = self.figure(metric.code, row[4], row[5]) if not isinstance(metric, Bad) else self.number(row[4])
        bad = [each for each in (branch, day, metric, read, note) if isinstance(each, Bad)]
        if marked := self.marked.get(number):
            bad = marked + [each for each in bad if each.column not in {mark.column for mark in marked}]
        if not (isinstance(branch, Bad) or isinstance(day, Bad) or any(each.column in {"branch", "day"} for each in bad)):
            held = self.finding.days.get((branch, day))
            if held is None:
                held = self.finding.days[branch, day] = Day()
            if isinstance(read, Read) and not isinstance(note, Bad) and not bad:
                twin = held.lines.setdefault(read.figure.metric, Line(number, read, note))
                if twin.number == number:
                    return
                bad = [_twice(twin.number)]
            held.state = State.HELD
        self.finding.refused += [Refused(number, _shown(row, each.column), each) for each in bad]

    def _mark(self, places: frozenset[Place], mark: str, columns: Collection[str] = _NAMES) -> None:
        """Keep what is wrong with marked cells, by the line of the table."""
        names = {index: name for name, index in self.columns.items() if name in columns}
        said = {name: Bad(name, *in_both_languages(lambda name=name: _refuse_marked(name, mark))) for name in names.values()}  # type: ignore[misc]
        for row, column in places:
            if row and column in names:
                self.marked[row + 1].append(said[names[column]])


def _judge(found: Finding) -> None:
    """Say of each day whether it is there already, or cannot be; and give those that will be filed what is theirs alone."""
    branches = Branch.objects.prefetch_related("schedules").in_bulk({branch for branch, _day in found.days})
    for key, report in _present(found.days).items():
        found.days[key].state, found.days[key].present = State.PRESENT, report
    moment, receipts = clock.now(), Receipts()
    for (branch, day), held in found.days.items():
        if held.state == State.READY:
            _judge_day(found, branches[branch], day, held, moment)
        if held.state == State.READY:
            held.receipt = receipts.number(branch=branches[branch], day=day, works=[work for work, _lines in held.works()], uid=held.uid)
            held.due_at = due_moment(branches[branch], day)


def _judge_day(found: Finding, branch: Branch, day: date, held: Day, moment: datetime) -> None:
    """Refuse the rows of a day that the branch cannot have, and a survey that contradicts itself."""
    try:
        refuse_impossible_day(branch, day, moment)
    except ValidationError:
        held.state, bad = State.HELD, Bad("day", *in_both_languages(lambda: refuse_impossible_day(branch, day, moment)))
        found.refused += [Refused(line.number, day.isoformat(), bad) for line in held.lines.values()]
    satisfied, valid = held.lines.get(SATISFIED), held.lines.get("survey_valid")
    if satisfied and valid and satisfied.read.value > valid.read.value and {each.read.figure.qualifier for each in (satisfied, valid)} == {Qualifier.EXACT}:
        held.state, bad = State.HELD, Bad("value", *in_both_languages(_refuse_satisfied))
        found.refused.append(Refused(satisfied.number, str(satisfied.read.figure.value), bad))


def _present(days: Collection[Key]) -> dict[Key, int]:
    """Return the reports that there are for these days of branches, whatever has become of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT branch_id, business_date, id FROM activities_dailyreport"
            " WHERE (branch_id, business_date) IN (SELECT * FROM unnest(%s::bigint[], %s::date[]))",
            [[branch for branch, _day in days], [day for _branch, day in days]],
        )
        return {(branch, day): report for branch, day, report in cursor.fetchall()}


def _twice(line: int) -> Bad:
    def refuse() -> None:
        raise BadCell("metric", _("Line %(line)s gives this figure for the same branch and day already.") % {"line": line})

    return Bad("metric", *in_both_languages(refuse))


def _refuse_marked(column: str, mark: str) -> None:
    sentences = {
        "formula": _("The cell holds a formula: type the value."),
        "error": _("The cell holds an error."),
        "nul": str(NUL_REFUSED),
        "merged": _("This cell is merged with another one: give each row its own."),
    }
    raise BadCell(column, sentences[mark])


def _refuse_satisfied() -> None:
    raise BadCell("value", str(sentence_for("satisfied_are_among_the_valid")))


def _shown(row: Sequence[Any], column: str) -> str:
    cell = plain(row[list(BY_NAME).index(column)])
    return cell if len(cell) <= _SHOWN else cell[: _SHOWN - 1] + "…"


def _position(line: Line) -> int:
    return line.read.metric.position


def _joined(lines: Sequence[Line]) -> str:
    """Return the notes of some rows, each once, in the order of the table."""
    noted = sorted((line.number, line.note) for line in lines if line.note)
    return "\n".join(dict.fromkeys(note for _number, note in noted))
