"""Certificates of destruction, holds, and requests about one's own data."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("branches", "0007_places_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Certificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("branch", "fields whose branch has ended"),
                            ("site", "fields of sites for which nobody answers any more"),
                            ("person", "persons whose branches have all ended"),
                            ("account", "accounts without a role"),
                            ("row", "names of files past their time"),
                            ("request", "what a person asked to have erased"),
                        ],
                        max_length=10,
                        verbose_name="rule",
                    ),
                ),
                ("before", models.DateField(verbose_name="what had ended before")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at")),
                ("run", models.UUIDField(verbose_name="run")),
                ("rows", models.PositiveIntegerField(verbose_name="number of rows")),
                ("counts", models.JSONField(verbose_name="values by field")),
                ("hashes", models.BinaryField(verbose_name="keyed hashes of the rows")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "branch",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="certificates", to="branches.branch", verbose_name="branch"
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.region", verbose_name="place"),
                ),
            ],
            options={
                "verbose_name": "certificate of destruction",
                "verbose_name_plural": "certificates of destruction",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rows__gt", 0)), name="certificate_of_something", violation_error_message="A certificate is about at least one row."
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("until", models.DateField(blank=True, null=True, verbose_name="until")),
                ("placed_at", models.DateTimeField(verbose_name="placed at")),
                ("lifted_at", models.DateTimeField(null=True, verbose_name="lifted at")),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="branches.branch", verbose_name="branch")),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="lifted by"
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="placed by"),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
                "ordering": ["-placed_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="hold_has_a_reason", violation_error_message="Say why nothing may be erased."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", None)),
                            models.Q(("lifted_at__gte", models.F("placed_at")), ("lifted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="hold_lifted_by_somebody_at_some_time",
                        violation_error_message="A hold is lifted by somebody, after it was placed.",
                    ),
                ],
            },
        ),
    ]
