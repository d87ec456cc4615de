"""Keep branches in the order of their names: the first few of a province are found without reading all."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("branches", "0005_search")]

    operations: ClassVar = [migrations.AddIndex("branch", models.Index(fields=["name_key", "id"], name="branch_by_name"))]
