"""Schema operations that have a table write to the change log."""

from django.db.migrations import RunSQL


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
