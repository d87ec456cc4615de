"""What queries find, written by PostgreSQL as lines of csv or rows of a sheet."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from portal.foundation import clock
from portal.foundation.copying import copied
from portal.foundation.tables import cells

_CSV: Final = "FORMAT csv"
# A row of a sheet holds neither of these characters, nor an end of a line: so nothing of it is quoted.
_AS_IT_IS: Final = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01'"


class Kind(Enum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    # To the microsecond, in the portal's time zone, as text: a sheet knows neither.
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a listing.

    Attributes:
        title: its heading. source: the field or annotation of the rows that it shows. names: what is written for each value that has a name.
    """

    title: str
    source: str
    kind: Kind = Kind.TEXT
    names: Mapping[Any, str] | None = None


@dataclass(frozen=True)
class Listing:
    """Rows of queries, as a table.

    Attributes:
        parts: the queries; no row is in two of them. order: the fields by which the rows are sorted, the highest first.
    """

    columns: Sequence[Column]
    parts: "Sequence[QuerySet[Any, Any]]"
    order: Sequence[str]

    @property
    def header(self) -> list[str]:
        """The headings."""
        return [column.title for column in self.columns]

    def lines(self) -> Iterator[bytes]:
        """Yield lines of csv, in pieces of any length."""
        written: dict[Kind, Callable[[str], str]] = {Kind.TEXT: cells.guarded_sql, Kind.NUMBER: cells.number_sql, Kind.DAY: str, Kind.MOMENT: clock.moment_sql}
        values = [held if column.names is not None else written[column.kind](held) for held, column in self._held]
        return self._copied(f"SELECT {', '.join(values)} FROM found", _CSV, lambda name: str(cells.guarded(name)))  # noqa: S608 - fields and numbers, here and below

    def rows(self, at_most: int) -> Iterator[bytes]:
        """Yield rows of sheets, each a line, in pieces of any length; after `at_most` rows another sheet begins."""
        written = {Kind.TEXT: cells.text_cell_sql, Kind.NUMBER: cells.number_cell_sql, Kind.DAY: cells.day_cell_sql, Kind.MOMENT: cells.moment_cell_sql}
        placed = [(cells.xml_cell_sql if column.names is not None else written[column.kind])(at, held) for at, (held, column) in enumerate(self._held)]
        # The headings are row 1.
        numbered = f"SELECT (mod(row_number() OVER () - 1, {at_most}) + 2)::text AS row, found.* FROM found"  # noqa: S608
        row = f"""SELECT concat('<row r="', row, '">', {", ".join(placed)}, '</row>') FROM ({numbered}) AS numbered"""  # noqa: S608
        return self._copied(row, _AS_IT_IS, lambda name: cells.xml_of(str(cells.guarded(name))))

    @cached_property
    def _sources(self) -> list[str]:
        return list(dict.fromkeys([*self.order, *(column.source for column in self.columns)]))

    @property
    def _held(self) -> list[tuple[str, Column]]:
        """The columns, each with where `found` holds it."""
        return [(self._place(at, column), column) for at, column in enumerate(self.columns)]

    def _place(self, at: int, column: Column) -> str:
        """Return `c0` for the value of the first source, `n0` for the name that the first column shows of one."""
        if column.names is None:
            return f"c{self._sources.index(column.source)}"
        return f"n{at}" if column.names else "NULL::text"

    def _copied(self, selected: str, options: str, written: Callable[[str], str]) -> Iterator[bytes]:
        parts, params = self._parts()
        if not parts:
            return iter(())
        joined, names = self._names(written)
        called = ", ".join(f"c{at}" for at in range(len(self._sources)))
        order = ", ".join(f"c{self._sources.index(field)} DESC" for field in self.order)
        # Sorted as values, which are short, and written out afterwards.
        found = f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS part({called}){joined} ORDER BY {order}"  # noqa: S608
        return copied(f"COPY (WITH found AS ({found}) {selected}) TO STDOUT ({options})", [*params, *names])

    def _parts(self) -> tuple[list[str], list[Any]]:
        """Return the queries with their parameters, without those of which it is plain that they find nothing."""
        parts, params = list[str](), list[Any]()
        for part in self.parts:
            with suppress(EmptyResultSet):
                statement, given = part.order_by().values_list(*self._sources).query.sql_with_params()
                parts.append(f"({statement})")
                params += given
        return parts, params

    def _names(self, written: Callable[[str], str]) -> tuple[str, list[Any]]:
        """Return the tables of names, as joins: in SQL a name is looked up once a row, and guarded once."""
        joined, params = "", list[Any]()
        for at, column in enumerate(self.columns):
            if column.names:
                rows = ", ".join(["(%s, %s)"] * len(column.names))
                joined += f" LEFT JOIN (VALUES {rows}) AS names{at}(key{at}, n{at}) ON key{at} = c{self._sources.index(column.source)}"
                params += [each for key, name in column.names.items() for each in (key, written(name))]
        return joined, params
