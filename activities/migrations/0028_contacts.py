"""Contact points, who answers for them and when, visits; a point to mend may have been found on a visit."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0027_inspection_rules"),
        ("branches", "0007_places_by_name"),
        ("members", "0017_merit_after_the_branch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="inspectionpoint",
            name="inspection",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="points", to="activities.inspection", verbose_name="inspection"
            ),
        ),
        migrations.CreateModel(
            name="ContactPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("spot", models.CharField(blank=True, max_length=60, verbose_name="spot")),
                ("made_on", models.DateField(verbose_name="answered for since")),
                ("closed_on", models.DateField(blank=True, null=True, verbose_name="answered for until")),
                (
                    "region",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contact_points", to="branches.region", verbose_name="place"),
                ),
            ],
            options={
                "verbose_name": "contact point",
                "verbose_name_plural": "contact points",
                "ordering": ["made_on", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_on", None)),
                        fields=("region", "spot"),
                        name="contact_point_once_at_a_place",
                        violation_error_message="This site is a contact point already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closed_on", None), ("closed_on__gte", models.F("made_on")), _connector="OR"),
                        name="contact_point_ends_after_it_began",
                        violation_error_message="The end is before the start.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactTerm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("office", models.CharField(blank=True, max_length=60, verbose_name="office of the leader")),
                ("duty_phone", models.CharField(blank=True, max_length=20, verbose_name="duty phone")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                (
                    "leader",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contact_terms", to="members.person", verbose_name="leader"),
                ),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="terms", to="activities.contactpoint", verbose_name="contact point"
                    ),
                ),
            ],
            options={
                "verbose_name": "time of a leader",
                "verbose_name_plural": "times of leaders",
                "ordering": ["-during"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False)), name="contact_term_for_a_time", violation_error_message="The end is before the start."
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("point", "="), ("during", "&&")],
                        name="contact_point_one_leader_at_a_time",
                        violation_error_message="Another leader answers for this site in that time.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("stand_in", models.CharField(blank=True, max_length=60, verbose_name="who came in their place")),
                ("visited_at", models.DateTimeField(verbose_name="visited at")),
                ("visited_on", models.DateField(verbose_name="visited on")),
                ("found", models.TextField(max_length=500, verbose_name="what was found")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                (
                    "leader",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="contact_visits", to="members.person", verbose_name="leader"
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="activities.contactpoint",
                        verbose_name="contact point",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="recorded by"
                    ),
                ),
            ],
            options={
                "verbose_name": "visit to a contact point",
                "verbose_name_plural": "visits to contact points",
                "ordering": ["-visited_at", "-pk"],
                "indexes": [
                    models.Index(fields=["point", "visited_on", "id"], name="contact_visit_by_day"),
                    models.Index(fields=["visited_on", "id"], name="visit_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("found", ""), _negated=True),
                        name="contact_visit_says_what_was_found",
                        violation_error_message="Say what was found.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("visited_at__lte", models.F("recorded_at"))),
                        name="contact_visit_was_before_it_was_recorded",
                        violation_error_message="A visit is recorded when it has been.",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="inspectionpoint",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="points",
                to="activities.contactvisit",
                verbose_name="visit to a contact point",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("inspection__isnull", False), ("visit", None)), models.Q(("inspection", None), ("visit__isnull", False)), _connector="OR"
                ),
                name="inspection_point_of_one_finding",
                violation_error_message="A point was found by an inspection, or on a visit to a contact point.",
            ),
        ),
    ]
