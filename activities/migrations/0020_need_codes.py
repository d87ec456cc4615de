"""The codes by which residents follow their needs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0019_surveys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="NeedCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code_hash", models.CharField(max_length=64, unique=True, verbose_name="SHA-256 of the code")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="made by"
                    ),
                ),
                ("need", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="code", to="activities.need", verbose_name="need")),
            ],
            options={
                "verbose_name": "code of a need",
                "verbose_name_plural": "codes of needs",
            },
        ),
    ]
