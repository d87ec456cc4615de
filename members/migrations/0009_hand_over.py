"""What one shift leaves to the next; once it is signed by both, nobody changes it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models

SIGNED = """
CREATE FUNCTION members_refuse_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.incoming_at IS NOT NULL THEN
        RAISE EXCEPTION 'members_handover refuses %', TG_OP USING ERRCODE = 'check_violation', CONSTRAINT = 'signed_hand_over_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signed_hand_over_stays BEFORE UPDATE ON members_handover FOR EACH ROW EXECUTE FUNCTION members_refuse_signed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0008_check_in"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HandOver",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("open_needs", models.TextField(blank=True, verbose_name="needs still open")),
                ("stock", models.TextField(blank=True, verbose_name="stock")),
                ("notes", models.TextField(blank=True, verbose_name="notes")),
                ("outgoing_at", models.DateTimeField(verbose_name="handed over at")),
                ("incoming_at", models.DateTimeField(null=True, verbose_name="taken over at")),
                (
                    "incoming_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="taken over by"
                    ),
                ),
                (
                    "outgoing_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="handed over by"
                    ),
                ),
                ("shift", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="hand_overs", to="members.shift", verbose_name="shift")),
            ],
            options={
                "verbose_name": "hand-over",
                "verbose_name_plural": "hand-overs",
                "constraints": [
                    models.UniqueConstraint(fields=("shift",), name="handed_over_once", violation_error_message="This shift is handed over already."),
                    models.CheckConstraint(
                        condition=models.Q(("incoming_by", None), models.Q(("incoming_by", models.F("outgoing_by")), _negated=True), _connector="OR"),
                        name="hand_over_signed_by_two",
                        violation_error_message="Whoever hands over does not take over as well.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("incoming_at", None), ("incoming_by", None)),
                            models.Q(("incoming_at__gte", models.F("outgoing_at")), ("incoming_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="taken_over_by_somebody_at_some_time",
                        violation_error_message="A hand-over is taken over by somebody, after it was handed over.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SIGNED, "DROP TRIGGER signed_hand_over_stays ON members_handover; DROP FUNCTION members_refuse_signed;"),
    ]
