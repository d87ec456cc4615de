"""Filing as it would be if no totals were kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection

# Those that a filing fires; the others are of branches and the tree.
TRIGGERS: Final = (
    ("activities_measure", "measures_rolled"),
    ("activities_entry", "entries_rolled"),
    ("activities_reportversion", "versions_rolled"),
    ("activities_reportversion", "changed_versions_rolled"),
)


@contextmanager
def without_rollups() -> Iterator[None]:
    """Switch the triggers of the kept totals off; what is filed meanwhile is in none of them until they are rebuilt."""
    _each("DISABLE")
    try:
        yield
    finally:
        _each("ENABLE")


def _each(what: str) -> None:
    with connection.cursor() as cursor:
        for table, trigger in TRIGGERS:
            cursor.execute(f"ALTER TABLE {table} {what} TRIGGER {trigger}")
