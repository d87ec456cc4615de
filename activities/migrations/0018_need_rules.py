"""A need is kept, begins as it was recorded, and changes together with an event; events are only ever added."""

from django.db import migrations

from portal.foundation.change_log import records_changes

NEEDS = """
CREATE FUNCTION activities_need_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER need_changed BEFORE UPDATE ON activities_need FOR EACH ROW EXECUTE FUNCTION activities_need_changed();

-- Deferred: the need is written before its event.
CREATE FUNCTION activities_check_need() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM activities_needevent WHERE need_id = NEW.id AND number = NEW.revision) THEN
        RAISE EXCEPTION 'a change of a need has an event' USING ERRCODE = 'check_violation', CONSTRAINT = 'need_changes_with_an_event';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER need_changes_with_an_event AFTER INSERT OR UPDATE ON activities_need
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION activities_check_need();

CREATE TRIGGER need_is_kept BEFORE DELETE ON activities_need FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('need_is_kept');
CREATE TRIGGER need_is_never_emptied BEFORE TRUNCATE ON activities_need FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('need_is_kept');
"""

EVENTS = """
CREATE TRIGGER need_event_is_only_added BEFORE UPDATE OR DELETE ON activities_needevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('need_event_is_only_added');
CREATE TRIGGER need_event_is_never_emptied BEFORE TRUNCATE ON activities_needevent
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('need_event_is_only_added');
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0017_needs")]

    operations = [
        migrations.RunSQL(
            NEEDS,
            "DROP TRIGGER need_is_never_emptied ON activities_need; DROP TRIGGER need_is_kept ON activities_need;"
            "DROP TRIGGER need_changes_with_an_event ON activities_need; DROP FUNCTION activities_check_need;"
            "DROP TRIGGER need_changed ON activities_need; DROP FUNCTION activities_need_changed;",
        ),
        migrations.RunSQL(
            EVENTS, "DROP TRIGGER need_event_is_never_emptied ON activities_needevent; DROP TRIGGER need_event_is_only_added ON activities_needevent;"
        ),
        records_changes("activities_need", "need"),
        records_changes("activities_needevent", "needevent"),
    ]
