"""The rows behind a figure as a file, as one would write it down first: COPY of the fields as they are, and a workbook by openpyxl."""

from collections.abc import Iterator, Sequence
from typing import IO, Any, Final, cast

from django.db import connection, transaction
from openpyxl import Workbook

from activities.querysets import MeasureQuerySet

# Those of the file, with names in place of their codes only where a table has them.
_COLUMNS: Final = (
    "day",
    "entry__version__period_report__first_day",
    "branch__name",
    "metric__kind",
    "metric__name_zh",
    "metric__unit_zh",
    "value",
    "qualifier",
    "value_entered",
    "unit_text",
    "unit_entered__name_zh",
    "qualifier_text",
    "entry__version__number",
    "entry__version__state",
)


def bare_copy(parts: Sequence[MeasureQuerySet], file: IO[bytes]) -> None:
    """Have PostgreSQL write the rows into a file."""
    statement, params = _sorted(parts)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(cursor.mogrify(f"COPY ({statement}) TO STDOUT (FORMAT csv)", params), file)


def by_openpyxl(parts: Sequence[MeasureQuerySet], file: IO[bytes]) -> None:
    """Write a workbook row by row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows_of(parts):
        sheet.append(row)
    book.save(file)


def rows_of(parts: Sequence[MeasureQuerySet]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows by a cursor of the server, so that memory does not decide."""
    statement, params = _sorted(parts)
    connection.ensure_connection()
    with transaction.atomic(), cast("Any", connection.connection).cursor(name="rows") as cursor:
        cursor.itersize = 5_000
        cursor.execute(statement, params)
        yield from cursor


def _sorted(parts: Sequence[MeasureQuerySet]) -> tuple[str, list[Any]]:
    """Return the query: both sides find the same rows in the same way, so that only writing them differs."""
    found = [part.order_by().values_list("pk", *_COLUMNS).query.sql_with_params() for part in parts]
    named = ", ".join(f"c{number}" for number in range(len(_COLUMNS)))
    together = " UNION ALL ".join(f"({statement})" for statement, _params in found)
    statement = f"SELECT {named} FROM ({together}) AS found(pk, {named}) ORDER BY c0 DESC, pk DESC"  # noqa: S608 - names of fields
    return statement, [param for _statement, params in found for param in params]
