"""The change log: schema operations that have a table write to it, and how far it may be read."""

from django.db import connection
from django.db.migrations import RunSQL


def settled_before() -> int:
    """Return the revision below which the log is complete: every transaction of this database with a smaller id has ended.

    Those that still run may commit below what a reader would have passed. Ask before the statement that reads the log, never inside it: what
    had ended then is seen by every later statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT foundation_settled_before()")
        horizon: int = cursor.fetchone()[0]
        return horizon


def records_changes(table: str, model: str) -> RunSQL:
    """Return the migration operation that logs each insert, update and delete of `table` as a change of `model`."""
    create = f"""
    CREATE TRIGGER log_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION foundation_record_change('{model}');
    CREATE TRIGGER log_update AFTER UPDATE ON {table} REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION foundation_record_change('{model}');
    CREATE TRIGGER log_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION foundation_record_change('{model}');
    """
    return RunSQL(create, f"DROP TRIGGER log_insert ON {table}; DROP TRIGGER log_update ON {table}; DROP TRIGGER log_delete ON {table};")
