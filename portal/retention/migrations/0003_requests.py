"""What people ask about their own data."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0007_places_by_name"),
        ("members", "0018_unnamed"),
        ("retention", "0002_what_may_go"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="certificate",
            name="rule",
            field=models.CharField(
                choices=[
                    ("branch", "fields whose branch has ended"),
                    ("site", "fields of sites for which nobody answers any more"),
                    ("person", "persons whose branches have all ended"),
                    ("account", "accounts without a role"),
                    ("row", "words past their own time"),
                    ("request", "what a person asked to have erased"),
                ],
                max_length=10,
                verbose_name="rule",
            ),
        ),
        migrations.CreateModel(
            name="DataRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "kind",
                    models.CharField(
                        choices=[("tell", "tell what is held"), ("correct", "correct something"), ("erase", "erase what may go")],
                        max_length=10,
                        verbose_name="what is asked",
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=60, verbose_name="who asks")),
                ("contact", models.CharField(blank=True, max_length=100, verbose_name="how to reach them")),
                ("words", models.TextField(blank=True, max_length=1000, verbose_name="in their words")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "waits for an answer"), ("done", "done"), ("refused", "refused")], default="open", max_length=10, verbose_name="state"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("due_on", models.DateField(verbose_name="to be answered by")),
                ("answer", models.TextField(blank=True, max_length=1000, verbose_name="answer")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered at")),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "branch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_requests",
                        to="branches.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_requests",
                        to="members.person",
                        verbose_name="person",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="recorded by"),
                ),
                (
                    "region",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.region", verbose_name="place"
                    ),
                ),
            ],
            options={
                "verbose_name": "request about one's own data",
                "verbose_name_plural": "requests about one's own data",
                "indexes": [models.Index(condition=models.Q(("state", "open")), fields=["due_on", "id"], name="data_request_open")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("account__isnull", False),
                            ("person__isnull", False),
                            models.Q(("subject", ""), _negated=True),
                            ("answered_at__isnull", False),
                            _connector="OR",
                        ),
                        name="data_request_of_somebody",
                        violation_error_message="Say who asks.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at", None), ("answered_by", None), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True),
                                ("answered_at__gte", models.F("asked_at")),
                                ("answered_by__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="data_request_answered_in_words",
                        violation_error_message="A request is answered in words, by somebody.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER data_request_is_kept BEFORE DELETE ON retention_datarequest
                FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('data_request_is_kept');
            CREATE TRIGGER data_request_is_never_emptied BEFORE TRUNCATE ON retention_datarequest
                FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('data_request_is_kept');
            """,
            "DROP TRIGGER data_request_is_never_emptied ON retention_datarequest; DROP TRIGGER data_request_is_kept ON retention_datarequest;",
        ),
    ]
