"""Sessions that say whose they are, devices, alerts, the second factor."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_separate_roles"),
    ]

    operations = [
        # Sessions have a table of their own; everybody signs in once more. Whoever goes back runs `migrate sessions` of the version before.
        migrations.RunSQL(
            "DROP TABLE IF EXISTS django_session; DELETE FROM django_migrations WHERE app = 'sessions'",
            migrations.RunSQL.noop,
        ),
        migrations.AddField(
            model_name="user",
            name="has_second_factor",
            field=models.BooleanField(default=False, verbose_name="has a second factor"),
        ),
        migrations.AddField(
            model_name="user",
            name="last_used_on",
            field=models.DateField(blank=True, null=True, verbose_name="last used on"),
        ),
        migrations.AddField(
            model_name="user",
            name="unread_alerts",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="unread alerts"),
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("token_hash", models.CharField(max_length=64, unique=True, verbose_name="SHA-256 of the token")),
                ("words", models.CharField(blank=True, max_length=60, verbose_name="device")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="network address")),
                ("first_seen_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="first seen at")),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last seen at")),
                ("trusted_until", models.DateTimeField(null=True, verbose_name="asked for no code until")),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="devices", to=settings.AUTH_USER_MODEL, verbose_name="user"),
                ),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code_hash", models.CharField(max_length=64, unique=True, verbose_name="SHA-256 of the code")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at")),
                ("used_at", models.DateTimeField(null=True, verbose_name="used at")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recovery_codes", to=settings.AUTH_USER_MODEL, verbose_name="user"
                    ),
                ),
            ],
            options={
                "verbose_name": "recovery code",
                "verbose_name_plural": "recovery codes",
            },
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("secret", models.TextField(verbose_name="sealed secret")),
                ("enrolled_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="set up at")),
                ("drift", models.SmallIntegerField(default=0, verbose_name="drift")),
                ("last_step", models.BigIntegerField(default=-1, verbose_name="step of the last code")),
                ("failures", models.PositiveSmallIntegerField(default=0, verbose_name="wrong codes in a row")),
                ("failed_at", models.DateTimeField(null=True, verbose_name="last wrong code at")),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="second_factor", to=settings.AUTH_USER_MODEL, verbose_name="user"
                    ),
                ),
            ],
            options={
                "verbose_name": "second factor",
                "verbose_name_plural": "second factors",
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("session_key", models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="SHA-256 of the key")),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started at")),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="last seen at")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="network address")),
                ("device", models.CharField(blank=True, max_length=60, verbose_name="device")),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to=settings.AUTH_USER_MODEL, verbose_name="user"
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new_device", "sign-in from a device that was not used before"),
                            ("locked_out", "locked after wrong passwords"),
                            ("codes_refused", "wrong codes of the second factor"),
                            ("recovery_used", "recovery code used"),
                            ("factor_reset", "second factor reset"),
                            ("password_reset", "password reset"),
                            ("token_issued", "API token issued"),
                            ("reset_asked", "a reset waits to be confirmed"),
                            ("reset_confirmed", "a reset was confirmed"),
                            ("grant_ends", "own grant ends soon"),
                            ("grants_end", "grants that one gave end soon"),
                            ("review_due", "grants to be reviewed"),
                        ],
                        max_length=30,
                        verbose_name="what happened",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                ("address", models.GenericIPAddressField(null=True, verbose_name="network address")),
                ("details", models.JSONField(default=dict, verbose_name="details")),
                ("read_at", models.DateTimeField(null=True, verbose_name="read at")),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to=settings.AUTH_USER_MODEL, verbose_name="user"),
                ),
            ],
            options={
                "verbose_name": "alert",
                "verbose_name_plural": "alerts",
                "indexes": [models.Index(fields=["account", "-at"], name="alerts_of_an_account")],
            },
        ),
    ]
