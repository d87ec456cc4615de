"""Searches are found by whom they showed: the auditor's page of an object names them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.fields.json import KeyTransform


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0016_temporary_tables_last"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=GinIndex(
                OpClass(KeyTransform("shown", "details"), name="jsonb_path_ops"),
                name="audit_by_shown",
                condition=models.Q(details__has_key="shown"),
            ),
        ),
    ]
