"""The end of a branch, its letters and its packs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.clock
import portal.foundation.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("branches", "0008_closed"),
        ("foundation", "0008_event_log"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BranchEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("last_day", models.DateField(verbose_name="last day")),
                (
                    "state",
                    models.CharField(
                        choices=[("preparing", "in preparation"), ("confirmed", "confirmed"), ("reopened", "opened again"), ("stopped", "stopped")],
                        default="preparing",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("begun_at", models.DateTimeField(default=portal.foundation.clock.now, verbose_name="begun at")),
                ("stock", models.TextField(blank=True, max_length=1000, verbose_name="where goods and equipment went")),
                ("narrative", models.TextField(blank=True, max_length=10000, verbose_name="the branch's story")),
                ("letters_on", models.DateField(blank=True, null=True, verbose_name="date of the letters")),
                ("confirmed_at", models.DateTimeField(null=True, verbose_name="confirmed at")),
                ("reopened_at", models.DateTimeField(null=True, verbose_name="opened again at")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why it was opened again")),
                ("cut", models.JSONField(default=dict, editable=False, verbose_name="what the end cut short")),
                (
                    "begun_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="begun by"
                    ),
                ),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="branches.branch", verbose_name="branch")),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="confirmed by"
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="merged into"
                    ),
                ),
                (
                    "reopened_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="opened again by"
                    ),
                ),
            ],
            options={
                "verbose_name": "end of a branch",
                "verbose_name_plural": "ends of branches",
                "ordering": ["-begun_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["preparing", "confirmed"])),
                        fields=("branch",),
                        name="one_end_of_a_branch",
                        violation_error_message="Somebody else prepares the end of this branch already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merged_into", None), models.Q(("merged_into", models.F("branch")), _negated=True), _connector="OR"),
                        name="branch_end_not_into_itself",
                        violation_error_message="Choose another branch that is at work.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("state__in", ["preparing", "stopped"])),
                            models.Q(("confirmed_at__isnull", False), ("state__in", ["confirmed", "reopened"])),
                            _connector="OR",
                        ),
                        name="branch_end_confirmed_at_some_time",
                        violation_error_message="An end that is confirmed says when.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reopened_at__isnull", False), ("state", "reopened"), models.Q(("reason", ""), _negated=True)),
                            models.Q(models.Q(("state", "reopened"), _negated=True), ("reason", ""), ("reopened_at", None)),
                            _connector="OR",
                        ),
                        name="branch_end_reopened_with_a_reason",
                        violation_error_message="Say why the branch is opened again.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchivePack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("sensitive", models.BooleanField(default=False, verbose_name="with sensitive fields")),
                ("manifest", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the manifest")),
                ("asked_at", models.DateTimeField(default=portal.foundation.clock.now, verbose_name="asked at")),
                ("made_at", models.DateTimeField(null=True, verbose_name="made at")),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="asked by"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="foundation.attachment", verbose_name="file"
                    ),
                ),
                ("job", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="foundation.job", verbose_name="job")),
                (
                    "end",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="packs", to="ending.branchend", verbose_name="end of a branch"),
                ),
            ],
            options={
                "verbose_name": "archive pack",
                "verbose_name_plural": "archive packs",
                "ordering": ["-asked_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file", None), ("made_at", None), ("manifest", "")),
                            models.Q(("file__isnull", False), ("made_at__isnull", False), models.Q(("manifest", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="pack_made_with_a_file",
                        violation_error_message="A pack that is made has a file and a manifest.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LeftOpen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "what",
                    models.CharField(
                        choices=[("day", "day without a report that counts"), ("point", "point of an inspection"), ("suggestion", "suggestion")],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("day", models.DateField(null=True, verbose_name="day")),
                ("object_id", models.UUIDField(null=True, verbose_name="object")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("said_at", models.DateTimeField(default=portal.foundation.clock.now, verbose_name="said at")),
                (
                    "end",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="left", to="ending.branchend", verbose_name="end of a branch"),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="said by"
                    ),
                ),
            ],
            options={
                "verbose_name": "left open",
                "verbose_name_plural": "left open",
                "ordering": ["what", "day", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("end", "what", "day", "object_id"),
                        name="left_open_once",
                        nulls_distinct=False,
                        violation_error_message="A reason for this is written down already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("day__isnull", False), ("object_id", None), ("what", "day")),
                            models.Q(models.Q(("what", "day"), _negated=True), ("day", None), ("object_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="left_open_names_one",
                        violation_error_message="A reason is about one day or one object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="left_open_with_a_reason", violation_error_message="Say why it stays as it is."
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "end",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="letters", to="ending.branchend", verbose_name="end of a branch"
                    ),
                ),
                (
                    "work_unit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.workunit", verbose_name="to the unit"),
                ),
            ],
            options={
                "verbose_name": "service letter",
                "verbose_name_plural": "service letters",
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("end", "work_unit"), name="one_letter_a_unit", violation_error_message="This unit has its letter already."),
                    models.UniqueConstraint(fields=("end", "number"), name="letter_numbered_once", violation_error_message="Another letter has this number."),
                ],
            },
        ),
    ]
