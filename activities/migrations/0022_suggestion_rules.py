"""A suggestion is kept, begins as it was recorded, and changes together with an event; events are only ever added."""

from django.db import migrations

from portal.foundation.change_log import records_changes
from portal.foundation.event_log import changes_with_events


class Migration(migrations.Migration):
    dependencies = [("activities", "0021_suggestions"), ("foundation", "0008_event_log")]

    operations = [
        changes_with_events(
            "activities_suggestion",
            "activities_suggestionevent",
            "suggestion_id",
            "suggestion",
            ("branch_id", "recorded_at", "recorded_on", "recorded_by_id"),
        ),
        records_changes("activities_suggestion", "suggestion"),
    ]
