"""Tables of figures that somebody uploads, and what was found in them until it is filed."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models
import portal.foundation.searching


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0010_steps_in_one_pass"),
        ("branches", "0006_branches_by_name"),
        ("foundation", "0006_new_public_id"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "being read and checked"),
                            ("refused", "cannot be read"),
                            ("checked", "waiting for your confirmation"),
                            ("filing", "being filed"),
                            ("filed", "filed"),
                        ],
                        default="reading",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="uploaded at")),
                ("counts", models.JSONField(default=dict, verbose_name="found")),
                ("changed", models.BooleanField(default=False, verbose_name="changed meanwhile")),
                ("filed_at", models.DateTimeField(null=True, verbose_name="filed at")),
                ("file", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="foundation.attachment", verbose_name="file")),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="foundation.job", verbose_name="job")),
                (
                    "owner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="uploaded by"),
                ),
            ],
            options={
                "verbose_name": "import of reports",
                "verbose_name_plural": "imports of reports",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["owner", "id"], name="import_by_owner"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("filed_at__isnull", False), ("state", "filed")),
                            models.Q(models.Q(("state", "filed"), _negated=True), ("filed_at", None)),
                            _connector="OR",
                        ),
                        name="import_is_filed_at_a_moment",
                        violation_error_message="An import that is filed says when.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RefusedCell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField(null=True, verbose_name="line")),
                ("column", models.CharField(blank=True, max_length=20, verbose_name="column")),
                ("content", models.CharField(blank=True, max_length=60, verbose_name="content of the cell")),
                ("said_zh", models.TextField(verbose_name="what is wrong, in Chinese")),
                ("said_en", models.TextField(verbose_name="what is wrong, in English")),
                (
                    "of",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="activities.reportimport",
                        verbose_name="import",
                    ),
                ),
            ],
            options={
                "verbose_name": "refused cell",
                "verbose_name_plural": "refused cells",
                "ordering": ["of", "line", "pk"],
                "indexes": [
                    models.Index(fields=["of", "line", "id"], name="refused_cell_by_line"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("business_date", models.DateField(verbose_name="business date")),
                (
                    "state",
                    models.CharField(
                        choices=[("ready", "will be filed"), ("held", "waits for refused rows"), ("present", "is filed already")],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("on_behalf", models.BooleanField(default=False, verbose_name="filed on behalf")),
                ("uid", models.UUIDField(verbose_name="client's identifier")),
                ("receipt", models.CharField(max_length=20, verbose_name="receipt number")),
                ("due_at", models.DateTimeField(null=True, verbose_name="due at")),
                ("figures", models.PositiveIntegerField(verbose_name="number of figures")),
                ("differs", models.BooleanField(default=False, verbose_name="says something else")),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="branches.branch", verbose_name="branch"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="activities.dailyreport",
                        verbose_name="report",
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="activities.reportimport", verbose_name="import"
                    ),
                ),
            ],
            options={
                "verbose_name": "imported report",
                "verbose_name_plural": "imported reports",
                "ordering": ["of", "branch", "business_date"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("of", "branch", "business_date"), name="imported_report_once", violation_error_message="This report stands twice in one import."
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedFigure",
            fields=[
                ("pk", models.CompositePrimaryKey("of", "line", blank=True, editable=False, primary_key=True, serialize=False)),
                ("line", models.PositiveIntegerField(verbose_name="line")),
                ("business_date", models.DateField(verbose_name="business date")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("checkpoint", "checkpoint"),
                            ("shift", "duty"),
                            ("patrol", "patrol"),
                            ("disinfection", "disinfection"),
                            ("delivery", "delivery"),
                            ("errand", "errands"),
                            ("unloading", "unloading"),
                            ("screening", "screening"),
                            ("survey", "survey"),
                            ("need", "residents' needs"),
                            ("hotline", "hotline"),
                            ("card", "household cards"),
                            ("visit", "visits"),
                            ("transport", "transport"),
                            ("publicity", "publicity"),
                            ("meeting", "meetings"),
                            ("donation", "donations"),
                            ("mediation", "mediation"),
                            ("counselling", "counselling"),
                            ("inspection", "inspections"),
                            ("resumption", "resumption of work"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("value", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="value")),
                (
                    "qualifier",
                    models.CharField(
                        choices=[("exact", "exact"), ("nearly", "nearly"), ("over", "over"), ("about", "about"), ("at_least", "at least")],
                        max_length=10,
                        verbose_name="how exact",
                    ),
                ),
                ("qualifier_text", models.CharField(max_length=40, verbose_name="as printed")),
                ("value_entered", models.DecimalField(decimal_places=3, max_digits=18, verbose_name="value as entered")),
                ("unit_text", models.CharField(max_length=20, verbose_name="unit as printed")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("note_folded", portal.foundation.searching.FoldedField(blank=True, editable=False, null=True, of="note", verbose_name="note, folded")),
                (
                    "branch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="branches.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="activities.metric",
                        verbose_name="metric",
                    ),
                ),
                (
                    "unit_entered",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="activities.unit",
                        verbose_name="unit",
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="figures", to="activities.reportimport", verbose_name="import"
                    ),
                ),
            ],
            options={
                "verbose_name": "imported figure",
                "verbose_name_plural": "imported figures",
            },
        ),
    ]
