"""Inspections, what they found to be mended, and the course of each point."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0025_suggestion_words"),
        ("branches", "0007_places_by_name"),
        ("members", "0010_swap"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("business_date", models.DateField(verbose_name="day of the inspection")),
                ("inspector", models.CharField(max_length=100, verbose_name="who inspected")),
                ("looked_at", models.TextField(max_length=500, verbose_name="what was looked at")),
                ("result", models.TextField(max_length=500, verbose_name="result")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("recorded_on", models.DateField(verbose_name="recorded on")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at")),
                ("withdrawn_why", models.TextField(blank=True, max_length=500, verbose_name="why it was withdrawn")),
                (
                    "branch",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="inspections", to="branches.branch", verbose_name="branch"),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="recorded by"
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="withdrawn by",
                    ),
                ),
            ],
            options={
                "verbose_name": "inspection",
                "verbose_name_plural": "inspections",
                "ordering": ["-business_date", "-pk"],
                "indexes": [
                    models.Index(fields=["business_date", "id"], name="inspection_by_day"),
                    models.Index(fields=["branch", "business_date", "id"], name="inspection_of_branch_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "branch"), name="inspection_id_branch"),
                    models.CheckConstraint(
                        condition=models.Q(("business_date__lte", models.F("recorded_on"))),
                        name="inspection_was_before_it_was_recorded",
                        violation_error_message="An inspection is recorded when it has been.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("inspector", ""), _negated=True), models.Q(("looked_at", ""), _negated=True), models.Q(("result", ""), _negated=True)
                        ),
                        name="inspection_says_who_what_and_how",
                        violation_error_message="Say who inspected, what was looked at, and with what result.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False), models.Q(("withdrawn_why", ""), _negated=True)),
                            models.Q(("withdrawn_at", None), ("withdrawn_by", None), ("withdrawn_why", "")),
                            _connector="OR",
                        ),
                        name="inspection_withdrawn_with_a_reason",
                        violation_error_message="An inspection is withdrawn with a reason, and only then has one.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InspectionPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("what", models.TextField(max_length=500, verbose_name="what is to be mended")),
                ("found_on", models.DateField(verbose_name="found on")),
                ("due_on", models.DateField(verbose_name="to be mended by")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "To be mended"), ("mended", "To be checked"), ("checked", "Mended and checked"), ("dropped", "Withdrawn")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="recorded at")),
                ("mended_at", models.DateTimeField(blank=True, null=True, verbose_name="mended at")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked at")),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspection_points",
                        to="branches.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "inspection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="points", to="activities.inspection", verbose_name="inspection"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspection_points",
                        to="members.person",
                        verbose_name="who sees to it",
                    ),
                ),
            ],
            options={
                "verbose_name": "point to mend",
                "verbose_name_plural": "points to mend",
                "ordering": ["due_on", "pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state__in", ["open", "mended"])), fields=["due_on", "id"], name="inspection_point_by_due"),
                    models.Index(condition=models.Q(("state__in", ["open", "mended"])), fields=["branch", "due_on"], name="inspection_point_of_branch"),
                    models.Index(fields=["found_on", "id"], name="inspection_point_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("what", ""), _negated=True), name="inspection_point_is_told", violation_error_message="Say what is to be mended."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_on__gte", models.F("found_on"))),
                        name="inspection_point_due_after_it_was_found",
                        violation_error_message="What was found is to be mended on that day or later.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at", None), ("mended_at", None), ("state", "open")),
                            models.Q(("checked_at", None), ("mended_at__isnull", False), ("state", "mended")),
                            models.Q(("checked_at__isnull", False), ("mended_at__isnull", False), ("state", "checked")),
                            models.Q(("checked_at", None), ("state", "dropped")),
                            _connector="OR",
                        ),
                        name="inspection_point_state_has_its_times",
                        violation_error_message="A point is mended before it is checked, and each has its time.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mended_at", None), ("mended_at__gte", models.F("opened_at")), _connector="OR"),
                            models.Q(("checked_at", None), ("checked_at__gte", models.F("mended_at")), _connector="OR"),
                        ),
                        name="inspection_point_times_follow_each_other",
                        violation_error_message="A point is recorded, then mended, then checked.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InspectionPointEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("number", models.PositiveIntegerField(verbose_name="serial number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Found"),
                            ("assigned", "Assigned"),
                            ("mended", "Reported as mended"),
                            ("passed", "Checked: it is mended"),
                            ("sent_back", "Checked: it is not mended yet"),
                            ("dropped", "Withdrawn with its inspection"),
                        ],
                        max_length=12,
                        verbose_name="what happened",
                    ),
                ),
                ("business_date", models.DateField(verbose_name="business date")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("due_on", models.DateField(null=True, verbose_name="to be mended by")),
                ("note", models.TextField(blank=True, max_length=500, verbose_name="note")),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="who"
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.person",
                        verbose_name="who sees to it",
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="activities.inspectionpoint",
                        verbose_name="point to mend",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a point",
                "verbose_name_plural": "events of points",
                "ordering": ["point", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("point", "number"),
                        name="inspection_point_event_once",
                        violation_error_message="Somebody else has changed this point meanwhile.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["opened", "assigned", "passed"]), models.Q(("note", ""), _negated=True), _connector="OR"),
                        name="inspection_point_event_is_told",
                        violation_error_message="Say what was done, or what is still missing.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_on__isnull", False), ("kind__in", ["opened", "sent_back"])),
                            models.Q(models.Q(("kind__in", ["opened", "sent_back"]), _negated=True), ("due_on", None)),
                            _connector="OR",
                        ),
                        name="inspection_point_event_sets_a_deadline",
                        violation_error_message="What is found, or sent back, has a day by which it is to be mended; nothing else has.",
                    ),
                ],
            },
        ),
    ]
