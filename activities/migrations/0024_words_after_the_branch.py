"""Fold the words of needs recorded before; and let words go, and nothing else, 180 days after the end of the branch."""

from typing import Any, ClassVar, Final

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.foundation.text import fold

AT_ONCE: Final = 2000

GOING = """
CREATE FUNCTION activities_words_went(before jsonb, after jsonb, words text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT before <> after AND before - words = after - words
        AND NOT EXISTS (SELECT FROM unnest(words) AS word WHERE coalesce(after ->> word, '') NOT IN ('', '—'));
$$;
CREATE FUNCTION activities_words_may_go(branches bigint[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM branches_branch WHERE id = ANY (branches) AND (ended_on IS NULL OR ended_on >= current_date - 180));
$$;

CREATE OR REPLACE FUNCTION activities_need_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.origin_id, NEW.recorded_at, NEW.recorded_on, NEW.recorded_by_id, NEW.public_id)
        IS DISTINCT FROM (OLD.origin_id, OLD.recorded_at, OLD.recorded_on, OLD.recorded_by_id, OLD.public_id) THEN
        RAISE EXCEPTION 'a need begins as it was recorded' USING ERRCODE = 'check_violation', CONSTRAINT = 'need_keeps_its_beginning';
    END IF;
    IF activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{words,words_folded,household,contact,phone,result}')
        AND activities_words_may_go(ARRAY[OLD.branch_id, OLD.origin_id]) THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) <> to_jsonb(OLD) AND NEW.revision <= OLD.revision THEN
        RAISE EXCEPTION 'a change of a need has an event' USING ERRCODE = 'check_violation', CONSTRAINT = 'need_changes_with_an_event';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION activities_event_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{note}')
        AND (SELECT activities_words_may_go(ARRAY[OLD.branch_id, branch_id, origin_id]) FROM activities_need WHERE id = OLD.need_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'events are only added' USING ERRCODE = 'check_violation', CONSTRAINT = 'need_event_is_only_added';
END $$;
DROP TRIGGER need_event_is_only_added ON activities_needevent;
CREATE TRIGGER need_event_stays_as_it_is BEFORE UPDATE ON activities_needevent FOR EACH ROW EXECUTE FUNCTION activities_event_changed();
CREATE TRIGGER need_event_is_only_added BEFORE DELETE ON activities_needevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('need_event_is_only_added');

CREATE FUNCTION activities_answer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{free_text}')
        AND (SELECT activities_words_may_go(ARRAY[branch_id]) FROM activities_surveyresponse WHERE id = OLD.response_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an answer stays as it was given' USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_stays_as_given';
END $$;
DROP TRIGGER answer_stays_as_given ON activities_surveyanswer;
CREATE TRIGGER answer_stays_as_given BEFORE UPDATE ON activities_surveyanswer FOR EACH ROW EXECUTE FUNCTION activities_answer_changed();
"""
STAYING = """
DROP TRIGGER answer_stays_as_given ON activities_surveyanswer;
DROP FUNCTION activities_answer_changed;
CREATE TRIGGER answer_stays_as_given BEFORE UPDATE ON activities_surveyanswer
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('answer_stays_as_given');
DROP TRIGGER need_event_is_only_added ON activities_needevent;
DROP TRIGGER need_event_stays_as_it_is ON activities_needevent;
DROP FUNCTION activities_event_changed;
CREATE TRIGGER need_event_is_only_added BEFORE UPDATE OR DELETE ON activities_needevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('need_event_is_only_added');
CREATE OR REPLACE FUNCTION activities_need_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.origin_id, NEW.recorded_at, NEW.recorded_on, NEW.recorded_by_id, NEW.public_id)
        IS DISTINCT FROM (OLD.origin_id, OLD.recorded_at, OLD.recorded_on, OLD.recorded_by_id, OLD.public_id) THEN
        RAISE EXCEPTION 'a need begins as it was recorded' USING ERRCODE = 'check_violation', CONSTRAINT = 'need_keeps_its_beginning';
    END IF;
    IF to_jsonb(NEW) <> to_jsonb(OLD) AND NEW.revision <= OLD.revision THEN
        RAISE EXCEPTION 'a change of a need has an event' USING ERRCODE = 'check_violation', CONSTRAINT = 'need_changes_with_an_event';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION activities_words_may_go;
DROP FUNCTION activities_words_went;
"""


def fold_words(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write the folded words of each need, past the triggers: they say nothing that the row did not say before."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, words FROM activities_need WHERE words <> '' AND words_folded IS NULL")
        rows = cursor.fetchall()
        if not rows:
            return
        cursor.execute("ALTER TABLE activities_need DISABLE TRIGGER USER")
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            cursor.execute(
                "UPDATE activities_need need SET words_folded = folded.words FROM unnest(%s::bigint[], %s::text[]) folded (id, words) WHERE need.id = folded.id",
                [[pk for pk, _words in some], [fold(words) or None for _pk, words in some]],
            )
        cursor.execute("ALTER TABLE activities_need ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0023_need_words")]

    operations: ClassVar = [
        migrations.RunPython(fold_words, migrations.RunPython.noop),
        migrations.AddConstraint(
            "need",
            models.CheckConstraint(
                name="need_words_are_folded",
                condition=models.Q(words_folded__isnull=False, words_folded__gt="") | models.Q(words_folded=None) & ~models.Q(words__regex="[0-9A-Za-z一-龥]"),
                violation_error_message="What is needed is stored together with the text by which it is found.",
            ),
        ),
        migrations.RunSQL(GOING, STAYING),
    ]
