"""Let the database know the portal's day, which begins eight hours before that of a session in UTC."""

from typing import ClassVar

from django.db import migrations

TODAY = """
CREATE FUNCTION portal_today() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date;
$$;
"""


class Migration(migrations.Migration):
    """Add the function."""

    dependencies: ClassVar = [("foundation", "0017_searches_by_whom")]
    operations: ClassVar = [migrations.RunSQL(TODAY, "DROP FUNCTION portal_today();")]
