"""Close what breaking each rule on purpose found open: units that change under their figures, and rows added to a version not yet seen."""

from django.db import migrations, models

# The triggers of 0002 join the version, and find nothing when another transaction is still writing it: then they let the row pass.
ADDED = """
CREATE FUNCTION activities_refuse_unseen_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE NOT EXISTS (SELECT 1 FROM activities_reportversion version WHERE version.id = added.version_id)) THEN
        RAISE EXCEPTION 'nothing is added to another transaction''s version' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER version_is_seen AFTER INSERT ON activities_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_refuse_unseen_version();

CREATE FUNCTION activities_refuse_unseen_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added WHERE NOT EXISTS (SELECT 1 FROM activities_entry entry WHERE entry.id = added.entry_id)) THEN
        RAISE EXCEPTION 'nothing is added to another transaction''s entry' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER entry_is_seen AFTER INSERT ON activities_measure
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_refuse_unseen_entry();
CREATE TRIGGER entry_is_seen AFTER INSERT ON activities_entryparticipant
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_refuse_unseen_entry();
"""

UNITS = """
CREATE FUNCTION activities_unit_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.code, NEW.dimension, NEW.factor) IS NOT DISTINCT FROM (OLD.code, OLD.dimension, OLD.factor) THEN
        RETURN NEW;
    END IF;
    -- Waits for whoever is filing, so that none of their figures is converted by the old factor.
    LOCK TABLE activities_measure, activities_stockreceipt IN SHARE MODE;
    IF EXISTS (SELECT 1 FROM activities_measure WHERE unit_entered_id = OLD.id)
        OR EXISTS (SELECT 1 FROM activities_measure JOIN activities_metric metric ON metric.id = metric_id WHERE metric.unit_id = OLD.id)
        OR EXISTS (SELECT 1 FROM activities_stockreceipt WHERE unit_id = OLD.id) THEN
        RAISE EXCEPTION 'a unit in use keeps its meaning' USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_in_use_keeps_its_meaning';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER unit_changed BEFORE UPDATE ON activities_unit FOR EACH ROW EXECUTE FUNCTION activities_unit_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0003_change_log")]

    operations = [
        migrations.AlterConstraint(
            model_name="metric",
            name="metric_has_up_to_3_decimals",
            constraint=models.CheckConstraint(
                condition=models.Q(("decimals__lte", 3)), name="metric_has_up_to_3_decimals", violation_error_message="A metric has at most three decimals."
            ),
        ),
        migrations.AlterConstraint(
            model_name="metric",
            name="metric_distinct_is_not_added_over_places",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("over_time__in", ["distinct", "none"]), _negated=True), ("over_places", "none"), _connector="OR"),
                name="metric_distinct_is_not_added_over_places",
                violation_error_message="A metric that is never added over time is not added over places either.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reportdraft",
            name="one_draft_a_day",
            constraint=models.UniqueConstraint(
                fields=("user", "branch", "business_date"), name="one_draft_a_day", violation_error_message="You have a draft for this day already."
            ),
        ),
        migrations.AlterConstraint(
            model_name="unit",
            name="unit_factor_is_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("factor__gt", 0)), name="unit_factor_is_positive", violation_error_message="The factor of a unit is above zero."
            ),
        ),
        migrations.RunSQL(
            ADDED,
            "DROP TRIGGER entry_is_seen ON activities_entryparticipant; DROP TRIGGER entry_is_seen ON activities_measure;"
            "DROP TRIGGER version_is_seen ON activities_entry; DROP FUNCTION activities_refuse_unseen_entry;"
            "DROP FUNCTION activities_refuse_unseen_version;",
        ),
        migrations.RunSQL(UNITS, "DROP TRIGGER unit_changed ON activities_unit; DROP FUNCTION activities_unit_changed;"),
    ]
