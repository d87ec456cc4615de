"""Let the words of inspections go, and nothing else, 180 days after the end of the branch; those of visits 180 days after nobody answers for the site."""

from typing import ClassVar

from django.db import migrations

GOING = """
CREATE FUNCTION activities_site_is_over(site bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM activities_contactpoint WHERE id = site AND closed_on < current_date - 180);
$$;

DROP TRIGGER inspection_stays_as_recorded ON activities_inspection;
CREATE TRIGGER inspection_stays_as_recorded BEFORE UPDATE ON activities_inspection FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{looked_at,result,withdrawn_why}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION activities_inspection_changed();

DROP TRIGGER inspection_point_keeps_its_beginning ON activities_inspectionpoint;
CREATE TRIGGER inspection_point_keeps_its_beginning BEFORE UPDATE ON activities_inspectionpoint FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{what}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION foundation_keep_columns(
        'inspection_point_keeps_its_beginning', 'public_id', 'inspection_id', 'branch_id', 'what', 'found_on', 'opened_at');
DROP TRIGGER inspection_point_never_changes_in_silence ON activities_inspectionpoint;
CREATE TRIGGER inspection_point_never_changes_in_silence BEFORE UPDATE ON activities_inspectionpoint FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{what}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION foundation_refuse_silence('inspection_point_changes_with_an_event');

DROP TRIGGER inspection_point_event_is_only_added ON activities_inspectionpointevent;
CREATE TRIGGER inspection_point_event_stays_as_it_is BEFORE UPDATE ON activities_inspectionpointevent FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{note}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION foundation_refuse_change('inspection_point_event_is_only_added');
CREATE TRIGGER inspection_point_event_is_only_added BEFORE DELETE ON activities_inspectionpointevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('inspection_point_event_is_only_added');

DROP TRIGGER contact_visit_stays_as_recorded ON activities_contactvisit;
CREATE TRIGGER contact_visit_stays_as_it_is BEFORE UPDATE ON activities_contactvisit FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{found}') AND activities_site_is_over(OLD.point_id)))
    EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
CREATE TRIGGER contact_visit_stays_as_recorded BEFORE DELETE ON activities_contactvisit
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
"""
STAYING = """
DROP TRIGGER contact_visit_stays_as_recorded ON activities_contactvisit;
DROP TRIGGER contact_visit_stays_as_it_is ON activities_contactvisit;
CREATE TRIGGER contact_visit_stays_as_recorded BEFORE UPDATE OR DELETE ON activities_contactvisit
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
DROP TRIGGER inspection_point_event_is_only_added ON activities_inspectionpointevent;
DROP TRIGGER inspection_point_event_stays_as_it_is ON activities_inspectionpointevent;
CREATE TRIGGER inspection_point_event_is_only_added BEFORE UPDATE OR DELETE ON activities_inspectionpointevent
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('inspection_point_event_is_only_added');
DROP TRIGGER inspection_point_never_changes_in_silence ON activities_inspectionpoint;
CREATE TRIGGER inspection_point_never_changes_in_silence BEFORE UPDATE ON activities_inspectionpoint
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_silence('inspection_point_changes_with_an_event');
DROP TRIGGER inspection_point_keeps_its_beginning ON activities_inspectionpoint;
CREATE TRIGGER inspection_point_keeps_its_beginning BEFORE UPDATE ON activities_inspectionpoint FOR EACH ROW EXECUTE FUNCTION foundation_keep_columns(
    'inspection_point_keeps_its_beginning', 'public_id', 'inspection_id', 'branch_id', 'what', 'found_on', 'opened_at');
DROP TRIGGER inspection_stays_as_recorded ON activities_inspection;
CREATE TRIGGER inspection_stays_as_recorded BEFORE UPDATE ON activities_inspection FOR EACH ROW EXECUTE FUNCTION activities_inspection_changed();
DROP FUNCTION activities_site_is_over;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0029_contact_rules")]

    operations: ClassVar = [migrations.RunSQL(GOING, STAYING)]
