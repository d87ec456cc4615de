"""These tables write to the change log."""

from django.db import migrations

from portal.foundation.change_log import records_changes


class Migration(migrations.Migration):
    dependencies = [("members", "0002_rules"), ("foundation", "0002_rules")]

    operations = [
        records_changes("members_person", "person"),
        records_changes("members_secondment", "secondment"),
        records_changes("members_membership", "membership"),
        records_changes("members_officerterm", "officerterm"),
        records_changes("members_squad", "squad"),
    ]
