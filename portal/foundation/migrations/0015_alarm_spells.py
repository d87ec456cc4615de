"""Alarms are kept with when they began and ended, so that who comes in the morning sees the night."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0014_history_by_moment"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlarmSpell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("began_at", models.DateTimeField(verbose_name="began at")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "spell of an alarm",
                "verbose_name_plural": "spells of alarms",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("name",),
                        name="alarm_rings_once",
                        violation_error_message="This alarm is noted already.",
                    )
                ],
            },
        ),
    ]
