"""Two roles of the database: the owner of the tables migrates them, and the application may only use them.

`settings.DATABASES` is the application's; `settings.DATABASE_OWNER` holds what differs in the owner's, or None where nobody told it apart.
What the application's role may is said here and set after each migration: docs/decisions/audit.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import connection
from psycopg2 import sql

# Tables that the application only adds to, and those that it only reads: triggers and migrations write them.
ADDED_TO: Final = ("foundation_auditentry", "foundation_dayseal", "foundation_sealedblock", "foundation_auditarchive", "retention_certificate")
READ: Final = ("django_migrations", "foundation_rowchange")
# What writes the history, for its owner: with these as a trigger on a table of one's own, lines could be written of tables that nobody touched.
OF_TRIGGERS: Final = ("foundation_row_changed()", "foundation_rows_added()")

_OWNED: Final = """
    SELECT role.rolsuper OR pg_has_role(current_user, relation.relowner, 'MEMBER')
    FROM pg_roles role, pg_class relation WHERE role.rolname = current_user AND relation.oid = to_regclass('foundation_auditentry')
"""


@contextmanager
def as_owner() -> Iterator[None]:
    """Use the database as the owner of its tables, outside of any transaction; as whoever we are where the owner is not told apart."""
    mine: dict[str, Any] = connection.settings_dict
    owner: dict[str, Any] = settings.DATABASE_OWNER or {}
    if all(mine.get(name) == value for name, value in owner.items()):
        yield
        return
    connection.close()
    connection.settings_dict = mine | owner
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = mine


def current_role() -> str:
    """Return as whom the database knows us."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def may_change_tables() -> bool:
    """Tell whether our role owns the tables, or may act as whoever does: then no missing privilege keeps it from the audit log."""
    with connection.cursor() as cursor:
        cursor.execute(_OWNED)
        row = cursor.fetchone()
    return bool(row and row[0])


def let_use(role: str) -> None:
    """Let `role` use the tables as the application has to, and no further; called as their owner, in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')")
        there = {name for (name,) in cursor.fetchall()}
        for statement, tables in (
            ("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}", None),
            ("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}", None),
            ("REVOKE UPDATE, DELETE ON {table} FROM {role}", ADDED_TO),
            ("REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}", READ),
            ("REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}", None),
            ("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}", None),
        ):
            for table in [name for name in tables if name in there] if tables is not None else [""]:
                cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role), table=sql.Identifier(table or " ")))
        # Here and not in a migration: a restore leaves privileges behind.
        for function in OF_TRIGGERS:
            cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [function])
            if cursor.fetchone()[0]:
                cursor.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC, {}").format(sql.SQL(function), sql.Identifier(role)))
