"""The records of a branch as csv: every model that hangs on it, a file each, and its people; read while they are written, however many."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from io import StringIO
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField
from django.db.models import Field, ForeignKey, JSONField, Model, QuerySet
from django.utils import timezone

from activities.models import ImportedFigure, ImportedReport, NeedCode, ReportDraft
from branches.models import Branch
from members.models import Person, Secondment
from portal.ending.graph import columns_of, hanging, records_of, withheld_of
from portal.ending.models import ArchivePack
from portal.foundation.tables import Cell, guarded
from portal.retention.models import DataRequest

# What hangs on a branch and is no record of it, with the reason: it stands in the manifest.
LEFT_OUT: Final[Mapping[type[Model], str]] = {
    ReportDraft: "typed and never filed; thrown away at the end",
    ImportedReport: "a step of reading a file; what was filed from it is in the reports",
    ImportedFigure: "a step of reading a file; what was filed from it is in the measures",
    NeedCode: "the hash of a resident's code, of no use to anybody else",
    ArchivePack: "packs like this one",
    DataRequest: "what somebody asked about themselves is theirs, and the office's that answers",
}
# Fields that repeat others for searching, or are of use inside alone.
_INSIDE: Final = frozenset({"name_key", "search", "note_folded", "note_day", "words_folded", "cut", "code", "branch_life", "written_in"})
_NAMES: Final = ("name", "code", "title")
_AT_ONCE: Final = 2000
_MARK: Final = "\ufeff"


@dataclass(frozen=True)
class Column:
    """A column of a file: its heading, where its value is read, and how it is written."""

    heading: str
    lookup: str
    write: Callable[[Any], Cell]


@dataclass(frozen=True)
class Record:
    """A model's rows of one branch, as a file."""

    model: type[Model]
    rows: "QuerySet[Any, Any]"
    sensitive: bool

    @property
    def path(self) -> str:
        """Where it lies in the pack."""
        return f"records/{self.model._meta.label_lower.replace('.', '-')}.csv"

    @cached_property
    def withheld(self) -> list[str]:
        """The columns that are left out because only some may read them."""
        return [] if self.sensitive else sorted(withheld_of(self.model) - _INSIDE)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns, in the order of the model."""
        fields = [field for field in columns_of(self.model) if field.name not in _INSIDE and field.name not in self.withheld]
        return [column for field in fields for column in _columns(field)]

    def lines(self) -> Iterator[bytes]:
        """Yield the file, a line at a time."""
        yield (_MARK + _line([column.heading for column in self.columns])).encode()
        for row in self.rows.values_list(*[column.lookup for column in self.columns]).iterator(chunk_size=_AT_ONCE):
            yield _line([_cell(column, value) for column, value in zip(self.columns, row, strict=True)]).encode()


def records(branch: Branch, *, sensitive: bool) -> Iterator[Record]:
    """Yield every file of a branch's records, in the order of their names: the branch itself, its people, and all that hangs on it."""
    people = Person.objects.filter(memberships__branch=branch).distinct().order_by("pk")
    sent = Secondment.objects.filter(person__in=people.order_by().values("pk")).order_by("pk")
    found = [
        Record(Branch, Branch.objects.filter(pk=branch.pk), sensitive),
        Record(Person, people, sensitive),
        Record(Secondment, sent, sensitive),
        *(Record(model, records_of(model, branch), sensitive) for model in hanging() if model not in LEFT_OUT),
    ]
    yield from sorted(found, key=lambda record: record.path)


def _columns(field: "Field[Any, Any]") -> list[Column]:
    name = field.name
    if isinstance(field, ForeignKey):
        return _reference(field)
    if isinstance(field, DateTimeRangeField):
        return [Column(f"{name}_from", name, _beginning), Column(f"{name}_to", name, _end)]
    if isinstance(field, DateRangeField):
        return [Column(f"{name}_first_day", name, _first_day), Column(f"{name}_last_day", name, _last_day)]
    return [Column(name, name, _json if isinstance(field, JSONField | ArrayField) else _plain)]


def _reference(field: "ForeignKey[Any, Any]") -> list[Column]:
    """Return the identifier of what a key refers to, and its name where it has one."""
    related: Any = field.related_model
    known = {each.name for each in related._meta.concrete_fields}
    found = [Column(field.name, f"{field.name}__public_id" if "public_id" in known else field.name, _plain)]
    if label := next((each for each in _NAMES if each in known), None):
        found.append(Column(f"{field.name}_{label}", f"{field.name}__{label}", _plain))
    return found


def _beginning(value: Any) -> str | None:
    return _moment(value.lower) if value else None


def _end(value: Any) -> str | None:
    return _moment(value.upper) if value else None


def _first_day(value: Any) -> date | None:
    first: date | None = value.lower if value else None
    return first


def _last_day(value: Any) -> date | None:
    return value.upper - timedelta(days=1) if value and value.upper else None


def _plain(value: Any) -> Cell:
    if isinstance(value, datetime):
        return _moment(value)
    return value if value is None or (isinstance(value, str | int | date) and not isinstance(value, bool)) else str(value)


def _moment(value: datetime | None) -> str | None:
    return timezone.localtime(value).isoformat() if value else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _cell(column: Column, value: Any) -> Cell:
    return guarded(column.write(value))


def _line(values: Sequence[Cell]) -> str:
    line = StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()
