"""Who came to which shift; whoever does not come changes how many are on it, which is what other systems read of a shift."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models

CAME = """
CREATE FUNCTION members_record_coming() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO foundation_change (revision, at, model, object_id, operation)
    SELECT pg_current_xact_id()::text::bigint, now(), 'shift', public_id, 'U' FROM members_shift
    WHERE id IN (SELECT shift_id FROM members_assignment JOIN touched ON members_assignment.id = touched.assignment_id);
    RETURN NULL;
END $$;
CREATE TRIGGER log_insert AFTER INSERT ON members_checkin REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION members_record_coming();
CREATE TRIGGER log_update AFTER UPDATE ON members_checkin REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION members_record_coming();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0007_roster_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("result", models.CharField(choices=[("present", "on time"), ("late", "late"), ("absent", "absent")], max_length=7, verbose_name="result")),
                (
                    "means",
                    models.CharField(
                        choices=[("code", "code at the post"), ("qr", "QR code at the post"), ("leader", "by the shift leader")],
                        max_length=6,
                        verbose_name="means",
                    ),
                ),
                ("arrived_at", models.DateTimeField(null=True, verbose_name="arrived at")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="check_ins", to="members.assignment", verbose_name="assignment"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="recorded by"),
                ),
            ],
            options={
                "verbose_name": "check-in",
                "verbose_name_plural": "check-ins",
                "constraints": [
                    models.UniqueConstraint(fields=("assignment",), name="checked_in_once", violation_error_message="This person is checked in already."),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("arrived_at", None), ("result", "absent")),
                            models.Q(models.Q(("result", "absent"), _negated=True), ("arrived_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="arrived_unless_absent",
                        violation_error_message="Whoever came arrived at some time; whoever is absent did not.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(CAME, "DROP TRIGGER log_insert ON members_checkin; DROP TRIGGER log_update ON members_checkin; DROP FUNCTION members_record_coming;"),
    ]
