"""JSON read with its faults noted by path, so that a person who mends the file sees all of them at once."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

T = TypeVar("T")

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}", re.ASCII)
# A control character, among them NUL, which PostgreSQL cannot store, or half a character.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# Totals begin here, and a time of day in the year 1 cannot be converted.
EARLIEST = date(1900, 1, 1)
# What PostgreSQL's integer holds.
LARGEST_COUNT = 2_147_483_647


@dataclass(frozen=True)
class Problem:
    """One fault of a file: where, as in `facts[3].unit`, and a sentence."""

    path: str
    message: str | Promise

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else str(self.message)


class CaseFileError(Exception):
    """A file that is refused, with every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class _Object(dict[str, Any]):
    """A JSON object that remembers keys written twice: `json` keeps the last and says nothing."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [key for key, times in Counter(key for key, _value in pairs).items() if times > 1]


class _NotANumber:
    """NaN or Infinity, which Python reads and JSON does not have."""


def parse(data: bytes) -> object:
    """Read JSON; numbers with a point become Decimal, so that no digit is lost.

    Raises:
        CaseFileError: it is no JSON.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_Object, parse_float=Decimal, parse_constant=lambda _name: _NotANumber())
    except UnicodeDecodeError as error:
        raise CaseFileError([Problem("", _("Byte %(place)d is not UTF-8.") % {"place": error.start})]) from None
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno, "fault": error.msg}
        raise CaseFileError([Problem("", _("Line %(line)d, column %(column)d is not JSON: %(fault)s.") % place)]) from None
    except (RecursionError, ValueError, ArithmeticError):  # brackets without end, or an integer of thousands of digits
        raise CaseFileError([Problem("", _("This is not the JSON of a case: it nests too deep, or a number is endless."))]) from None


@dataclass
class Node:
    """A JSON object under its path. Each reader returns an empty value, and has noted a problem, when the key is absent or wrong."""

    problems: list[Problem]
    path: str
    data: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, problems: list[Problem], path: str, value: object, required: Collection[str], optional: Collection[str]) -> "Node":
        """Take `value` as an object with these keys; note what is missing, unknown or written twice."""
        node = cls(problems, path)
        if not isinstance(value, _Object):
            node.note("", _("This must be an object, in braces."))
            return node
        node.data = value
        for key in value.repeated:
            node.note(key, _("This key stands here twice."))
        for key in value:
            if key not in required and key not in optional:
                node.note(key, _("This key is unknown."))
        for key in required:
            if key not in value:
                node.note(key, _("This key is missing."))
        return node

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return ".".join(part for part in (self.path, key) if part)

    def note(self, key: str, message: str | Promise) -> None:
        """Note a problem at a key, or with the whole object."""
        self.problems.append(Problem(self.at(key), message))

    def has(self, key: str) -> bool:
        """Say whether the key is there."""
        return key in self.data

    def text(self, key: str, limit: int | None = None) -> str:
        """Read a text that is not blank, of at most `limit` characters."""
        return self._taken(key, lambda value: self._text(key, value, limit), "")

    def choice(self, key: str, values: Collection[str], default: str = "") -> str:
        """Read one of some words; `default` when there is none."""

        def read(value: object) -> str:
            if isinstance(value, str) and value in values:
                return value
            self.note(key, _("“%(value)s” is not one of: %(values)s.") % {"value": value, "values": ", ".join(values)})
            return default

        return self._taken(key, read, default)

    def flag(self, key: str) -> bool:
        """Read true or false; false when absent."""

        def read(value: object) -> bool:
            if not isinstance(value, bool):
                self.note(key, _("This must be true or false."))
            return value is True

        return self._taken(key, read, False)

    def count(self, key: str) -> int | None:
        """Read a whole number from 0."""

        def read(value: object) -> int | None:
            if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
                return value
            self.note(key, _("This must be a whole number from 0 to 2,147,483,647."))
            return None

        return self._taken(key, read, None)

    def number(self, key: str) -> Decimal | None:
        """Read a number; its bounds are the caller's to judge."""

        def read(value: object) -> Decimal | None:
            if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
                return Decimal(value)
            self.note(key, _("This must be a number, without quotation marks."))
            return None

        return self._taken(key, read, None)

    def day(self, key: str) -> date | None:
        """Read a date, as in 2020-03-05."""

        def read(value: object) -> date | None:
            if not isinstance(value, str) or not _DATE.fullmatch(value):
                self.note(key, _("This must be a date such as 2020-03-05."))
                return None
            try:
                day = date.fromisoformat(value)
            except ValueError:
                self.note(key, _("There is no day %(value)s.") % {"value": value})
                return None
            if day < EARLIEST:
                self.note(key, _("Days lie after 1900."))
                return None
            return day

        return self._taken(key, read, None)

    def time_of_day(self, key: str) -> time | None:
        """Read a time of day, as in 19:30."""

        def read(value: object) -> time | None:
            try:
                if isinstance(value, str) and _TIME.fullmatch(value):
                    return time.fromisoformat(value)
            except ValueError:
                pass
            self.note(key, _("This must be a time of day such as 19:30."))
            return None

        return self._taken(key, read, None)

    def reference(self, key: str, known: Collection[str], *, nullable: bool = False) -> str | None:
        """Read the key of a row elsewhere in the file; None where null is allowed and given, or when wrong."""

        def read(value: object) -> str | None:
            return None if value is None and nullable else self._known(key, value, known)

        return self._taken(key, read, None)

    def references(self, key: str, known: Collection[str]) -> tuple[str, ...]:
        """Read a list of keys of rows elsewhere, each once."""
        found: list[str] = []
        for place, value in self.items(key):
            name = self._known(place, value, known)
            if name is not None and name in found:
                self.note(place, _("“%(value)s” stands in this list twice.") % {"value": name})
            elif name is not None:
                found.append(name)
        return tuple(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of texts."""
        return tuple(self._text(place, value, None) for place, value in self.items(key))

    def nodes(self, key: str, required: Collection[str], optional: Collection[str]) -> list["Node"]:
        """Read a list of objects."""
        return [Node.read(self.problems, self.at(place), value, required, optional) for place, value in self.items(key)]

    def items(self, key: str) -> Iterator[tuple[str, object]]:
        """Return the items of a list with their places, as in `covers[0]`."""
        value = self.data.get(key, [])
        if not isinstance(value, list):
            self.note(key, _("This must be a list, in square brackets."))
            return
        for index, item in enumerate(value):
            yield f"{key}[{index}]", item

    def _taken(self, key: str, read: Callable[[Any], T], absent: T) -> T:
        return read(self.data[key]) if key in self.data else absent

    def _text(self, key: str, value: object, limit: int | None) -> str:
        if not isinstance(value, str):
            self.note(key, _("This must be a text, in quotation marks."))
            return ""
        if not value.strip():
            self.note(key, _("This text is empty."))
        elif _UNFIT.search(value):
            self.note(key, _("This text holds a character that cannot be stored."))
        elif limit is not None and len(value) > limit:
            self.note(key, _("This text has %(length)d characters; %(limit)d are allowed.") % {"length": len(value), "limit": limit})
        return value

    def _known(self, key: str, value: object, known: Collection[str]) -> str | None:
        if isinstance(value, str) and value in known:
            return value
        self.note(key, _("“%(value)s” is not a key in this file.") % {"value": value})
        return None
