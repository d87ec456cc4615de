"""Let an import be thrown away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0014_no_index_twice"),
    ]

    operations = [
        migrations.AlterField(
            model_name="reportimport",
            name="state",
            field=models.CharField(
                choices=[
                    ("reading", "being read and checked"),
                    ("refused", "cannot be read"),
                    ("checked", "waiting for your confirmation"),
                    ("filing", "being filed"),
                    ("filed", "filed"),
                    ("discarded", "thrown away"),
                ],
                default="reading",
                max_length=10,
                verbose_name="state",
            ),
        ),
    ]
