"""Keep a metric's figures of a day in the order of their keys, as lists show them; find reports of periods by their last day."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0008_frozen_figures")]

    operations: ClassVar = [
        migrations.RemoveIndex("measure", "measure_by_metric"),
        migrations.AddIndex(
            "measure",
            models.Index(fields=["metric", "business_date", "id"], name="measure_by_metric", include=["value", "qualifier", "branch", "entry"]),
        ),
        migrations.AddIndex("periodreport", models.Index(fields=["last_day"], name="period_report_by_day")),
    ]
