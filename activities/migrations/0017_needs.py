"""The ledger of residents' needs, and what happened to each."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0016_figures_of_registers"),
        ("branches", "0007_places_by_name"),
        ("members", "0005_people_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Need",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                ("recorded_on", models.DateField(verbose_name="recorded on")),
                (
                    "channel",
                    models.CharField(
                        choices=[("wechat", "WeChat"), ("phone", "Phone"), ("in_person", "In person"), ("hotline", "Hotline")],
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("food", "Food and groceries"),
                            ("medicine", "Medicine"),
                            ("medical", "Seeing a doctor"),
                            ("care", "Care of the old, the young or the ill"),
                            ("goods", "Parcels and daily goods"),
                            ("repair", "Water, power and repairs"),
                            ("passage", "Passes and going out"),
                            ("question", "A question"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                        verbose_name="category",
                    ),
                ),
                (
                    "urgency",
                    models.CharField(
                        choices=[("urgent", "Urgent"), ("soon", "Today"), ("normal", "Can wait")], default="soon", max_length=10, verbose_name="urgency"
                    ),
                ),
                ("words", models.TextField(blank=True, max_length=500, verbose_name="what is needed")),
                ("household", models.CharField(blank=True, max_length=60, verbose_name="household")),
                ("contact", models.CharField(blank=True, max_length=30, verbose_name="name of the resident")),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="phone")),
                ("residents", models.PositiveSmallIntegerField(default=1, verbose_name="residents")),
                ("due_at", models.DateTimeField(verbose_name="due at")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("handed_on", "Handed on"), ("resolved", "Resolved")], default="open", max_length=10, verbose_name="state"
                    ),
                ),
                ("result", models.TextField(blank=True, max_length=500, verbose_name="result")),
                ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="resolved at")),
                ("resolved_on", models.DateField(blank=True, null=True, verbose_name="resolved on")),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="needs",
                        to="members.person",
                        verbose_name="assigned to",
                    ),
                ),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="needs", to="branches.branch", verbose_name="branch")),
                (
                    "origin",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="needs_recorded", to="branches.branch", verbose_name="recorded by the branch"
                    ),
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
                        related_name="needs",
                        to="branches.region",
                        verbose_name="handed on to the region",
                    ),
                ),
                (
                    "with_unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="needs",
                        to="branches.workunit",
                        verbose_name="handed on to the unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "need",
                "verbose_name_plural": "needs",
                "ordering": ["due_at", "pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "resolved"), _negated=True), fields=["due_at", "id"], name="need_by_due"),
                    models.Index(condition=models.Q(("state", "resolved"), _negated=True), fields=["branch", "due_at"], name="need_of_branch_by_due"),
                    models.Index(fields=["recorded_on", "id"], name="need_by_day"),
                    models.Index(condition=models.Q(("state", "resolved")), fields=["resolved_on", "id"], name="need_by_day_resolved"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("resolved_at__isnull", False), ("resolved_on__isnull", False), ("state", "resolved"), models.Q(("result", ""), _negated=True)
                            ),
                            models.Q(models.Q(("state", "resolved"), _negated=True), ("resolved_at", None), ("resolved_on", None), ("result", "")),
                            _connector="OR",
                        ),
                        name="need_closing_needs_a_result",
                        violation_error_message="A need is resolved with a result, and only then has one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "handed_on"), ("with_region", None), ("with_unit__isnull", False)),
                            models.Q(("state", "handed_on"), ("with_region__isnull", False), ("with_unit", None)),
                            models.Q(models.Q(("state", "handed_on"), _negated=True), ("with_region", None), ("with_unit", None)),
                            _connector="OR",
                        ),
                        name="need_handed_on_to_one",
                        violation_error_message="A need is handed on to one work unit or to one region.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("due_at__gte", models.F("recorded_at")),
                            models.Q(("resolved_at", None), ("resolved_at__gte", models.F("recorded_at")), _connector="OR"),
                        ),
                        name="need_times_follow_each_other",
                        violation_error_message="A need is due, and resolved, after it was recorded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("residents__gte", 1), ("residents__lte", 999)),
                        name="need_of_one_resident_or_more",
                        violation_error_message="A need is of one to 999 residents.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("category", "other"), _negated=True), models.Q(("words", ""), _negated=True), _connector="OR"),
                        name="need_of_another_kind_is_told",
                        violation_error_message="Say what is needed: “other” alone says nothing.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NeedEvent",
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
                            ("assigned", "Assigned"),
                            ("handed_on", "Handed on"),
                            ("taken_back", "Back at the branch"),
                            ("resolved", "Resolved"),
                            ("called_back", "Called back"),
                            ("reopened", "Opened again"),
                        ],
                        max_length=12,
                        verbose_name="what happened",
                    ),
                ),
                ("business_date", models.DateField(verbose_name="business date")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("solved", "Solved, says the resident"), ("unsolved", "Not solved, says the resident"), ("not_reached", "Nobody answered")],
                        max_length=12,
                        verbose_name="answer",
                    ),
                ),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None, verbose_name="fields"),
                ),
                ("note", models.TextField(blank=True, max_length=500, verbose_name="note")),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch"
                    ),
                ),
                (
                    "need",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="events", to="activities.need", verbose_name="need"
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
                        verbose_name="assigned to",
                    ),
                ),
                (
                    "to_branch",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.branch",
                        verbose_name="to the branch",
                    ),
                ),
                (
                    "to_region",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.region",
                        verbose_name="to the region",
                    ),
                ),
                (
                    "to_unit",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="branches.workunit",
                        verbose_name="to the unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "event of a need",
                "verbose_name_plural": "events of needs",
                "ordering": ["need", "number"],
                "indexes": [
                    models.Index(fields=["branch", "business_date", "need"], name="need_event_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("need", "number"), name="need_event_once", violation_error_message="Somebody else has changed this need meanwhile."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "handed_on"), ("to_branch__isnull", False), ("to_region", None), ("to_unit", None)),
                            models.Q(("kind", "handed_on"), ("to_branch", None), ("to_region", None), ("to_unit__isnull", False)),
                            models.Q(("kind", "handed_on"), ("to_branch", None), ("to_region__isnull", False), ("to_unit", None)),
                            models.Q(models.Q(("kind", "handed_on"), _negated=True), ("to_branch", None), ("to_region", None), ("to_unit", None)),
                            _connector="OR",
                        ),
                        name="need_event_hands_on_to_one",
                        violation_error_message="A need is handed on to one branch, one work unit or one region.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "called_back"), models.Q(("answer", ""), _negated=True)),
                            models.Q(models.Q(("kind", "called_back"), _negated=True), ("answer", "")),
                            _connector="OR",
                        ),
                        name="need_event_answers_a_call",
                        violation_error_message="A call-back has an answer, and nothing else has.",
                    ),
                ],
            },
        ),
    ]
