"""Name the full name of a person in words that have their Chinese."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0018_unnamed"),
    ]

    operations = [
        migrations.AlterField(
            model_name="person",
            name="name",
            field=models.CharField(max_length=60, verbose_name="full name"),
        ),
    ]
