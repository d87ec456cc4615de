"""Tables as csv."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Final

from portal.foundation.tables.cells import Cell, guarded, written
from portal.foundation.tables.listing import Listing
from portal.foundation.tables.sheets import Sheet

CSV: Final = "text/csv; charset=utf-8"
# Without it a spreadsheet reads Chinese as another encoding.
_MARK: Final = "\ufeff"
_END: Final = "\r\n"


def csv_of(table: Sheet) -> Iterator[bytes]:
    """Yield a table as csv."""
    yield (_MARK + _line(table.header)).encode()
    if isinstance(table.rows, Listing):
        yield from table.rows.lines()
    else:
        for row in table.rows:
            yield _line([written(guarded(value)) for value in row]).encode()


def _line(values: Sequence[Cell]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator=_END).writerow(values)
    # As PostgreSQL ends lines; the writer is told otherwise, because it quotes the characters that end its own lines alone.
    return line.getvalue().removesuffix(_END) + "\n"
