"""Which statements take the most time, by their shape: PostgreSQL counts them and leaves their values out."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg2
from django.conf import settings
from django.db import connection

from portal.embedded import socket_dir

SHOWN: Final = 10
_LONGEST: Final = 400
# Of our own role alone: what others run is not ours to read, and PostgreSQL would not show it.
_ASKED: Final = """
    SELECT query, calls, mean_exec_time, max_exec_time, total_exec_time FROM pg_stat_statements
    WHERE userid = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND dbid = (SELECT oid FROM pg_database WHERE datname = %s)
    ORDER BY total_exec_time DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement with `$1` in place of its values; times in milliseconds."""

    text: str
    calls: int
    mean: float
    longest: float
    total: float

    @property
    def seconds(self) -> float:
        """The time it took in all, in seconds."""
        return self.total / 1000


def slowest() -> list[Shape] | None:
    """Return the statements that took most time in all since the server counts; None where it does not count."""
    name = connection.settings_dict["NAME"]
    try:
        with _statistics() as cursor:
            cursor.execute("SELECT to_regclass('pg_stat_statements')")
            if cursor.fetchone()[0] is None:
                return None
            cursor.execute(_ASKED, [name, SHOWN])
            return [Shape(" ".join(row[0].split())[:_LONGEST], *row[1:]) for row in cursor.fetchall()]
    except psycopg2.Error:  # counted only after a restart of the server, or not to be read by us
        return None


@contextmanager
def _statistics() -> Iterator[Any]:
    """Yield a cursor where the counts are: the embedded server keeps them in a database of its own, others where their keeper made the extension."""
    own: dict[str, Any] = connection.settings_dict
    database = "postgres" if own["HOST"] == str(socket_dir(settings.DATA_DIR)) else own["NAME"]
    given = {"host": own["HOST"], "port": own["PORT"], "user": own["USER"], "password": own["PASSWORD"]}
    with closing(psycopg2.connect(dbname=database, connect_timeout=2, **{name: value for name, value in given.items() if value})) as found:
        found.set_session(readonly=True, autocommit=True)
        with found.cursor() as cursor:
            yield cursor
