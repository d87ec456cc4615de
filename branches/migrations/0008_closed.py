"""The records of a branch are closed at a moment, and stay closed: the functions and the tables of this app."""

from typing import ClassVar

from django.db import migrations, models

from branches.closing import FUNCTIONS, NO_FUNCTIONS, closes


class Migration(migrations.Migration):
    dependencies: ClassVar = [("branches", "0007_places_by_name")]

    operations: ClassVar = [
        migrations.AddField("branch", "closed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="records closed at")),
        migrations.AddConstraint(
            "branch",
            models.CheckConstraint(
                condition=models.Q(("closed_at", None), ("state__in", ["merged", "dissolved", "archived"]), _connector="OR"),
                name="branch_closed_is_over",
                violation_error_message="The records of a branch are closed when it is over, not before.",
            ),
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        closes("branches_branchplace"),
        closes("branches_branchschedule"),
        closes("branches_declaredcount"),
        closes("branches_wave"),
        closes("branches_branch_covers"),
        closes("branches_branch_sending_units"),
    ]
