"""Suggestions, and what happened to each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0020_need_codes"),
        ("branches", "0007_places_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("recorded_on", models.DateField(verbose_name="recorded on")),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("supplies", "Food and supplies"),
                            ("medical", "Medicine and doctors"),
                            ("passage", "Going out and passes"),
                            ("housing", "Compound and property management"),
                            ("families", "The old, children and schooling"),
                            ("work", "Going back to work and business"),
                            ("duty", "People on duty and their protection"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                        verbose_name="topic",
                    ),
                ),
                (
                    "voice",
                    models.CharField(
                        choices=[("residents", "residents"), ("members", "members of the branch")],
                        default="residents",
                        max_length=10,
                        verbose_name="who says so",
                    ),
                ),
                ("words", models.TextField(max_length=1000, verbose_name="what is suggested")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "At the branch"), ("passed", "Waits for an answer"), ("answered", "Answered"), ("closed", "Laid aside")],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("passed_at", models.DateTimeField(blank=True, null=True, verbose_name="passed there at")),
                ("answer", models.TextField(blank=True, max_length=1000, verbose_name="answer")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered at")),
                ("for_all", models.BooleanField(default=False, verbose_name="for all below")),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
                (
                    "branch",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="suggestions", to="branches.branch", verbose_name="branch"),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="recorded by"
                    ),
                ),
                (
                    "with_region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suggestions",
                        to="branches.region",
                        verbose_name="with the region",
                    ),
                ),
                (
                    "with_unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suggestions",
                        to="branches.workunit",
                        verbose_name="with the unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "suggestion",
                "verbose_name_plural": "suggestions",
                "ordering": ["-recorded_on", "-pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "passed")), fields=["passed_at", "id"], name="suggestion_by_wait"),
                    models.Index(fields=["recorded_on", "id"], name="suggestion_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="suggestion_says_something", violation_error_message="Write what is suggested."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("passed_at__isnull", False),
                                ("state__in", ("passed", "answered")),
                                models.Q(
                                    models.Q(("with_region", None), ("with_unit__isnull", False)),
                                    models.Q(("with_region__isnull", False), ("with_unit", None)),
                                    _connector="OR",
                                ),
                            ),
                            models.Q(("passed_at", None), ("state__in", ("open", "closed")), ("with_region", None), ("with_unit", None)),
                            _connector="OR",
                        ),
                        name="suggestion_is_with_one",
                        violation_error_message="A suggestion is passed to one region or to one work unit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", False), ("state", "answered"), models.Q(("answer", ""), _negated=True)),
                            models.Q(models.Q(("state", "answered"), _negated=True), ("answer", ""), ("answered_at", None), ("for_all", False)),
                            _connector="OR",
                        ),
                        name="suggestion_answered_in_words",
                        violation_error_message="A suggestion is answered in words, and only then has an answer.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("passed_at", None), ("passed_at__gte", models.F("recorded_at")), _connector="OR"),
                            models.Q(("answered_at", None), ("answered_at__gte", models.F("passed_at")), _connector="OR"),
                        ),
                        name="suggestion_times_follow_each_other",
                        violation_error_message="A suggestion is recorded, then passed on, then answered.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SuggestionEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("number", models.PositiveIntegerField(verbose_name="serial number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("recorded", "Recorded"),
                            ("changed", "Corrected"),
                            ("passed", "Passed on"),
                            ("given_back", "Back at the branch"),
                            ("answered", "Answered"),
                            ("closed", "Laid aside"),
                        ],
                        max_length=10,
                        verbose_name="what happened",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("note", models.TextField(blank=True, max_length=1000, verbose_name="note")),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="who"
                    ),
                ),
                (
                    "by_region",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.region",
                        verbose_name="by the region",
                    ),
                ),
                (
                    "by_unit",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.workunit",
                        verbose_name="by the unit",
                    ),
                ),
                (
                    "suggestion",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="activities.suggestion",
                        verbose_name="suggestion",
                    ),
                ),
                (
                    "to_region",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.region", verbose_name="to the region"
                    ),
                ),
                (
                    "to_unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.workunit", verbose_name="to the unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a suggestion",
                "verbose_name_plural": "events of suggestions",
                "ordering": ["suggestion", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("suggestion", "number"),
                        name="suggestion_event_once",
                        violation_error_message="Somebody else has changed this suggestion meanwhile.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "passed"), ("to_region", None), ("to_unit__isnull", False)),
                            models.Q(("kind", "passed"), ("to_region__isnull", False), ("to_unit", None)),
                            models.Q(models.Q(("kind", "passed"), _negated=True), ("to_region", None), ("to_unit", None)),
                            _connector="OR",
                        ),
                        name="suggestion_event_passes_to_one",
                        violation_error_message="A suggestion is passed to one region or to one work unit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ("given_back", "answered", "closed")), _negated=True), models.Q(("note", ""), _negated=True), _connector="OR"
                        ),
                        name="suggestion_event_says_why",
                        violation_error_message="Whoever answers a suggestion, gives it back or lays it aside says so in words.",
                    ),
                ],
            },
        ),
    ]
