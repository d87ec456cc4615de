"""Count the days of every rule in the portal's own time zone: after midnight there, `current_date` of a session in UTC is yesterday for eight hours."""

from typing import ClassVar

from django.db import migrations

# The functions as they stand, whichever migration wrote them last.
REWRITE = """
DO $$
DECLARE
    written text;
BEGIN
    FOR written IN SELECT pg_get_functiondef(pg_proc.oid) FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
        WHERE nspname = current_schema() AND prosrc ~* '\\m{before}\\M' LOOP
        EXECUTE regexp_replace(written, '\\m{before}\\M{call}', '{after}', 'gi');
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    """Write the functions anew."""

    dependencies: ClassVar = [
        ("retention", "0003_requests"),
        ("foundation", "0018_today"),
        ("branches", "0008_closed"),
        ("members", "0018_unnamed"),
        ("activities", "0032_point_files"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(
            REWRITE.format(before="current_date", call="", after="portal_today()"),
            REWRITE.format(before="portal_today", call=r"\(\)", after="current_date"),
        )
    ]
