"""What the cells of an uploaded table mean: branches, days, kinds of work, figures with their words. Each refuses in a sentence what it cannot read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _

from activities.figures import STORED_DECIMALS, NumberError, Qualifier, parse_number, read_written
from activities.models import ActivityKind, Metric, Unit
from activities.services import Figure, in_own_unit
from activities.sheets import CONVERTIBLE
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation.refusals import sentence_for
from portal.foundation.spreadsheets import Column, read_day
from portal.foundation.text import NUL, fold

LANGUAGES: Final = ("zh-hans", "en")
COLUMNS: Final = (
    Column("branch", "支部", "Branch", required=True),
    Column("day", "业务日期", "Business date", required=True, limit=30),
    Column("kind", "工作类别", "Kind of work", limit=40),
    Column("metric", "指标", "Figure", required=True, limit=60),
    Column("value", "数值", "Value", required=True, limit=40),
    Column("unit", "单位", "Unit", limit=20),
    Column("note", "备注", "Note", limit=2000),
)
BY_NAME: Final = {column.name: column for column in COLUMNS}
DAY_FORMS: Final = "2020-02-03、2020/2/3、2020年2月3日"


class BadCell(Exception):  # noqa: N818 - it is a finding, not a fault
    """A cell that cannot be read; `column` is its name, `said` a sentence in the language of the moment."""

    def __init__(self, column: str, said: str) -> None:
        super().__init__(column, said)
        self.column = column
        self.said = said


@dataclass(frozen=True, slots=True)
class Read:
    """A figure that was read: as it is filed, and as the database stores it.

    Attributes:
        unit: key of the unit as entered.
    """

    figure: Figure
    metric: Metric
    value: Decimal
    unit: int


def plain(cell: object) -> str:
    """Return a cell's text as it was typed, without white space around it; a number as people write it."""
    if isinstance(cell, float):
        # The shortest digits that mean this number: what the spreadsheet showed.
        text = f"{Decimal(repr(cell)):f}"
        return text[:-2] if text.endswith(".0") else text
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    # A cell with a NUL is refused (`Table.nuls`); this is how it is shown.
    return str(cell).replace(NUL, "□").strip()


class Places:
    """The branches for which somebody may file, by name and by identifier; of each, whether it is filed on its behalf."""

    def __init__(self, actor: object) -> None:
        own, other = (access.reach(actor, act) for act in (Act.FILE, Act.FILE_ON_BEHALF))
        self.on_behalf: dict[int, bool] = {}
        self._named: dict[str, list[int]] = {}
        self._identified: dict[str, int] = {}
        # What is one's own to file is filed so, also by a reviewer of the region.
        for allowed, on_behalf in ((other, True), (own, False)):
            if allowed:
                self._take(Branch.objects.filter(access.branches_within(allowed)).values_list("pk", "name", "public_id"), on_behalf=on_behalf)

    def _take(self, rows: Iterable[tuple[int, str, UUID]], *, on_behalf: bool) -> None:
        for key, name, public_id in rows:
            if key not in self.on_behalf:
                self._named.setdefault(fold(name), []).append(key)
                self._identified[str(public_id)] = key
            self.on_behalf[key] = on_behalf

    def find(self, cell: object) -> int:
        """Return the key of the branch that a cell names.

        Raises:
            BadCell: none, or several.
        """
        text = _required("branch", cell)
        if (key := self._identified.get(text.lower())) is not None:
            return key
        found = self._named.get(fold(text), [])
        if not found:
            raise BadCell("branch", _("There is no branch called “%(name)s” for which you may file.") % {"name": text})
        if len(found) > 1:
            raise BadCell("branch", _("Several branches are called “%(name)s”: write the identifier that stands in the template.") % {"name": text})
        return found[0]


class Catalogue:
    """The figures and units that can be reported, by every name that people write for them."""

    def __init__(self) -> None:
        self.metrics = list(Metric.objects.select_related("unit").order_by("position"))
        self.units = list(Unit.objects.all())
        self._kinds = {fold(name): kind for language in LANGUAGES for kind, name in _kinds_in(language).items()} | {kind: kind for kind in ActivityKind.values}
        self._metrics = {fold(name): metric for metric in self.metrics for name in (metric.name_en, metric.name_zh, metric.code)}

    def metric(self, kind: object, cell: object) -> Metric:
        """Return the metric that a cell names.

        Raises:
            BadCell: none, or it belongs to another kind of work than the row says, or one is too long to be a name.
        """
        text, words = _required("metric", cell), plain(kind)
        if len(words) > BY_NAME["kind"].limit:
            raise BadCell("kind", too_long("kind"))
        found = self._metrics.get(fold(text))
        if found is None:
            raise BadCell("metric", _("There is no figure called “%(name)s”. The template lists them all.") % {"name": text})
        if words and self._kinds.get(fold(words)) != found.kind:
            own = ActivityKind(found.kind).label
            raise BadCell("kind", _("“%(figure)s” belongs to “%(kind)s”.") % {"figure": found.name, "kind": own})
        return found

    def read(self, code: str, value: object, unit: object) -> Read:
        """Read a figure of the metric `code` from its cells.

        Raises:
            BadCell: one of them cannot be read, or they contradict each other.
        """
        metric, typed, words = self._metrics[code], number_of(value), plain(unit)
        if len(words) > BY_NAME["unit"].limit:
            raise BadCell("unit", too_long("unit"))
        written = read_written(typed)
        entered = self._unit(metric, words, "unit")
        if written.unit:
            inside = self._unit(metric, written.unit, "value")
            if words and inside != entered:
                raise BadCell("unit", _("The value says “%(inside)s”, the unit “%(unit)s”.") % {"inside": written.unit, "unit": words})
            entered = inside
        number = _number(metric, entered, written.number)
        printed = written.unit or words
        figure = Figure(
            metric=metric.code,
            value=number,
            unit="" if entered == metric.unit else entered.code,
            qualifier=written.qualifier,
            qualifier_text="" if written.qualifier == Qualifier.EXACT else _with_unit(typed, written.unit, words or metric.unit_zh),
            unit_text="" if printed in {"", entered.code, entered.name_zh, entered.name_en, metric.unit_zh, metric.unit_en} else printed,
        )
        return Read(figure, metric, in_own_unit(number, entered, metric), entered.pk)

    def _unit(self, metric: Metric, words: str, column: str) -> Unit:
        """Return the unit that words mean for a metric; nothing is its own.

        The metric's own unit goes by its aliases too: 户 is written for 户次. Another one has to be a multiple of it.
        """
        own = metric.unit
        if words in {"", metric.unit_zh, metric.unit_en, *metric.unit_aliases, own.code, own.name_zh, own.name_en, *own.aliases}:
            return own
        if own.dimension in CONVERTIBLE:
            for unit in self.units:
                if unit.dimension == own.dimension and words in {unit.code, unit.name_zh, unit.name_en, *unit.aliases}:
                    return unit
        raise BadCell(
            column, _("“%(unit)s” does not fit “%(metric)s”, which counts %(own)s.") % {"unit": words, "metric": metric.name, "own": metric.unit_name}
        )


def number_of(cell: object) -> str:
    """Return the text of a cell that holds a number with its words, whatever it counts.

    Raises:
        BadCell: it holds none.
    """
    typed = _required("value", cell)
    try:
        if isinstance(cell, date) or parse_number(read_written(typed).number, decimals=STORED_DECIMALS) is None:
            raise BadCell("value", _("This is not a number. Type digits only, such as 200."))
    except NumberError as error:
        raise BadCell("value", " ".join(error.messages)) from error
    return typed


def _number(metric: Metric, entered: Unit, text: str) -> Decimal:
    """Read a number, and refuse one that the metric's own unit cannot hold."""
    try:
        number = parse_number(text, decimals=metric.decimals if entered == metric.unit else STORED_DECIMALS) or Decimal(0)
        own = in_own_unit(number, entered, metric)
    except NumberError as error:
        raise BadCell("value", " ".join(error.messages)) from error
    if own != round(own, metric.decimals):
        raise BadCell("value", str(sentence_for("measure_is_as_fine_as_its_metric")))
    return number


def day_of(cell: object) -> date:
    """Return the day that a cell says.

    Raises:
        BadCell: it says none, or not of which year.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _required("day", cell)
    day = read_day(fold(text))
    if day is None:
        raise BadCell("day", _("“%(text)s” is not a date with its year. Write it like 2020-02-03.") % {"text": text})
    return day


def note_of(cell: object) -> str:
    """Return a note.

    Raises:
        BadCell: it is too long.
    """
    text = plain(cell).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > BY_NAME["note"].limit:
        raise BadCell("note", too_long("note"))
    return text


def too_long(column: str) -> str:
    """Return the sentence for a cell that holds more than its column may."""
    return _("This is longer than %(limit)d characters.") % {"limit": BY_NAME[column].limit}


def _required(column: str, cell: object) -> str:
    text = plain(cell)
    if not text:
        raise BadCell(column, _("This is missing."))
    if len(text) > BY_NAME[column].limit:
        raise BadCell(column, too_long(column))
    return text


def _with_unit(typed: str, inside: str, unit: str) -> str:
    """Return a figure with its words as it is printed, its unit behind it."""
    printed = typed if inside else typed + unit
    return printed if len(printed) <= BY_NAME["value"].limit else typed


def _kinds_in(language: str) -> Mapping[str, str]:
    with translation.override(language):
        return {kind: str(name) for kind, name in ActivityKind.choices}


def in_both_languages(refused: Callable[[], object]) -> tuple[str, str]:
    """Return, in Chinese and in English, the sentence with which `refused` refuses."""
    said = []
    for language in LANGUAGES:
        with translation.override(language):
            try:
                refused()
            except BadCell as bad:
                said.append(bad.said)
            except ValidationError as error:
                said.append(" ".join(error.messages))
    chinese, english = said
    return chinese, english
