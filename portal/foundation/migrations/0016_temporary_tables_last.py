"""Functions that act for the owner look into temporary tables last: unnamed, these come first, and anybody may make one that is called as ours are."""

from django.db import migrations

PATHS = {
    "foundation_row_changed()": "pg_catalog, public",
    "foundation_rows_added()": "pg_catalog, public",
    "foundation_analyze(regclass[])": "pg_catalog, public",
    "foundation_settled_here_before()": "pg_catalog",
}
FORWARD = "".join(f"ALTER FUNCTION {function} SET search_path = {path}, pg_temp;" for function, path in PATHS.items())
BACKWARD = "".join(f"ALTER FUNCTION {function} SET search_path = {path};" for function, path in PATHS.items())


class Migration(migrations.Migration):
    dependencies = [("foundation", "0015_alarm_spells")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
