"""How far the change log is complete."""

from django.db import migrations

# Transaction ids are given out per cluster, not per database. A running transaction delays the readers unless it is known to write elsewhere: in another
# database of the cluster, or in an autovacuum worker. One that ended after the snapshot was taken is known to nobody any more, and in the next snapshot
# it does not run: so the function looks again. One that is prepared stays unknown, and delays.
SETTLED = """
CREATE FUNCTION foundation_settled_before() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    horizon bigint;
    unknown boolean;
BEGIN
    FOR attempt IN 1..20 LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT coalesce(min(running::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint), coalesce(bool_or(activity.pid IS NULL), false)
            INTO horizon, unknown
        FROM pg_snapshot_xip(pg_current_snapshot()) AS running
        LEFT JOIN pg_stat_activity activity ON activity.backend_xid = running::xid
        WHERE activity.pid IS NULL
            OR (coalesce(activity.datid = (SELECT oid FROM pg_database WHERE datname = current_database()), true) AND activity.backend_type IS DISTINCT FROM 'autovacuum worker');
        EXIT WHEN NOT unknown;
    END LOOP;
    RETURN horizon;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0004_search")]

    operations = [migrations.RunSQL(SETTLED, "DROP FUNCTION foundation_settled_before()")]
