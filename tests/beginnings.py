"""What nearly every test begins with, built once by services and triggers in each worker, and stored again as the very same rows.

Building a city and the catalogue takes some ninety statements, a third of the time of a quick test; storing the rows again takes one.
"""

import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg2 import sql


@dataclass(frozen=True)
class Beginning:
    """Rows of any tables, and what the tests are given: `statement` stores the rows, `given` holds the objects, pickled."""

    statement: str
    given: bytes

    def again(self) -> Any:
        """Store the rows, and return the objects anew. No trigger fires: what triggers wrote is among the rows."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self.statement)
        return pickle.loads(self.given)  # noqa: S301 - pickled by ourselves, in this process


def built(build: Callable[[], Any]) -> Beginning:
    """Build in a transaction, and return what came of it. Whatever is there already may be named by the new rows, and stays as it is."""
    before = _rows()
    given = build()
    connection.check_constraints()
    after = _rows()
    assert not [table for table, rows in before.items() if rows - after[table]], "a row that was there was changed"
    added = {table: rows - before[table] for table, rows in after.items() if rows != before[table]}
    assert added
    inserts = [f"INSERT INTO {table} ({_columns(table)}) VALUES {', '.join(sorted(rows))};" for table, rows in added.items()]
    replica = "SET LOCAL session_replication_role = {};"
    return Beginning("\n".join([replica.format("replica"), *inserts, replica.format("origin")]), pickle.dumps(given))


def stored() -> dict[str, int]:
    """Return how many rows there are, by table."""
    return {table: rows.total() for table, rows in _rows().items() if rows}


def _rows() -> dict[str, Counter[str]]:
    """Return the rows of every table as they are written in an INSERT; several may be alike where there is no key."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            literals = " || ', ' || ".join(f"quote_nullable({name})" for name in _columns(table).split(", "))
            cursor.execute(f"SELECT '(' || {literals} || ')' FROM {table}")
            found[table] = Counter(text for (text,) in cursor.fetchall())
    return found


def _columns(table: str) -> str:
    """Return the columns that are stored and not computed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum", [table]
        )
        return ", ".join(sql.Identifier(name).as_string(cursor.cursor) for (name,) in cursor.fetchall())
