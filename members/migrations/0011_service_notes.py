"""Words of merit: only added, each correction beside what it replaces."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models

NOTES = """
CREATE TRIGGER service_note_is_only_added BEFORE UPDATE OR DELETE ON members_servicenote
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('service_note_is_only_added');
CREATE TRIGGER service_note_is_never_emptied BEFORE TRUNCATE ON members_servicenote
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('service_note_is_only_added');
ALTER TABLE members_servicenote ADD CONSTRAINT service_note_replaces_one_of_its_own
    FOREIGN KEY (replaces_id, person_id, branch_id) REFERENCES members_servicenote (id, person_id, branch_id);
"""
NO_NOTES = """
ALTER TABLE members_servicenote DROP CONSTRAINT service_note_replaces_one_of_its_own;
DROP TRIGGER service_note_is_never_emptied ON members_servicenote;
DROP TRIGGER service_note_is_only_added ON members_servicenote;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("branches", "0007_places_by_name"),
        ("members", "0010_swap"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ServiceNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("happened_on", models.DateField(verbose_name="day")),
                ("words", models.TextField(blank=True, max_length=500, verbose_name="words of merit")),
                ("written_at", models.DateTimeField(verbose_name="written at")),
                (
                    "branch",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="service_notes", to="branches.branch", verbose_name="branch"),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="service_notes", to="members.person", verbose_name="person"),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="members.servicenote",
                        verbose_name="replaces",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="written by"
                    ),
                ),
            ],
            options={
                "verbose_name": "word of merit",
                "verbose_name_plural": "words of merit",
                "ordering": ["happened_on", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("id", "person", "branch"), name="service_note_id_person_branch"),
                    models.UniqueConstraint(
                        fields=("replaces",), name="service_note_replaced_once", violation_error_message="Somebody has changed these words meanwhile."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("words", ""), _negated=True), ("replaces__isnull", False), _connector="OR"),
                        name="service_note_says_something",
                        violation_error_message="Write what deserves to be known.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(NOTES, NO_NOTES),
    ]
