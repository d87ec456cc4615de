"""Seals of the days of the audit log, and its archived months: only ever added to."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

RULE = "seals_are_append_only"
TABLES = ("foundation_dayseal", "foundation_sealedblock", "foundation_auditarchive")
FORWARD = "".join(
    f"CREATE TRIGGER {RULE} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('{RULE}');"
    f"CREATE TRIGGER seals_are_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('{RULE}');"
    for table in TABLES
)
BACKWARD = "".join(f"DROP TRIGGER {RULE} ON {table}; DROP TRIGGER seals_are_never_emptied ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("foundation", "0012_row_history")]

    operations = [
        migrations.CreateModel(
            name="AuditArchive",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(unique=True, verbose_name="first day of the month")),
                ("name", models.CharField(max_length=100, verbose_name="file name")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("entries", models.PositiveIntegerField(verbose_name="audit entries")),
                ("changes", models.PositiveIntegerField(verbose_name="changes of rows")),
                ("made_at", models.DateTimeField(verbose_name="when")),
            ],
            options={
                "verbose_name": "archived month of the audit log",
                "verbose_name_plural": "archived months of the audit log",
                "ordering": ["month"],
            },
        ),
        migrations.CreateModel(
            name="DaySeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True, verbose_name="day")),
                ("entries", models.PositiveIntegerField(verbose_name="audit entries")),
                ("changes", models.PositiveIntegerField(verbose_name="changes of rows")),
                ("previous", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the day before")),
                ("digest", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed at")),
            ],
            options={"verbose_name": "seal of a day", "verbose_name_plural": "seals of days", "ordering": ["day"]},
        ),
        migrations.CreateModel(
            name="SealedBlock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("log", models.CharField(max_length=10, verbose_name="log")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None, verbose_name="rows")),
                ("marks", models.BinaryField(verbose_name="SHA-256 of each row")),
                (
                    "seal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="blocks", to="foundation.dayseal", verbose_name="seal of a day"
                    ),
                ),
            ],
            options={
                "verbose_name": "block of a sealed day",
                "verbose_name_plural": "blocks of sealed days",
                "ordering": ["log", "number"],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
