"""Drop the indexes of foreign keys that begin another index of their table: each cost a write for every row and told nothing more."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

# By hand: altering the fields, Django would also drop the unique indexes of a single column with a condition, and not make them again.
INDEXES = (
    ("dailyreport", "branch_id", "activities_dailyreport_branch_id_ef32ba6a"),
    ("entry", "branch_id", "activities_entry_branch_id_a74234ea"),
    ("entry", "place_id", "activities_entry_place_id_6a0582d5"),
    ("entryparticipant", "entry_id", "activities_entryparticipant_entry_id_a5fa4981"),
    ("measure", "branch_id", "activities_measure_branch_id_6dc160ae"),
    ("measure", "entry_id", "activities_measure_entry_id_04c1cdf3"),
    ("measure", "metric_id", "activities_measure_metric_id_4d4267d9"),
    ("periodreport", "branch_id", "activities_periodreport_branch_id_4184a67e"),
    ("reportversion", "branch_id", "activities_reportversion_branch_id_e8cf3b97"),
    ("reportversion", "daily_report_id", "activities_reportversion_daily_report_id_a8eac7be"),
    ("reportversion", "period_report_id", "activities_reportversion_period_report_id_21f109f1"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0013_many_held_figures")]

    operations: ClassVar = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"DROP INDEX {name}", f"CREATE INDEX {name} ON activities_{table} ({column})") for table, column, name in INDEXES
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="dailyreport",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="daily_reports", to="branches.branch", verbose_name="branch"
                    ),
                ),
                migrations.AlterField(
                    model_name="entry",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
                    ),
                ),
                migrations.AlterField(
                    model_name="entry",
                    name="place",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.region", verbose_name="place"
                    ),
                ),
                migrations.AlterField(
                    model_name="entryparticipant",
                    name="entry",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="participants", to="activities.entry", verbose_name="entry"
                    ),
                ),
                migrations.AlterField(
                    model_name="measure",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
                    ),
                ),
                migrations.AlterField(
                    model_name="measure",
                    name="entry",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="measures", to="activities.entry", verbose_name="entry"
                    ),
                ),
                migrations.AlterField(
                    model_name="measure",
                    name="metric",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="activities.metric", verbose_name="metric"
                    ),
                ),
                migrations.AlterField(
                    model_name="periodreport",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="period_reports", to="branches.branch", verbose_name="branch"
                    ),
                ),
                migrations.AlterField(
                    model_name="reportversion",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
                    ),
                ),
                migrations.AlterField(
                    model_name="reportversion",
                    name="daily_report",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="activities.dailyreport",
                        verbose_name="daily report",
                    ),
                ),
                migrations.AlterField(
                    model_name="reportversion",
                    name="period_report",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="activities.periodreport",
                        verbose_name="period report",
                    ),
                ),
            ],
        )
    ]
