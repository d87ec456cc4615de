"""Grants have an end and say when their holder was told of it; reviews of grants, resets by two persons."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_grants_end"),
        ("branches", "0007_places_by_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="GrantReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("quarter", models.DateField(verbose_name="quarter from")),
                ("closed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="closed at")),
                ("whole", models.BooleanField(verbose_name="everything")),
                ("kept", models.PositiveIntegerField(verbose_name="kept")),
                ("ended", models.PositiveIntegerField(verbose_name="ended")),
                ("in_use", models.PositiveIntegerField(verbose_name="in use, left as they are")),
            ],
            options={
                "verbose_name": "review of grants",
                "verbose_name_plural": "reviews of grants",
            },
        ),
        migrations.CreateModel(
            name="Reset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("what", models.CharField(choices=[("password", "password"), ("factor", "second factor")], max_length=10, verbose_name="what")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked for at")),
                ("confirmed_at", models.DateTimeField(null=True, verbose_name="confirmed at")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
            ],
            options={
                "verbose_name": "reset of an account",
                "verbose_name_plural": "resets of accounts",
            },
        ),
        migrations.CreateModel(
            name="ReviewedGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("quarter", models.DateField(verbose_name="quarter from")),
                ("kept", models.BooleanField(verbose_name="kept")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
            ],
            options={
                "verbose_name": "reviewed grant",
                "verbose_name_plural": "reviewed grants",
            },
        ),
        migrations.AddField(
            model_name="grant",
            name="warned_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="warned at"),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__upper_inf", False)), name="grant_has_an_end", violation_error_message="A grant has a last day."
            ),
        ),
        migrations.AddField(
            model_name="grantreview",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="reviewed by"),
        ),
        migrations.AddField(
            model_name="reset",
            name="account",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="resets", to=settings.AUTH_USER_MODEL, verbose_name="user"),
        ),
        migrations.AddField(
            model_name="reset",
            name="asked_by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="asked for by"),
        ),
        migrations.AddField(
            model_name="reset",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="confirmed by"
            ),
        ),
        migrations.AddField(
            model_name="reviewedgrant",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="decided by"),
        ),
        migrations.AddField(
            model_name="reviewedgrant",
            name="grant",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="accounts.grant", verbose_name="grant"),
        ),
        migrations.AddConstraint(
            model_name="grantreview",
            constraint=models.UniqueConstraint(
                fields=("quarter", "by"),
                name="one_review_a_quarter_of_an_officer",
                violation_error_message="You have closed the review of this quarter already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("account", models.F("asked_by")), _negated=True),
                    models.Q(
                        ("confirmed_by", None),
                        models.Q(
                            models.Q(("confirmed_by", models.F("asked_by")), _negated=True), models.Q(("confirmed_by", models.F("account")), _negated=True)
                        ),
                        _connector="OR",
                    ),
                ),
                name="a_reset_is_confirmed_by_a_third_person",
                violation_error_message="Nobody confirms a reset that they asked for, or that is about their own account.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reset",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("account", "what"),
                name="one_open_reset_of_an_account",
                violation_error_message="This reset is asked for already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewedgrant",
            constraint=models.UniqueConstraint(
                fields=("quarter", "grant"),
                name="one_decision_a_quarter_of_a_grant",
                violation_error_message="This grant was decided on in this quarter already.",
            ),
        ),
    ]
