"""Transactions are numbered on and on, also when a backup is restored on a server that counts from the beginning; and what was before has another epoch."""

from django.db import migrations

from portal.foundation.epochs import define

# A number of a transaction is kept: in the change log, on versions, with frozen figures. A server counts its own transactions, and one that is newly made
# counts from the beginning, so a restore adds what had been counted elsewhere. It stands in a function without a table: PostgreSQL puts the constant in its place.
NUMBERS = """
CREATE FUNCTION foundation_transaction() RETURNS bigint LANGUAGE sql STABLE AS
    'SELECT pg_current_xact_id()::text::bigint + foundation_counted_elsewhere()';
-- What is visible now, as pg_current_snapshot() says it, in these numbers.
CREATE FUNCTION foundation_snapshot() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws(':',
        pg_snapshot_xmin(now_seen)::text::bigint + foundation_counted_elsewhere(),
        pg_snapshot_xmax(now_seen)::text::bigint + foundation_counted_elsewhere(),
        (SELECT coalesce(string_agg((running::text::bigint + foundation_counted_elsewhere())::text, ',' ORDER BY running), '') FROM pg_snapshot_xip(now_seen) AS running))
    FROM pg_current_snapshot() AS now_seen
$$;
ALTER FUNCTION foundation_settled_before() RENAME TO foundation_settled_here_before;
CREATE FUNCTION foundation_settled_before() RETURNS bigint LANGUAGE sql AS
    'SELECT foundation_settled_here_before() + foundation_counted_elsewhere()';
"""
NO_NUMBERS = """
DROP FUNCTION foundation_settled_before();
ALTER FUNCTION foundation_settled_here_before() RENAME TO foundation_settled_before;
DROP FUNCTION foundation_snapshot();
DROP FUNCTION foundation_transaction();
DROP FUNCTION foundation_counted_elsewhere();
DROP FUNCTION foundation_epoch();
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0008_event_log")]

    operations = [
        migrations.RunSQL(define(epoch="0", counted_elsewhere=0), migrations.RunSQL.noop),
        migrations.RunSQL(NUMBERS, NO_NUMBERS),
    ]
