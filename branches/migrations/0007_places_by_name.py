"""Keep regions and work units in the order of their names too."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("branches", "0006_branches_by_name")]

    operations: ClassVar = [
        migrations.AddIndex("region", models.Index(fields=["name_key", "id"], name="region_by_name")),
        migrations.AddIndex("workunit", models.Index(fields=["name_key", "id"], name="workunit_by_name")),
    ]
