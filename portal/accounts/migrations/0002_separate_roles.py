"""One person holds one of the separate roles at a time; users have queries of their own."""

import django.contrib.postgres.constraints
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("branches", "0003_change_log"),
    ]

    operations = [
        migrations.AlterModelManagers(
            name="user",
            managers=[],
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("revoked_at", None), ("role__in", ["auditor", "security", "system"])),
                expressions=[("user", "="), ("role", "<>"), ("during", "&&")],
                name="separate_roles_for_separate_people",
                violation_error_message="System keeper, security officer and auditor are different people.",
            ),
        ),
    ]
