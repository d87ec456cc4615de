"""Since when a person is under a pseudonym."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0017_merit_after_the_branch"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="unnamed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="under a pseudonym since"),
        ),
    ]
