"""The audit log is append-only, and the change log is written by triggers."""

from django.db import migrations

# A trigger rather than a missing privilege: it also holds where one role owns and uses the database.
AUDIT = """
CREATE FUNCTION foundation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON foundation_auditentry
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('audit_is_append_only');
CREATE TRIGGER audit_is_never_emptied BEFORE TRUNCATE ON foundation_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('audit_is_append_only');
"""

CHANGES = """
CREATE FUNCTION foundation_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO foundation_change (revision, at, model, object_id, operation)
        SELECT pg_current_xact_id()::text::bigint, now(), TG_ARGV[0], public_id, 'D' FROM removed;
    ELSE
        INSERT INTO foundation_change (revision, at, model, object_id, operation)
        SELECT pg_current_xact_id()::text::bigint, now(), TG_ARGV[0], public_id, left(TG_OP, 1) FROM written;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]

    operations = [
        migrations.RunSQL(
            AUDIT,
            "DROP TRIGGER audit_is_never_emptied ON foundation_auditentry; DROP TRIGGER audit_is_append_only ON foundation_auditentry;"
            "DROP FUNCTION foundation_refuse_change;",
        ),
        migrations.RunSQL(CHANGES, "DROP FUNCTION foundation_record_change;"),
    ]
