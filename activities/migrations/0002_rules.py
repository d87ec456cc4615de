"""What is filed never changes, and a figure agrees with its metric."""

from django.db import migrations

VERSIONS = """
CREATE FUNCTION activities_version_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.written_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER version_added BEFORE INSERT ON activities_reportversion FOR EACH ROW EXECUTE FUNCTION activities_version_added();

CREATE FUNCTION activities_version_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['state', 'known_until', 'reviewed_by_id', 'reviewed_at', 'review_note', 'confirmed_by_id', 'confirmed_at'];
BEGIN
    IF to_jsonb(NEW) - free <> to_jsonb(OLD) - free
        OR (OLD.state NOT IN ('filed', 'accepted') AND (NEW.state <> OLD.state OR NEW.known_until <> OLD.known_until)) THEN
        RAISE EXCEPTION 'a filed version is never changed' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_changed BEFORE UPDATE ON activities_reportversion FOR EACH ROW EXECUTE FUNCTION activities_version_changed();

CREATE FUNCTION activities_report_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) <> to_jsonb(OLD) THEN
        RAISE EXCEPTION 'a report keeps its branch and its days' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER report_changed BEFORE UPDATE ON activities_dailyreport FOR EACH ROW EXECUTE FUNCTION activities_report_changed();
CREATE TRIGGER report_changed BEFORE UPDATE ON activities_periodreport FOR EACH ROW EXECUTE FUNCTION activities_report_changed();
"""

KEPT = "".join(
    f"""
CREATE TRIGGER filed_is_kept BEFORE DELETE ON activities_{table} FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('filed_is_kept');
CREATE TRIGGER filed_is_never_emptied BEFORE TRUNCATE ON activities_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('filed_is_kept');
"""
    for table in ("dailyreport", "periodreport", "reportversion", "entry", "measure", "entryparticipant")
)
NOT_KEPT = "".join(
    f"DROP TRIGGER filed_is_kept ON activities_{table}; DROP TRIGGER filed_is_never_emptied ON activities_{table};"
    for table in ("dailyreport", "periodreport", "reportversion", "entry", "measure", "entryparticipant")
)

CONTENTS = """
CREATE TRIGGER filed_is_never_changed BEFORE UPDATE ON activities_entry
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('filed_is_never_changed');
CREATE TRIGGER filed_is_never_changed BEFORE UPDATE ON activities_measure
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('filed_is_never_changed');
CREATE TRIGGER filed_is_never_changed BEFORE UPDATE ON activities_entryparticipant
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('filed_is_never_changed');

CREATE FUNCTION activities_entry_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN activities_reportversion version ON version.id = added.version_id
               WHERE version.written_in <> pg_current_xact_id()::text::bigint) THEN
        RAISE EXCEPTION 'nothing is added to a filed version' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    IF EXISTS (SELECT 1 FROM added JOIN activities_reportversion version ON version.id = added.version_id
               LEFT JOIN activities_dailyreport daily ON daily.id = version.daily_report_id
               WHERE added.branch_id <> version.branch_id OR added.business_date IS DISTINCT FROM daily.business_date) THEN
        RAISE EXCEPTION 'an entry has the branch and the day of its report' USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_agrees_with_its_report';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_added AFTER INSERT ON activities_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_entry_added();

CREATE FUNCTION activities_participant_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN activities_entry entry ON entry.id = added.entry_id
               JOIN activities_reportversion version ON version.id = entry.version_id
               WHERE version.written_in <> pg_current_xact_id()::text::bigint) THEN
        RAISE EXCEPTION 'nothing is added to a filed version' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER participant_added AFTER INSERT ON activities_entryparticipant
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_participant_added();

CREATE FUNCTION activities_measure_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN activities_entry entry ON entry.id = added.entry_id
               JOIN activities_reportversion version ON version.id = entry.version_id
               WHERE version.written_in <> pg_current_xact_id()::text::bigint) THEN
        RAISE EXCEPTION 'nothing is added to a filed version' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    IF EXISTS (SELECT 1 FROM added JOIN activities_entry entry ON entry.id = added.entry_id
               WHERE added.branch_id <> entry.branch_id OR added.business_date IS DISTINCT FROM entry.business_date) THEN
        RAISE EXCEPTION 'a measure has the branch and the day of its entry' USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_agrees_with_its_report';
    END IF;
    IF EXISTS (SELECT 1 FROM added JOIN activities_entry entry ON entry.id = added.entry_id
               JOIN activities_metric metric ON metric.id = added.metric_id WHERE metric.kind <> entry.kind) THEN
        RAISE EXCEPTION 'a metric belongs to another kind of work' USING ERRCODE = 'check_violation', CONSTRAINT = 'measure_of_its_kind';
    END IF;
    IF EXISTS (SELECT 1 FROM added JOIN activities_metric metric ON metric.id = added.metric_id WHERE added.value <> round(added.value, metric.decimals)) THEN
        RAISE EXCEPTION 'more decimals than the metric has' USING ERRCODE = 'check_violation', CONSTRAINT = 'measure_is_as_fine_as_its_metric';
    END IF;
    IF EXISTS (SELECT 1 FROM added JOIN activities_metric metric ON metric.id = added.metric_id
               JOIN activities_unit own ON own.id = metric.unit_id JOIN activities_unit entered ON entered.id = added.unit_entered_id
               WHERE own.dimension <> entered.dimension OR added.value * own.factor <> added.value_entered * entered.factor) THEN
        RAISE EXCEPTION 'the value is not the value as entered, converted' USING ERRCODE = 'check_violation', CONSTRAINT = 'measure_converts_what_was_entered';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER measure_added AFTER INSERT ON activities_measure
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_measure_added();

-- Deferred: the two figures of a survey may come in either order.
CREATE FUNCTION activities_check_survey() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM activities_measure satisfied
        JOIN activities_metric ON activities_metric.id = satisfied.metric_id AND activities_metric.code = 'survey_satisfied'
        JOIN activities_measure valid ON valid.entry_id = satisfied.entry_id
        JOIN activities_metric valid_metric ON valid_metric.id = valid.metric_id AND valid_metric.code = 'survey_valid'
        WHERE satisfied.entry_id = NEW.entry_id AND satisfied.value > valid.value AND satisfied.qualifier = 'exact' AND valid.qualifier = 'exact') THEN
        RAISE EXCEPTION 'more satisfied than valid answers' USING ERRCODE = 'check_violation', CONSTRAINT = 'satisfied_are_among_the_valid';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER satisfied_are_among_the_valid AFTER INSERT ON activities_measure
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION activities_check_survey();

CREATE FUNCTION activities_metric_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.code, NEW.kind, NEW.unit_id, NEW.over_time, NEW.over_places, NEW.decimals) IS NOT DISTINCT FROM
       (OLD.code, OLD.kind, OLD.unit_id, OLD.over_time, OLD.over_places, OLD.decimals) THEN
        RETURN NEW;
    END IF;
    -- Waits for whoever is filing, so that none of their figures is of the old meaning.
    LOCK TABLE activities_measure IN SHARE MODE;
    IF EXISTS (SELECT 1 FROM activities_measure WHERE metric_id = OLD.id) THEN
        RAISE EXCEPTION 'a metric in use keeps its meaning' USING ERRCODE = 'check_violation', CONSTRAINT = 'metric_in_use_keeps_its_meaning';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER metric_changed BEFORE UPDATE ON activities_metric FOR EACH ROW EXECUTE FUNCTION activities_metric_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial"), ("foundation", "0002_rules"), ("members", "0002_rules")]

    operations = [
        migrations.RunSQL(
            VERSIONS,
            "DROP TRIGGER report_changed ON activities_periodreport; DROP TRIGGER report_changed ON activities_dailyreport;"
            "DROP FUNCTION activities_report_changed; DROP TRIGGER version_changed ON activities_reportversion; DROP FUNCTION activities_version_changed;"
            "DROP TRIGGER version_added ON activities_reportversion; DROP FUNCTION activities_version_added;",
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RunSQL(
            CONTENTS,
            "DROP TRIGGER metric_changed ON activities_metric; DROP FUNCTION activities_metric_changed;"
            "DROP TRIGGER satisfied_are_among_the_valid ON activities_measure; DROP FUNCTION activities_check_survey;"
            "DROP TRIGGER measure_added ON activities_measure; DROP FUNCTION activities_measure_added;"
            "DROP TRIGGER participant_added ON activities_entryparticipant; DROP FUNCTION activities_participant_added;"
            "DROP TRIGGER entry_added ON activities_entry; DROP FUNCTION activities_entry_added;"
            "DROP TRIGGER filed_is_never_changed ON activities_entryparticipant; DROP TRIGGER filed_is_never_changed ON activities_measure;"
            "DROP TRIGGER filed_is_never_changed ON activities_entry;",
        ),
    ]
