"""Let words of merit go, and nothing else, 180 days after the end of their branch."""

from typing import ClassVar

from django.db import migrations

GOING = """
CREATE FUNCTION members_service_note_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.words = '—' AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words'
        AND EXISTS (SELECT FROM branches_branch WHERE id = OLD.branch_id AND ended_on < current_date - 180) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'words of merit are only added' USING ERRCODE = 'check_violation', CONSTRAINT = 'service_note_is_only_added';
END $$;
DROP TRIGGER service_note_is_only_added ON members_servicenote;
CREATE TRIGGER service_note_stays_as_it_is BEFORE UPDATE ON members_servicenote FOR EACH ROW EXECUTE FUNCTION members_service_note_changed();
CREATE TRIGGER service_note_is_only_added BEFORE DELETE ON members_servicenote
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('service_note_is_only_added');
"""
STAYING = """
DROP TRIGGER service_note_is_only_added ON members_servicenote;
DROP TRIGGER service_note_stays_as_it_is ON members_servicenote;
DROP FUNCTION members_service_note_changed;
CREATE TRIGGER service_note_is_only_added BEFORE UPDATE OR DELETE ON members_servicenote
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('service_note_is_only_added');
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0016_squad_rules")]

    operations: ClassVar = [migrations.RunSQL(GOING, STAYING)]
