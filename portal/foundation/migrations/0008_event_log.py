"""A row that changes only together with an event: the functions of the triggers that `event_log.changes_with_events` sets."""

from django.db import migrations

FUNCTIONS = """
-- Arguments: the rule, and the columns that stay as they were.
CREATE FUNCTION foundation_keep_columns() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    is_now jsonb := to_jsonb(NEW);
BEGIN
    FOR place IN 1 .. TG_NARGS - 1 LOOP
        IF was -> TG_ARGV[place] IS DISTINCT FROM is_now -> TG_ARGV[place] THEN
            RAISE EXCEPTION '% of % stays', TG_ARGV[place], TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

-- Argument: the rule.
CREATE FUNCTION foundation_refuse_silence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) <> to_jsonb(OLD) AND NEW.revision <= OLD.revision THEN
        RAISE EXCEPTION 'a change of % has an event', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $$;

-- Arguments: the rule, the table of the events, its column that leads to the row.
CREATE FUNCTION foundation_require_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE %I = $1 AND number = $2)', TG_ARGV[1], TG_ARGV[2]) INTO told USING NEW.id, NEW.revision;
    IF NOT told THEN
        RAISE EXCEPTION 'a change of % has an event', TG_TABLE_NAME USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0007_attachments_thrown_away")]

    operations = [
        migrations.RunSQL(FUNCTIONS, "DROP FUNCTION foundation_require_event; DROP FUNCTION foundation_refuse_silence; DROP FUNCTION foundation_keep_columns;"),
    ]
