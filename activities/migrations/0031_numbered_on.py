"""What is filed and changed is numbered on, also after a backup was restored: every trigger takes the number from one place."""

from typing import ClassVar

from django.db import migrations


def numbered_by(new: str, old: str) -> str:
    """Return the SQL by which the functions of our triggers call `new` where they called `old`."""
    return f"""
DO $rewrite$
DECLARE
    definition text;
BEGIN
    FOR definition IN
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype AND position('{old}' IN prosrc) > 0
    LOOP
        EXECUTE replace(definition, '{old}', '{new}');
    END LOOP;
END $rewrite$;
"""


SERVER = "pg_current_xact_id()::text::bigint"
OURS = "foundation_transaction()"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0030_inspection_words"), ("members", "0017_merit_after_the_branch"), ("foundation", "0009_epochs")]

    operations: ClassVar = [migrations.RunSQL(numbered_by(OURS, SERVER), numbered_by(SERVER, OURS))]
