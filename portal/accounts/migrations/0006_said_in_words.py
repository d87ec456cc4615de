"""Name the full name of an account and the end of a session in words that have their Chinese."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_oversight"),
    ]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="expire_date",
            field=models.DateTimeField(db_index=True, verbose_name="expires at"),
        ),
        migrations.AlterField(
            model_name="user",
            name="name",
            field=models.CharField(blank=True, max_length=60, verbose_name="full name"),
        ),
    ]
