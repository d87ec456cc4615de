"""These tables write to the change log."""

from django.db import migrations

from portal.foundation.change_log import records_changes


class Migration(migrations.Migration):
    dependencies = [("activities", "0002_rules"), ("foundation", "0002_rules")]

    operations = [
        records_changes("activities_dailyreport", "dailyreport"),
        records_changes("activities_periodreport", "periodreport"),
        records_changes("activities_reportversion", "reportversion"),
        records_changes("activities_stockreceipt", "stockreceipt"),
        records_changes("activities_statement", "statement"),
    ]
