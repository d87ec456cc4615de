"""A shift offered to a colleague, who agrees or declines."""

import django.db.models.deletion
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0009_hand_over"),
    ]

    operations = [
        migrations.CreateModel(
            name="Swap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "asked"), ("agreed", "agreed"), ("declined", "declined"), ("withdrawn", "withdrawn")],
                        default="asked",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered at")),
                (
                    "in_return",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="members.shift", verbose_name="shift in return"
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="swaps_offered", to="members.person", verbose_name="asked of"),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="swaps_asked", to="members.person", verbose_name="asked by"),
                ),
                ("shift", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="swaps", to="members.shift", verbose_name="shift")),
            ],
            options={
                "verbose_name": "swap",
                "verbose_name_plural": "swaps",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("shift", "person"),
                        name="one_open_swap_of_a_shift",
                        violation_error_message="A colleague is asked already to take this shift. Withdraw that first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("person", models.F("other")), _negated=True),
                        name="swap_with_somebody_else",
                        violation_error_message="Nobody swaps a shift with themselves.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at", None), ("state", "asked")),
                            models.Q(models.Q(("state", "asked"), _negated=True), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="swap_answered_at_some_time",
                        violation_error_message="A swap that was answered was answered at some time.",
                    ),
                ],
            },
        ),
    ]
