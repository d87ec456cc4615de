"""The history of rows in words: which kind of thing, which of its fields, what stood there before and what after."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import CharField, F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, Region, WorkUnit
from portal.accounts.models import User
from portal.foundation.models import RowChange
from portal.pages.audit_words import kinds
from portal.pages.operations import KINDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

HELD: Final = "•••"
# What leads to one of these is shown by its name; of persons and reports the log tells only which.
_NAMED: Final[Mapping[type[models.Model], Any]] = {
    Branch: F("name"),
    Region: F("name"),
    WorkUnit: F("name"),
    User: Coalesce(NullIf(F("name"), Value("")), F("username")),
}
_MEANS: Final[Mapping[str, "StrOrPromise"]] = {
    "web": _("on a page"),
    "api": _("through the API"),
    "job": _("by a job"),
    "command": _("by a command"),
    "sql": _("past the portal, as"),
    "start": _("as the portal started"),
}
# Columns that say nothing to a reader.
_MACHINE: Final = frozenset({"id", "public_id", "name_key", "search"})
# Tables of others, whose models have no words for a reader, or none in Chinese.
_TABLES: Final[Mapping[str, "StrOrPromise"]] = {"knox_authtoken": _("API token")}
_COLUMNS: Final[Mapping[tuple[str, str], "StrOrPromise"]] = {
    ("knox_authtoken", "digest"): _("digest of the token"),
    ("knox_authtoken", "token_key"): _("first letters of the token"),
    ("knox_authtoken", "user_id"): _("user"),
    ("knox_authtoken", "created"): _("made at"),
    ("knox_authtoken", "expiry"): _("expires at"),
    ("django_content_type", "app_label"): _("part of the portal"),
    ("django_content_type", "model"): _("Kind of object"),
}
# No word of any language but a name for machines: a hash, an identifier, a type of files, a sign-in.
_CODE: Final = re.compile(r"(?=.*[A-Za-z])[!-~]+")
_SPAN: Final = re.compile(r"\[(\d{4}-\d\d-\d\d),(\d{4}-\d\d-\d\d)?\)")

Names = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Told:
    """What stood in a field.

    Attributes:
        code: whether the words are none, but a name for machines, to be shown letter for letter.
        whole: all of what the words only count, laid out as JSON; else empty.
    """

    words: str
    code: bool = False
    whole: str = ""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with what stood in it before and after; None where nothing did."""

    name: str
    before: Told | None
    after: Told | None


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A line of the history in words; `by` is the command or the role of the database that acted, where one did."""

    row: RowChange
    kind: str
    means: str
    by: str
    fields: Sequence[FieldChange]


def tables() -> dict[str, str]:
    """Return what the tables with a history hold, by their names, in the reader's language."""
    return {name: str(_TABLES.get(name) or _joined(model) or model._meta.verbose_name) for name, model in _models().items()}


def lines_of(rows: Iterable[RowChange]) -> list[ChangeLine]:
    """Return lines in words; one query for the names in them."""
    held = list(rows)
    named, known = _names_in(held), tables()
    return [ChangeLine(row, known.get(row.table, row.table), *means_in_words(row.means), _fields(row, named)) for row in held]


def means_in_words(means: str) -> tuple[str, str]:
    """Return by what means something was done, and by which command or role: a name that is no word."""
    how, _colon, which = means.partition(":")
    words = str(_MEANS.get(how, how))
    if how == "job" and which in KINDS:
        return f"{words}{gettext(': ')}{KINDS[which]}", ""
    return words, which


def _fields(row: RowChange, named: Names) -> list[FieldChange]:
    if row.digest:
        return []
    before: dict[str, Any] = row.before or {}
    after: dict[str, Any] = row.after or {}
    columns = _columns(row.table)
    shown = [name for name in dict.fromkeys([*columns, *before, *after]) if (name in before or name in after) and name not in _MACHINE]
    found = []
    for name in shown:
        field = columns.get(name)
        pair = [_value(field, part.get(name), named) for part in (before, after)]
        # Of a row that is new or gone, what it held; nothing of what it did not.
        if row.operation == "U" or any(pair):
            found.append(FieldChange(_name_of(field, row.table, name), pair[0], pair[1]))
    return found


def _name_of(field: "models.Field[Any, Any] | None", table: str, column: str) -> str:
    # The columns of a table that joins two others are called as what they lead to.
    if isinstance(field, models.ForeignKey) and field.model._meta.auto_created:
        return str(_leads_to(field)._meta.verbose_name)
    return str(_COLUMNS.get((table, column)) or getattr(field, "verbose_name", column))


def _value(field: "models.Field[Any, Any] | None", value: Any, named: Names) -> Told | None:
    if value in (None, "", [], {}):
        return None
    if isinstance(value, (dict, list)):
        return _collection(value)
    if isinstance(field, models.ForeignKey):
        name = named.get((_leads_to(field)._meta.label, str(value)))
        return Told(name) if name else _text(str(value))
    words = _words(field, value)
    return Told(words) if words is not None else _text(str(value))


def _words(field: "models.Field[Any, Any] | None", value: Any) -> str | None:
    """Return what a value says where it is not written as it stands; else None."""
    if value == HELD:
        return gettext("something (not kept)")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if field is not None and field.choices:
        said = dict(field.flatchoices).get(value)
        return None if said is None else str(said)
    if isinstance(field, models.DateTimeField):
        moment = timezone.localtime(datetime.fromisoformat(value))
        return f"{date_format(moment, 'SHORT_DATE_FORMAT')} {moment:%H:%M:%S}"
    if isinstance(field, models.DateField):
        return _day(value)
    if isinstance(field, DateRangeField):
        return _span(value)
    # Models that are about objects of several kinds keep the kind as its name.
    return kinds().get(value) if field is not None and field.name == "model" else None


def _span(value: str) -> str | None:
    """Return days from first to last as the database writes them, the day after the last being the end: [2020-02-01,2020-03-07)."""
    found = _SPAN.fullmatch(value)
    if not found:
        return None
    first, end = found.groups()
    if not end:
        return gettext("from %(first)s on") % {"first": _day(first)}
    last = date.fromisoformat(end) - timedelta(days=1)
    return gettext("%(first)s to %(last)s") % {"first": _day(first), "last": _day(last.isoformat())}


def _day(value: str) -> str:
    return date_format(date.fromisoformat(value), "DATE_FORMAT")


def _collection(held: dict[str, Any] | list[Any]) -> Told:
    """Count what a field of JSON holds, to be unfolded; a list of plain texts is told at once."""
    if isinstance(held, list) and all(isinstance(each, str) for each in held):
        return _text(gettext("; ").join(held))
    words = ngettext("%(number)s entry", "%(number)s entries", len(held)) % {"number": len(held)}
    return Told(words, whole=json.dumps(held, ensure_ascii=False, indent=2))


def _text(text: str) -> Told:
    return Told(text, code=_CODE.fullmatch(text) is not None)


def _names_in(rows: Iterable[RowChange]) -> dict[tuple[str, str], str]:
    wanted: dict[type[models.Model], set[int]] = {model: set() for model in _NAMED}
    for row in rows:
        columns = _columns(row.table)
        for part in (row.before or {}, row.after or {}):
            for name, value in part.items():
                field = columns.get(name)
                if isinstance(field, models.ForeignKey) and _leads_to(field) in wanted and isinstance(value, int):
                    wanted[_leads_to(field)].add(value)
    asked = [
        model._default_manager.filter(pk__in=keys).order_by().values_list(Value(model._meta.label, CharField()), "pk", _NAMED[model])
        for model, keys in wanted.items()
        if keys
    ]
    if not asked:
        return {}
    found = asked[0].union(*asked[1:], all=True) if asked[1:] else asked[0]
    return {(label, str(key)): name for label, key, name in found}


def _leads_to(field: "models.ForeignKey[Any, Any]") -> type[models.Model]:
    model: type[models.Model] = field.remote_field.model
    return model


def _joined(model: type[models.Model]) -> str:
    """Return what a table joins that Django made for a field: whose field, and which; empty for a table of a model."""
    owner: Any = model._meta.auto_created
    held = [field for field in owner._meta.local_many_to_many if field.remote_field.through is model] if owner else []
    return f"{owner._meta.verbose_name}{gettext(': ')}{held[0].verbose_name}" if held else ""


def _columns(table: str) -> "Mapping[str, models.Field[Any, Any]]":
    model = _models().get(table)
    return {field.column: field for field in model._meta.concrete_fields} if model else {}


def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy}
