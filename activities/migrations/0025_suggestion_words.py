"""Let the words of suggestions go, and nothing else, 180 days after the end of their branch."""

from typing import ClassVar

from django.db import migrations

GOING = """
CREATE FUNCTION activities_suggestion_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{words,answer}') AND activities_words_may_go(ARRAY[OLD.branch_id]) THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) <> to_jsonb(OLD) AND NEW.revision <= OLD.revision THEN
        RAISE EXCEPTION 'a change of a suggestion has an event' USING ERRCODE = 'check_violation', CONSTRAINT = 'suggestion_changes_with_an_event';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER suggestion_never_changes_in_silence ON activities_suggestion;
CREATE TRIGGER suggestion_never_changes_in_silence BEFORE UPDATE ON activities_suggestion
    FOR EACH ROW EXECUTE FUNCTION activities_suggestion_changed();

CREATE FUNCTION activities_suggestion_event_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{note}')
        AND (SELECT activities_words_may_go(ARRAY[branch_id]) FROM activities_suggestion WHERE id = OLD.suggestion_id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'events are only added' USING ERRCODE = 'check_violation', CONSTRAINT = 'suggestion_event_is_only_added';
END $$;
DROP TRIGGER suggestion_event_is_only_added ON activities_suggestionevent;
CREATE TRIGGER suggestion_event_stays_as_it_is BEFORE UPDATE ON activities_suggestionevent
    FOR EACH ROW EXECUTE FUNCTION activities_suggestion_event_changed();
CREATE TRIGGER suggestion_event_is_only_added BEFORE DELETE ON activities_suggestionevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('suggestion_event_is_only_added');
"""
STAYING = """
DROP TRIGGER suggestion_event_is_only_added ON activities_suggestionevent;
DROP TRIGGER suggestion_event_stays_as_it_is ON activities_suggestionevent;
DROP FUNCTION activities_suggestion_event_changed;
CREATE TRIGGER suggestion_event_is_only_added BEFORE UPDATE OR DELETE ON activities_suggestionevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('suggestion_event_is_only_added');
DROP TRIGGER suggestion_never_changes_in_silence ON activities_suggestion;
DROP FUNCTION activities_suggestion_changed;
CREATE TRIGGER suggestion_never_changes_in_silence BEFORE UPDATE ON activities_suggestion
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_silence('suggestion_changes_with_an_event');
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0024_words_after_the_branch")]

    operations: ClassVar = [migrations.RunSQL(GOING, STAYING)]
