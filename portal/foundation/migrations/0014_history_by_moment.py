"""The history of an object or an account is read in the order of its moments."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0013_seals")]

    operations = [
        migrations.RemoveIndex(model_name="rowchange", name="row_change_by_object"),
        migrations.RemoveIndex(model_name="rowchange", name="row_change_by_actor"),
        migrations.AddIndex(
            model_name="rowchange",
            index=models.Index(condition=models.Q(("object_id__isnull", False)), fields=["object_id", "at"], name="row_change_by_object"),
        ),
        migrations.AddIndex(model_name="rowchange", index=models.Index(fields=["actor", "at"], name="row_change_by_actor")),
    ]
