"""Pictures and documents of points to mend; a row says for good who added what, when, whatever became of its content."""

import django.db.models.deletion
from django.db import migrations, models

import portal.foundation.models

RULES = """
CREATE TRIGGER point_file_stays_as_added BEFORE UPDATE ON activities_pointfile FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('point_file_stays_as_added');
CREATE TRIGGER point_file_is_never_emptied BEFORE TRUNCATE ON activities_pointfile
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('point_file_stays_as_added');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0031_numbered_on"),
        ("foundation", "0009_epochs"),
    ]

    operations = [
        migrations.CreateModel(
            name="PointFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("shows", models.CharField(choices=[("found", "As found"), ("mended", "After mending")], max_length=6, verbose_name="what it shows")),
                ("width", models.PositiveSmallIntegerField(default=0, verbose_name="width, pixels")),
                ("height", models.PositiveSmallIntegerField(default=0, verbose_name="height, pixels")),
                ("file", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="foundation.attachment", verbose_name="file")),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="activities.inspectionpoint", verbose_name="point to mend"
                    ),
                ),
            ],
            options={
                "verbose_name": "picture or document of a point",
                "verbose_name_plural": "pictures and documents of points",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("shows__in", ["found", "mended"])),
                        name="point_file_shows_the_point_found_or_mended",
                        violation_error_message="A picture shows the point as found or after mending.",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            RULES, "DROP TRIGGER point_file_is_never_emptied ON activities_pointfile; DROP TRIGGER point_file_stays_as_added ON activities_pointfile;"
        ),
    ]
