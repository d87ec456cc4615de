"""Posts, the times of their shifts, shifts, who is on them, and who is off."""

import datetime

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0007_places_by_name"),
        ("members", "0005_people_by_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="DutyPost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100, verbose_name="source")),
                ("key", models.CharField(blank=True, default="", editable=False, max_length=200, verbose_name="key at the source")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "duty",
                    models.CharField(
                        choices=[
                            ("checkpoint", "checkpoint"),
                            ("patrol", "patrol"),
                            ("disinfection", "disinfection"),
                            ("delivery", "delivery"),
                            ("other", "other duty"),
                        ],
                        default="checkpoint",
                        max_length=12,
                        verbose_name="duty",
                    ),
                ),
                ("people", models.PositiveSmallIntegerField(default=1, verbose_name="people a shift")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                (
                    "branch",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="duty_posts", to="branches.branch", verbose_name="branch"),
                ),
            ],
            options={
                "verbose_name": "post",
                "verbose_name_plural": "posts",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True),
                        fields=("source", "key"),
                        name="duty_post_once_per_source",
                        violation_error_message="This source has an object with this key already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False)), name="duty_post_for_a_time", violation_error_message="The end is before the start."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("people__gte", 1), ("people__lte", 50)),
                        name="duty_post_takes_one_to_fifty",
                        violation_error_message="A shift takes between 1 and 50 people.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("branch", "="), ("name", "="), ("during", "&&")],
                        name="one_duty_post_of_a_name_at_a_time",
                        violation_error_message="The branch has a post of this name in that time.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField(verbose_name="from, until")),
                ("business_date", models.DateField(verbose_name="business date")),
                ("people", models.PositiveSmallIntegerField(default=1, verbose_name="people needed")),
                ("post", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="shifts", to="members.dutypost", verbose_name="post")),
            ],
            options={
                "verbose_name": "shift",
                "verbose_name_plural": "shifts",
                "ordering": ["during", "pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GistIndex(fields=["during"], name="shift_by_time"),
                    models.Index(fields=["business_date", "id"], name="shift_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "during"), name="shift_id_and_time"),
                    models.UniqueConstraint(fields=("post", "during"), name="shift_once", violation_error_message="The post has this shift already."),
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False), ("during__startswith__isnull", False), ("during__endswith__isnull", False)),
                        name="shift_has_both_ends",
                        violation_error_message="A shift has a start and, after it, an end.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "during__endswith__lte",
                                django.db.models.expressions.CombinedExpression(models.F("during__startswith"), "+", models.Value(datetime.timedelta(days=1))),
                            )
                        ),
                        name="shift_of_a_day_at_most",
                        violation_error_message="A shift lasts 24 hours at most.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("people__gte", 1), ("people__lte", 50)),
                        name="shift_takes_one_to_fifty",
                        violation_error_message="A shift takes between 1 and 50 people.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField(editable=False, null=True, verbose_name="time of the shift")),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="members.person", verbose_name="person"),
                ),
                ("shift", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="assignments", to="members.shift", verbose_name="shift")),
            ],
            options={
                "verbose_name": "assignment",
                "verbose_name_plural": "assignments",
                "ordering": ["pk"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("person", "="), ("during", "&&")],
                        name="one_shift_at_a_time",
                        violation_error_message="This person is on another shift in that time.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShiftTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.TimeField(verbose_name="starts at")),
                ("ends_at", models.TimeField(verbose_name="ends at")),
                ("post", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="times", to="members.dutypost", verbose_name="post")),
            ],
            options={
                "verbose_name": "time of a shift",
                "verbose_name_plural": "times of shifts",
                "ordering": ["starts_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("post", "starts_at"), name="one_shift_time_a_start", violation_error_message="Two shifts of a post start at the same time."
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="from, until")),
                ("reason", models.CharField(choices=[("ill", "ill"), ("away", "away")], default="away", max_length=4, verbose_name="reason")),
                (
                    "branch",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="times_off", to="branches.branch", verbose_name="branch"),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="times_off", to="members.person", verbose_name="person"),
                ),
            ],
            options={
                "verbose_name": "time off",
                "verbose_name_plural": "times off",
                "ordering": ["during", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False)), name="time_off_for_a_time", violation_error_message="The end is before the start."
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[("person", "="), ("during", "&&")],
                        name="off_once_at_a_time",
                        violation_error_message="This person is off in that time already.",
                    ),
                ],
            },
        ),
    ]
