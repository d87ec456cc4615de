"""A contact point is kept, a visit stays as it was recorded; a point to mend keeps who found it."""

from django.db import migrations

from portal.foundation.change_log import records_changes

CONTACTS = """
CREATE TRIGGER contact_point_is_kept BEFORE DELETE ON activities_contactpoint FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('contact_point_is_kept');
CREATE TRIGGER contact_point_is_never_emptied BEFORE TRUNCATE ON activities_contactpoint
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('contact_point_is_kept');
CREATE TRIGGER contact_visit_stays_as_recorded BEFORE UPDATE OR DELETE ON activities_contactvisit
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
CREATE TRIGGER contact_visit_is_never_emptied BEFORE TRUNCATE ON activities_contactvisit
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
CREATE TRIGGER inspection_point_keeps_its_visit BEFORE UPDATE ON activities_inspectionpoint
    FOR EACH ROW EXECUTE FUNCTION foundation_keep_columns('inspection_point_keeps_its_beginning', 'visit_id');
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0028_contacts")]

    operations = [
        migrations.RunSQL(
            CONTACTS,
            "DROP TRIGGER inspection_point_keeps_its_visit ON activities_inspectionpoint;"
            "DROP TRIGGER contact_visit_is_never_emptied ON activities_contactvisit; DROP TRIGGER contact_visit_stays_as_recorded ON activities_contactvisit;"
            "DROP TRIGGER contact_point_is_never_emptied ON activities_contactpoint; DROP TRIGGER contact_point_is_kept ON activities_contactpoint;",
        ),
        records_changes("activities_contactpoint", "contactpoint"),
        records_changes("activities_contactvisit", "contactvisit"),
    ]
