"""The epoch of a database: it changes when a backup is restored, and what was read before is no place to go on from.

Two constants stand in the database as functions, so that they are dumped with it, cost nothing in triggers, and no application changes them by a row.
"""

from django.db import connection


class EpochOverError(Exception):
    """A place in a list was given out before a backup was restored."""


def current() -> str:
    """Return the name of the epoch: a few letters and digits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT foundation_epoch()")
        found: str = cursor.fetchone()[0]
        return found


def define(*, epoch: str, counted_elsewhere: int) -> str:
    """Return the SQL that sets both constants.

    Args:
        epoch: letters and digits.
        counted_elsewhere: transactions counted by the servers that held this data before; added to the number of each transaction.

    Raises:
        ValueError: `epoch` holds something else.
    """
    if not epoch.isalnum():
        raise ValueError(epoch)
    return (
        f"CREATE OR REPLACE FUNCTION foundation_epoch() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''{epoch}''::text';\n"
        f"CREATE OR REPLACE FUNCTION foundation_counted_elsewhere() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT {counted_elsewhere:d}::bigint';"
    )
