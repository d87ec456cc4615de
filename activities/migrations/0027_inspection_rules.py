"""An inspection stays as it was recorded, but may be withdrawn; a point of it changes together with an event, as a need does."""

from django.db import migrations

from portal.foundation.change_log import records_changes
from portal.foundation.event_log import changes_with_events

INSPECTIONS = """
CREATE FUNCTION activities_inspection_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
        OR to_jsonb(NEW) - ARRAY['withdrawn_at', 'withdrawn_by_id', 'withdrawn_why'] <> to_jsonb(OLD) - ARRAY['withdrawn_at', 'withdrawn_by_id', 'withdrawn_why']
    THEN
        RAISE EXCEPTION 'an inspection stays as recorded' USING ERRCODE = 'check_violation', CONSTRAINT = 'inspection_stays_as_recorded';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspection_stays_as_recorded BEFORE UPDATE ON activities_inspection FOR EACH ROW EXECUTE FUNCTION activities_inspection_changed();
CREATE TRIGGER inspection_is_kept BEFORE DELETE ON activities_inspection FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('inspection_is_kept');
CREATE TRIGGER inspection_is_never_emptied BEFORE TRUNCATE ON activities_inspection
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('inspection_is_kept');

ALTER TABLE activities_inspectionpoint ADD CONSTRAINT inspection_point_of_its_branch
    FOREIGN KEY (inspection_id, branch_id) REFERENCES activities_inspection (id, branch_id);
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0026_inspections"), ("foundation", "0008_event_log")]

    operations = [
        migrations.RunSQL(
            INSPECTIONS,
            "ALTER TABLE activities_inspectionpoint DROP CONSTRAINT inspection_point_of_its_branch;"
            "DROP TRIGGER inspection_is_never_emptied ON activities_inspection; DROP TRIGGER inspection_is_kept ON activities_inspection;"
            "DROP TRIGGER inspection_stays_as_recorded ON activities_inspection; DROP FUNCTION activities_inspection_changed;",
        ),
        changes_with_events(
            "activities_inspectionpoint",
            "activities_inspectionpointevent",
            "point_id",
            "inspection_point",
            ("inspection_id", "branch_id", "what", "found_on", "opened_at"),
        ),
        records_changes("activities_inspection", "inspection"),
        records_changes("activities_inspectionpoint", "inspectionpoint"),
    ]
