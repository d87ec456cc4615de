"""The change log: schema operations that have a table write to it, and how far it may be read."""

from django.db.migrations import RunSQL
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

# Transaction ids are given out per cluster, not per database. A running transaction delays the readers unless it is known to write elsewhere:
# in another database of the cluster, or in an autovacuum worker. One that is known to nobody any more (it ended meanwhile, or is prepared) delays.
_SETTLED_BEFORE = """(
    SELECT coalesce(min(running::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
      FROM pg_snapshot_xip(pg_current_snapshot()) AS running
     WHERE NOT EXISTS (
           SELECT FROM pg_stat_activity
            WHERE backend_xid = running::xid
              AND (datid IS DISTINCT FROM (SELECT oid FROM pg_database WHERE datname = current_database()) OR backend_type = 'autovacuum worker')
           )
)"""


def settled_before() -> RawSQL:
    """Return the revision below which the log is complete: every transaction of this database with a smaller id has ended.

    Those that still run may commit below what a reader would have passed. Evaluated in the snapshot of the statement that reads the log.
    """
    return RawSQL(_SETTLED_BEFORE, [], output_field=BigIntegerField())  # noqa: S611  # A constant of this module.


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
