"""Keep an attachment's name and hash longer than what it holds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0006_new_public_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="thrown_away_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="content thrown away at"),
        ),
    ]
