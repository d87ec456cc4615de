"""These tables write to the change log."""

from django.db import migrations

from portal.foundation.change_log import records_changes


class Migration(migrations.Migration):
    dependencies = [("branches", "0002_rules"), ("foundation", "0002_rules")]

    operations = [
        records_changes("branches_region", "region"),
        records_changes("branches_workunit", "workunit"),
        records_changes("branches_branch", "branch"),
    ]
