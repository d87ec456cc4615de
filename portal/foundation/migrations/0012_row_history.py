"""The history of every row: its table, and the functions of the triggers that `portal/foundation/row_history.py` sets on every table."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# They act for the owner, so that the application can add nothing to the history but by changing rows.
FUNCTIONS = """
-- A row as it is kept: of hidden columns only whether they hold something.
CREATE FUNCTION foundation_shown(kept jsonb, hidden text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN kept ?| hidden THEN
        (SELECT jsonb_object_agg(key, CASE WHEN key = ANY (hidden) AND value NOT IN ('null', '""') THEN '"•••"' ELSE value END) FROM jsonb_each(kept))
    ELSE kept END
$$;

-- Arguments: the column that names a row, and the hidden columns, with commas between.
CREATE FUNCTION foundation_row_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    told text[] := string_to_array(nullif(current_setting('portal.acting', true), ''), '|');
    who bigint := nullif(told[1], '')::bigint;
    asked uuid := told[2]::uuid;
    -- Nobody told: whoever is signed in to the database itself.
    how text := coalesce(told[3], 'sql:' || session_user);
    hidden text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO foundation_rowchange (at, transaction, "table", operation, key, object_id, rows, after, digest, actor_id, request_id, means)
        SELECT clock_timestamp(), foundation_transaction(), TG_TABLE_NAME, 'I', row_now ->> TG_ARGV[0], (row_now ->> 'public_id')::uuid, 1,
            foundation_shown(row_now, hidden), '', who, asked, how
        FROM (SELECT to_jsonb(is_now) AS row_now FROM is_now OFFSET 0) AS added;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO foundation_rowchange (at, transaction, "table", operation, key, object_id, rows, before, digest, actor_id, request_id, means)
        SELECT clock_timestamp(), foundation_transaction(), TG_TABLE_NAME, 'D', row_was ->> TG_ARGV[0], (row_was ->> 'public_id')::uuid, 1,
            foundation_shown(row_was, hidden), '', who, asked, how
        FROM (SELECT to_jsonb(was) AS row_was FROM was OFFSET 0) AS removed;
    ELSIF TG_OP = 'UPDATE' THEN
        -- A row whose key changes is one that goes and one that comes.
        INSERT INTO foundation_rowchange (at, transaction, "table", operation, key, object_id, rows, before, after, digest, actor_id, request_id, means)
        SELECT clock_timestamp(), foundation_transaction(), TG_TABLE_NAME, CASE WHEN row_was IS NULL THEN 'I' WHEN row_now IS NULL THEN 'D' ELSE 'U' END,
            coalesce(new_key, old_key), (coalesce(row_now, row_was) ->> 'public_id')::uuid, 1,
            CASE WHEN row_now IS NULL THEN foundation_shown(row_was, hidden)
                ELSE (SELECT foundation_shown(jsonb_object_agg(key, value), hidden) FROM jsonb_each(row_was) WHERE value IS DISTINCT FROM row_now -> key) END,
            CASE WHEN row_was IS NULL THEN foundation_shown(row_now, hidden)
                ELSE (SELECT foundation_shown(jsonb_object_agg(key, value), hidden) FROM jsonb_each(row_now) WHERE value IS DISTINCT FROM row_was -> key) END,
            '', who, asked, how
        FROM (SELECT to_jsonb(was) ->> TG_ARGV[0] AS old_key, to_jsonb(was) AS row_was FROM was OFFSET 0) AS earlier
        FULL JOIN (SELECT to_jsonb(is_now) ->> TG_ARGV[0] AS new_key, to_jsonb(is_now) AS row_now FROM is_now OFFSET 0) AS later ON new_key = old_key
        WHERE row_was IS DISTINCT FROM row_now;
    ELSE
        INSERT INTO foundation_rowchange (at, transaction, "table", operation, key, rows, digest, actor_id, request_id, means)
        VALUES (clock_timestamp(), foundation_transaction(), TG_TABLE_NAME, 'T', '', 1, '', who, asked, how);
    END IF;
    RETURN NULL;
END $$;

-- One line for all rows of a statement. The digest is that of the digests of the rows, by key; a row is its columns that are not hidden, as JSON.
CREATE FUNCTION foundation_rows_added() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    told text[] := string_to_array(nullif(current_setting('portal.acting', true), ''), '|');
    hidden text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
    INSERT INTO foundation_rowchange (at, transaction, "table", operation, key, rows, after, digest, actor_id, request_id, means)
    SELECT clock_timestamp(), foundation_transaction(), TG_TABLE_NAME, 'I', range_agg(int8range(id, id + 1))::text, count(*),
        jsonb_build_object('columns', (SELECT jsonb_agg(key ORDER BY key) FROM (SELECT jsonb_object_keys(to_jsonb(one) - hidden) AS key FROM (SELECT * FROM is_now LIMIT 1) AS one) AS k)),
        encode(sha256(string_agg(sha256(convert_to((row_now - hidden)::text, 'UTF8')), '' ORDER BY id)), 'hex'),
        nullif(told[1], '')::bigint, told[2]::uuid, coalesce(told[3], 'sql:' || session_user)
    FROM (SELECT id, to_jsonb(is_now) AS row_now FROM is_now OFFSET 0) AS added
    HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON foundation_rowchange
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('history_is_append_only');
CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON foundation_rowchange
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('history_is_append_only');
"""
BACKWARD = """
DROP FUNCTION foundation_rows_added CASCADE;
DROP FUNCTION foundation_row_changed CASCADE;
DROP FUNCTION foundation_shown;
DROP TRIGGER history_is_never_emptied ON foundation_rowchange;
DROP TRIGGER history_is_append_only ON foundation_rowchange;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0011_heartbeat"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="RowChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("transaction", models.BigIntegerField(verbose_name="transaction")),
                ("table", models.CharField(max_length=63, verbose_name="table")),
                (
                    "operation",
                    models.CharField(
                        choices=[("I", "added"), ("U", "changed"), ("D", "removed"), ("T", "table emptied")], max_length=1, verbose_name="operation"
                    ),
                ),
                ("key", models.TextField(blank=True, verbose_name="row")),
                ("object_id", models.UUIDField(null=True, verbose_name="object")),
                ("rows", models.PositiveIntegerField(default=1, verbose_name="rows")),
                ("before", models.JSONField(null=True, verbose_name="before")),
                ("after", models.JSONField(null=True, verbose_name="after")),
                ("digest", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the rows")),
                ("request_id", models.UUIDField(null=True, verbose_name="request")),
                ("means", models.CharField(blank=True, max_length=80, verbose_name="by what means")),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a row",
                "verbose_name_plural": "changes of rows",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("object_id__isnull", False)), fields=["object_id", "id"], name="row_change_by_object"),
                    models.Index(fields=["actor", "id"], name="row_change_by_actor"),
                    django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["at"], name="row_change_by_time", pages_per_range=32),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, BACKWARD),
    ]
