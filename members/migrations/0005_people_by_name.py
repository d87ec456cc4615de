"""Keep people in the order of their names: a page of them is found without reading all."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0004_search")]

    operations: ClassVar = [migrations.AddIndex("person", models.Index(fields=["name_key", "id"], name="person_by_name"))]
