"""Close what breaking each rule on purpose found open: empty schedules, nameless refusals, and two transactions that miss each other."""

from django.db import migrations, models

# Before the row's check constraints: `life` is computed first, and refuses a backward span without naming a rule.
ENDS = """
CREATE FUNCTION branches_refuse_backward_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ended_on < NEW.started_work_on OR NEW.ended_on < NEW.established_on THEN
        RAISE EXCEPTION 'a branch ends before it starts' USING ERRCODE = 'check_violation', CONSTRAINT = 'branch_ends_after_it_starts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER branch_ends_after_it_starts BEFORE INSERT OR UPDATE ON branches_branch
    FOR EACH ROW EXECUTE FUNCTION branches_refuse_backward_life();
"""

# A move computes the paths of the regions it sees and drops all others: it must not pass a region that is just being added.
REGIONS = """
CREATE FUNCTION branches_hold_region_tree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('branches_regionpath'));
    RETURN NULL;
END $$;
CREATE TRIGGER region_tree_held BEFORE INSERT ON branches_region FOR EACH STATEMENT EXECUTE FUNCTION branches_hold_region_tree();
"""

# Two who change different places of one branch would each see a host that agrees; the branch's row makes them follow each other.
PLACES = """
CREATE FUNCTION branches_hold_branch_of_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM 1 FROM branches_branch WHERE id = OLD.branch_id FOR NO KEY UPDATE;
        RETURN OLD;
    END IF;
    PERFORM 1 FROM branches_branch WHERE id = NEW.branch_id FOR NO KEY UPDATE;
    RETURN NEW;
END $$;
CREATE TRIGGER branch_of_place_held BEFORE INSERT OR UPDATE OR DELETE ON branches_branchplace
    FOR EACH ROW EXECUTE FUNCTION branches_hold_branch_of_place();
"""


class Migration(migrations.Migration):
    dependencies = [("branches", "0003_change_log")]

    operations = [
        migrations.AddConstraint(
            model_name="branchschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("during__isempty", False)), name="branch_schedule_for_a_time", violation_error_message="The end is before the start."
            ),
        ),
        migrations.AlterConstraint(
            model_name="workunitpath",
            name="work_unit_path_once",
            constraint=models.UniqueConstraint(
                fields=("ancestor", "descendant"), name="work_unit_path_once", violation_error_message="This unit lies below the other one already."
            ),
        ),
        migrations.RunSQL(ENDS, "DROP TRIGGER branch_ends_after_it_starts ON branches_branch; DROP FUNCTION branches_refuse_backward_life;"),
        migrations.RunSQL(REGIONS, "DROP TRIGGER region_tree_held ON branches_region; DROP FUNCTION branches_hold_region_tree;"),
        migrations.RunSQL(PLACES, "DROP TRIGGER branch_of_place_held ON branches_branchplace; DROP FUNCTION branches_hold_branch_of_place;"),
    ]
