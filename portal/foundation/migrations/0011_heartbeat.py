"""The worker notes that it is there, so that somebody is told when it is not."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0010_application_role"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="name")),
                ("at", models.DateTimeField(verbose_name="when")),
            ],
            options={
                "verbose_name": "sign of life",
                "verbose_name_plural": "signs of life",
            },
        ),
    ]
