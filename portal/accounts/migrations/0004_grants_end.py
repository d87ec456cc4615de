"""Grants that had no end get one: as long from today as is usual for the role; those taken back ended then."""

from django.db import migrations

DATED = """
UPDATE accounts_grant
SET during = daterange(
    lower(during),
    CASE WHEN revoked_at IS NULL THEN GREATEST(lower(during), CURRENT_DATE) + CASE WHEN role IN ('reviewer', 'official', 'liaison', 'client') THEN 366 ELSE 184 END
    ELSE GREATEST(lower(during), revoked_at::date) + 1 END
)
WHERE upper_inf(during)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sign_in"),
    ]

    operations = [
        migrations.RunSQL(DATED, migrations.RunSQL.noop),
    ]
