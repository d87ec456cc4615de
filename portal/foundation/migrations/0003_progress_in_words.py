"""The refusal of an impossible progress in words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0002_rules")]

    operations = [
        migrations.AlterConstraint(
            model_name="job",
            name="job_progress_is_a_percentage",
            constraint=models.CheckConstraint(
                condition=models.Q(("progress__lte", 100)),
                name="job_progress_is_a_percentage",
                violation_error_message="Progress is a percentage from 0 to 100.",
            ),
        ),
    ]
