"""Let go what is declared to go after the end of a branch, and nothing else; nothing while a hold stands. Certificates are only added."""

from typing import ClassVar

from django.db import migrations

HELD = """
CREATE OR REPLACE FUNCTION activities_words_may_go(branches bigint[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM branches_branch WHERE id = ANY (branches) AND (ended_on IS NULL OR ended_on >= current_date - 180))
        AND NOT EXISTS (SELECT FROM retention_hold WHERE branch_id = ANY (branches) AND lifted_at IS NULL AND (until IS NULL OR until >= current_date));
$$;
CREATE OR REPLACE FUNCTION members_service_note_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.words = '—' AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words' AND activities_words_may_go(ARRAY[OLD.branch_id]) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'words of merit are only added' USING ERRCODE = 'check_violation', CONSTRAINT = 'service_note_is_only_added';
END $$;
"""
NOT_HELD = """
CREATE OR REPLACE FUNCTION members_service_note_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.words = '—' AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words'
        AND EXISTS (SELECT FROM branches_branch WHERE id = OLD.branch_id AND ended_on < current_date - 180) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'words of merit are only added' USING ERRCODE = 'check_violation', CONSTRAINT = 'service_note_is_only_added';
END $$;
CREATE OR REPLACE FUNCTION activities_words_may_go(branches bigint[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM branches_branch WHERE id = ANY (branches) AND (ended_on IS NULL OR ended_on >= current_date - 180));
$$;
"""

MORE = """
CREATE FUNCTION members_branch_of_shift(shift bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT post.branch_id FROM members_shift JOIN members_dutypost post ON post.id = post_id WHERE members_shift.id = shift;
$$;
DROP TRIGGER signed_hand_over_stays ON members_handover;
CREATE TRIGGER signed_hand_over_stays BEFORE UPDATE ON members_handover FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{open_needs,stock,notes}')
        AND activities_words_may_go(ARRAY[members_branch_of_shift(OLD.shift_id)])))
    EXECUTE FUNCTION members_refuse_signed();

DROP TRIGGER version_changed ON activities_reportversion;
CREATE TRIGGER version_changed BEFORE UPDATE ON activities_reportversion FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{note,note_folded,note_day,reason,review_note}')
        AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION activities_version_changed();

DROP TRIGGER filed_is_never_changed ON activities_entry;
CREATE TRIGGER filed_is_never_changed BEFORE UPDATE ON activities_entry FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{note,note_folded,note_day}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION foundation_refuse_change('filed_is_never_changed');

DROP TRIGGER answers_come_while_it_is_open ON activities_surveyresponse;
CREATE TRIGGER answers_come_while_it_is_open BEFORE INSERT ON activities_surveyresponse
    FOR EACH ROW EXECUTE FUNCTION activities_take_survey_response();
CREATE TRIGGER answers_stay_as_given BEFORE UPDATE ON activities_surveyresponse FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{browser}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION activities_take_survey_response();

DROP TRIGGER inspection_stays_as_recorded ON activities_inspection;
CREATE TRIGGER inspection_stays_as_recorded BEFORE UPDATE ON activities_inspection FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{inspector,looked_at,result,withdrawn_why}')
        AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION activities_inspection_changed();

DROP TRIGGER contact_visit_stays_as_it_is ON activities_contactvisit;
CREATE TRIGGER contact_visit_stays_as_it_is BEFORE UPDATE ON activities_contactvisit FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{found,stand_in}') AND activities_site_is_over(OLD.point_id)))
    EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
"""
LESS = """
DROP TRIGGER contact_visit_stays_as_it_is ON activities_contactvisit;
CREATE TRIGGER contact_visit_stays_as_it_is BEFORE UPDATE ON activities_contactvisit FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{found}') AND activities_site_is_over(OLD.point_id)))
    EXECUTE FUNCTION foundation_refuse_change('contact_visit_stays_as_recorded');
DROP TRIGGER inspection_stays_as_recorded ON activities_inspection;
CREATE TRIGGER inspection_stays_as_recorded BEFORE UPDATE ON activities_inspection FOR EACH ROW
    WHEN (NOT (activities_words_went(to_jsonb(OLD), to_jsonb(NEW), '{looked_at,result,withdrawn_why}') AND activities_words_may_go(ARRAY[OLD.branch_id])))
    EXECUTE FUNCTION activities_inspection_changed();
DROP TRIGGER answers_stay_as_given ON activities_surveyresponse;
DROP TRIGGER answers_come_while_it_is_open ON activities_surveyresponse;
CREATE TRIGGER answers_come_while_it_is_open BEFORE INSERT OR UPDATE ON activities_surveyresponse
    FOR EACH ROW EXECUTE FUNCTION activities_take_survey_response();
DROP TRIGGER filed_is_never_changed ON activities_entry;
CREATE TRIGGER filed_is_never_changed BEFORE UPDATE ON activities_entry
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('filed_is_never_changed');
DROP TRIGGER version_changed ON activities_reportversion;
CREATE TRIGGER version_changed BEFORE UPDATE ON activities_reportversion FOR EACH ROW EXECUTE FUNCTION activities_version_changed();
DROP TRIGGER signed_hand_over_stays ON members_handover;
CREATE TRIGGER signed_hand_over_stays BEFORE UPDATE ON members_handover FOR EACH ROW EXECUTE FUNCTION members_refuse_signed();
DROP FUNCTION members_branch_of_shift;
"""

KEPT = """
CREATE TRIGGER certificate_is_kept BEFORE UPDATE OR DELETE ON retention_certificate
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('certificate_is_kept');
CREATE TRIGGER certificate_is_never_emptied BEFORE TRUNCATE ON retention_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('certificate_is_kept');
CREATE TRIGGER hold_stays_as_placed BEFORE UPDATE ON retention_hold FOR EACH ROW
    WHEN (OLD.lifted_at IS NOT NULL OR to_jsonb(NEW) - '{lifted_at,lifted_by_id}'::text[] <> to_jsonb(OLD) - '{lifted_at,lifted_by_id}'::text[])
    EXECUTE FUNCTION foundation_refuse_change('hold_is_kept');
CREATE TRIGGER hold_is_kept BEFORE DELETE ON retention_hold FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('hold_is_kept');
CREATE TRIGGER hold_is_never_emptied BEFORE TRUNCATE ON retention_hold
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('hold_is_kept');
"""
NOT_KEPT = """
DROP TRIGGER hold_is_never_emptied ON retention_hold;
DROP TRIGGER hold_is_kept ON retention_hold;
DROP TRIGGER hold_stays_as_placed ON retention_hold;
DROP TRIGGER certificate_is_never_emptied ON retention_certificate;
DROP TRIGGER certificate_is_kept ON retention_certificate;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("retention", "0001_certificates"), ("activities", "0031_numbered_on"), ("members", "0018_unnamed")]

    operations: ClassVar = [migrations.RunSQL(HELD, NOT_HELD), migrations.RunSQL(MORE, LESS), migrations.RunSQL(KEPT, NOT_KEPT)]
