"""Who lives on site, and from when until when: inside the membership, which is carried by a composite foreign key."""

from typing import ClassVar

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import portal.foundation.models

# The function is that of terms of office: both are spans inside a membership.
MEMBERSHIP = """
CREATE TRIGGER carry_membership BEFORE INSERT OR UPDATE ON members_onsitestay FOR EACH ROW EXECUTE FUNCTION members_carry_membership();
ALTER TABLE members_onsitestay ADD CONSTRAINT stay_carries_the_membership
    FOREIGN KEY (membership_id, branch_id, membership_during) REFERENCES members_membership (id, branch_id, during) ON UPDATE CASCADE;
ALTER TABLE members_onsitestay ALTER COLUMN branch_id SET NOT NULL, ALTER COLUMN membership_during SET NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0011_service_notes")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="OnSiteStay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("place", models.CharField(blank=True, max_length=60, verbose_name="place")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                (
                    "membership_during",
                    django.contrib.postgres.fields.ranges.DateRangeField(editable=False, null=True, verbose_name="time of the membership"),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stays",
                        to="branches.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="stays", to="members.membership", verbose_name="membership"),
                ),
            ],
            options={
                "verbose_name": "stay on site",
                "verbose_name_plural": "stays on site",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("during__startswith__isnull", False)),
                        name="stay_for_a_time",
                        violation_error_message="Somebody lives on site from some day on, and until no earlier one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("membership_during", None), ("during__contained_by", models.F("membership_during")), _connector="OR"),
                        name="stay_inside_the_membership",
                        violation_error_message="Nobody lives on site for a branch in which they are not on those days.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("membership", "="), ("during", "&&")],
                        name="one_stay_at_a_time",
                        violation_error_message="This person lives on site in that time already.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            MEMBERSHIP,
            "ALTER TABLE members_onsitestay ALTER COLUMN branch_id DROP NOT NULL, ALTER COLUMN membership_during DROP NOT NULL;"
            "ALTER TABLE members_onsitestay DROP CONSTRAINT stay_carries_the_membership;"
            "DROP TRIGGER carry_membership ON members_onsitestay;",
        ),
    ]
