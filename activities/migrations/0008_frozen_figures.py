"""Figures quoted upward, never changed and never deleted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models

TRIGGERS = """
CREATE TRIGGER frozen_is_never_changed BEFORE UPDATE ON activities_frozenfigure
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('frozen_is_never_changed');
CREATE TRIGGER frozen_is_kept BEFORE DELETE ON activities_frozenfigure FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('frozen_is_kept');
CREATE TRIGGER frozen_is_never_emptied BEFORE TRUNCATE ON activities_frozenfigure
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('frozen_is_kept');
"""
NO_TRIGGERS = """
DROP TRIGGER frozen_is_never_changed ON activities_frozenfigure; DROP TRIGGER frozen_is_kept ON activities_frozenfigure;
DROP TRIGGER frozen_is_never_emptied ON activities_frozenfigure;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0007_fold_notes"),
        ("branches", "0005_search"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FrozenFigure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("first_day", models.DateField(verbose_name="from")),
                ("last_day", models.DateField(verbose_name="to")),
                ("value", models.DecimalField(decimal_places=3, max_digits=30, null=True, verbose_name="value")),
                (
                    "qualifier",
                    models.CharField(
                        choices=[("exact", "exact"), ("nearly", "nearly"), ("over", "over"), ("about", "about"), ("at_least", "at least")],
                        default="exact",
                        max_length=10,
                        verbose_name="how exact",
                    ),
                ),
                ("count", models.PositiveBigIntegerField(verbose_name="number of figures")),
                ("inexact", models.PositiveBigIntegerField(default=0, verbose_name="of them not exact")),
                ("due", models.PositiveIntegerField(verbose_name="reports due")),
                ("reported", models.PositiveIntegerField(verbose_name="reports that were in")),
                ("purpose", models.CharField(max_length=200, verbose_name="what for")),
                ("frozen_at", models.DateTimeField(verbose_name="frozen at")),
                ("snapshot", models.TextField(editable=False, verbose_name="transactions seen")),
                ("written_in", models.BigIntegerField(editable=False, verbose_name="written in transaction")),
                (
                    "branch",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"),
                ),
                (
                    "frozen_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="frozen by"),
                ),
                ("metric", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="activities.metric", verbose_name="metric")),
                (
                    "region",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.region", verbose_name="region"),
                ),
                (
                    "work_unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.workunit", verbose_name="work unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "frozen figure",
                "verbose_name_plural": "frozen figures",
                "ordering": ["-frozen_at", "-pk"],
                "indexes": [models.Index(fields=["-frozen_at", "-id"], name="frozen_figure_by_moment")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("branch", None), ("region__isnull", False), ("work_unit", None)),
                            models.Q(("branch", None), ("region", None), ("work_unit__isnull", False)),
                            models.Q(("branch__isnull", False), ("region", None), ("work_unit", None)),
                            _connector="OR",
                        ),
                        name="frozen_figure_about_one_thing",
                        violation_error_message="A figure is about one region, one work unit or one branch.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("first_day"))),
                        name="frozen_figure_ends_after_it_starts",
                        violation_error_message="The end is before the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purpose", ""), _negated=True),
                        name="frozen_figure_says_what_for",
                        violation_error_message="Say what the figure is frozen for.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0), ("value", None), _connector="OR"),
                        name="frozen_figure_counts_what_it_adds",
                        violation_error_message="A value has figures behind it.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
