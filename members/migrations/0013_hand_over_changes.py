"""Hand-overs write to the change log."""

from typing import ClassVar

from django.db import migrations

from portal.foundation.change_log import records_changes


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0012_on_site")]

    operations: ClassVar = [records_changes("members_handover", "handover")]
