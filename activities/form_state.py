"""What stands in a report's form, field by field as typed, and how two people's changes to it are brought together.

Pure functions. A form's fields are a mapping of names to texts: for a metric `vehicles` they are `v_vehicles`, its value, `q_vehicles`, how
exact it is, and `u_vehicles`, its unit (empty for the metric's own); `d_vehicles` says that nobody typed it: a register did. `note` is free text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from activities.figures import NumberError, Qualifier, parse_number

Fields = dict[str, str]

VALUE, QUALIFIER, UNIT, DERIVED = "v_", "q_", "u_", "d_"
NOTE = "note"
REASON = "reason"
# Longer texts than these cannot be meant; they are cut before they are kept anywhere.
_LONGEST = {VALUE: 60, QUALIFIER: 10, UNIT: 30, DERIVED: 1, NOTE: 2000, REASON: 500, "first_day": 20, "last_day": 20, "relation": 20}
_MOST_FIELDS = 600


@dataclass(frozen=True)
class Cell:
    """One figure of a form, or its note: what is typed, how exact, in which unit; or what stands there from a register."""

    value: str = ""
    qualifier: str = Qualifier.EXACT
    unit: str = ""
    derived: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing is typed: then qualifier and unit mean nothing."""
        return not self.value.strip()

    @property
    def meaning(self) -> tuple[str, str, str]:
        """What the cell says, however it was written: １,２００ and 1200 are the same."""
        if self.is_blank:
            return ("", "", "")
        try:
            return (f"{parse_number(self.value, decimals=3):f}", self.qualifier, self.unit)
        except NumberError:
            return (self.value.strip(), self.qualifier, self.unit)


@dataclass(frozen=True)
class Merge:
    """Two people's changes to the same form, brought together.

    Attributes:
        fields: the form with everything that one side alone changed; where both did, mine.
        taken: the cells that only the other side changed. asked: those that both changed, differently.
    """

    fields: Fields
    taken: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def typed_fields(posted: Mapping[str, str]) -> Fields:
    """Return the fields of a form among what was posted, each cut to a sane length."""
    found: Fields = {}
    for name, text in posted.items():
        longest = _LONGEST.get(name[:2]) or _LONGEST.get(name)
        if longest is not None and len(name) <= _LONGEST[VALUE] and len(found) < _MOST_FIELDS:
            found[name] = str(text)[:longest].replace("\r\n", "\n")
    return found


def cell_of(fields: Mapping[str, str], name: str) -> Cell:
    """Return the cell `name`: a metric's code, or `note`."""
    if name == NOTE:
        return Cell(fields.get(NOTE, ""))
    value, unit = fields.get(VALUE + name, ""), fields.get(UNIT + name, "")
    return Cell(value, fields.get(QUALIFIER + name) or Qualifier.EXACT, unit, bool(fields.get(DERIVED + name)))


def with_cell(fields: Mapping[str, str], name: str, cell: Cell) -> Fields:
    """Return `fields` with the cell `name` replaced."""
    if name == NOTE:
        return {**fields, NOTE: cell.value}
    others = {field: text for field, text in fields.items() if field != DERIVED + name}
    derived = {DERIVED + name: "1"} if cell.derived else {}
    return {**others, VALUE + name: cell.value, QUALIFIER + name: cell.qualifier, UNIT + name: cell.unit, **derived}


def cells_in(*forms: Mapping[str, str]) -> list[str]:
    """Return the names of all cells that stand in any of `forms`, in their order, the note last."""
    codes = dict.fromkeys(name.removeprefix(VALUE) for fields in forms for name in fields if name.startswith(VALUE))
    return [*codes, NOTE]


def merge(base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Merge:
    """Bring together what I and somebody else made of the same form, both having started from `base`.

    A figure with its qualifier and unit is one thing: a new unit under an old value would be a figure that nobody gave.
    """
    fields, taken, asked = dict(mine), [], []
    for name in cells_in(base, mine, theirs):
        started, own, other = (cell_of(form, name).meaning for form in (base, mine, theirs))
        if other in (started, own):
            continue
        if own == started:
            fields = with_cell(fields, name, cell_of(theirs, name))
            taken.append(name)
        else:
            asked.append(name)
    return Merge(fields, taken, asked)


def same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Say whether two forms mean the same."""
    return all(cell_of(one, name).meaning == cell_of(other, name).meaning for name in cells_in(one, other))


def blank_among(fields: Mapping[str, str], codes: Iterable[str]) -> list[str]:
    """Return those of `codes` into which nothing is typed."""
    return [code for code in codes if cell_of(fields, code).is_blank]


def with_zeros(fields: Mapping[str, str], codes: Iterable[str]) -> Fields:
    """Return `fields` with a zero in each of `codes`."""
    filled = dict(fields)
    for code in codes:
        filled = with_cell(filled, code, Cell("0"))
    return filled


def without_zeros(fields: Mapping[str, str], codes: Iterable[str]) -> Fields:
    """Return `fields` with those of `codes` emptied that still hold a zero."""
    emptied = dict(fields)
    for code in codes:
        if cell_of(fields, code).meaning[0] == "0":
            emptied = with_cell(emptied, code, Cell())
    return emptied
