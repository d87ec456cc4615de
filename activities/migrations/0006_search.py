"""Notes are found by pairs of characters in their folded text, the newest first."""

from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

import portal.foundation.searching
from portal.foundation.searching import Bigrams

# The day is looked up only for rows with a note, which are few: a period's entry has no day of its own.
DAYS = """
CREATE FUNCTION activities_entry_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.note_day := coalesce(NEW.business_date, (
        SELECT period.last_day FROM activities_reportversion version JOIN activities_periodreport period ON period.id = version.period_report_id
        WHERE version.id = NEW.version_id));
    RETURN NEW;
END $$;
CREATE TRIGGER entry_noted BEFORE INSERT ON activities_entry FOR EACH ROW WHEN (NEW.note_folded IS NOT NULL) EXECUTE FUNCTION activities_entry_noted();

CREATE FUNCTION activities_version_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.note_day := coalesce(
        (SELECT business_date FROM activities_dailyreport WHERE id = NEW.daily_report_id),
        (SELECT last_day FROM activities_periodreport WHERE id = NEW.period_report_id));
    RETURN NEW;
END $$;
CREATE TRIGGER version_noted BEFORE INSERT ON activities_reportversion
    FOR EACH ROW WHEN (NEW.note_folded IS NOT NULL) EXECUTE FUNCTION activities_version_noted();
"""
NO_DAYS = (
    "DROP TRIGGER version_noted ON activities_reportversion; DROP FUNCTION activities_version_noted;"
    "DROP TRIGGER entry_noted ON activities_entry; DROP FUNCTION activities_entry_noted;"
)
# The planner learns how common a word is from an index of all rows only; these are of the rows with a note.
WORDS = """
CREATE STATISTICS entry_note_words ON (foundation_bigrams(note_folded)) FROM activities_entry;
CREATE STATISTICS version_note_words ON (foundation_bigrams(note_folded)) FROM activities_reportversion;
"""

NOTED = Q(note_folded__isnull=False)
FOLDED = Q(note_folded__isnull=False, note_folded__gt="") | Q(note_folded=None) & ~Q(note__regex="[0-9A-Za-z一-龥]")
MESSAGE = "A note is stored together with the text by which it is found."


def found_by_note(model: str, name: str) -> list[migrations.operations.base.Operation]:
    """Return the operations for one of the two models with notes. Notes from before are folded, and the rule checked, by the next migration."""
    folded = portal.foundation.searching.FoldedField(blank=True, editable=False, null=True, of="note", verbose_name="note, folded")
    day: models.DateField[str | date, date] = models.DateField(editable=False, null=True, verbose_name="day of the note")
    rule = models.CheckConstraint(condition=FOLDED, name=f"{name}_note_is_folded", violation_error_message=MESSAGE)
    return [
        migrations.AddField(model, "note_folded", folded),
        migrations.AddField(model, "note_day", day),
        migrations.AddIndex(model, GinIndex(Bigrams("note_folded"), condition=NOTED, gin_pending_list_limit=256, name=f"{name}_note_bigrams")),
        migrations.AddIndex(model, models.Index(condition=NOTED, fields=["note_day", "id"], name=f"{name}_by_note")),
        AddConstraintNotValid(model, rule),
    ]


class Migration(migrations.Migration):
    dependencies = [("activities", "0005_rollups"), ("foundation", "0004_search")]

    operations = [
        *found_by_note("entry", "entry"),
        *found_by_note("reportversion", "version"),
        migrations.RunSQL(DAYS, NO_DAYS),
        migrations.RunSQL(WORDS, "DROP STATISTICS version_note_words; DROP STATISTICS entry_note_words;"),
    ]
