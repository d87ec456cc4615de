"""Rules over several tables: the closures of both trees, and a branch's host that agrees with its dated places."""

from django.db import migrations

REGION_PATHS = """
CREATE FUNCTION branches_region_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO branches_regionpath (ancestor_id, descendant_id, depth, during) SELECT id, id, 0, '(,)'::daterange FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER region_added AFTER INSERT ON branches_region
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION branches_region_added();

CREATE FUNCTION branches_refresh_region_paths() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Two movers at once would each write the closure of a tree that neither sees whole.
    PERFORM pg_advisory_xact_lock(hashtext('branches_regionpath'));
    CREATE TEMPORARY TABLE IF NOT EXISTS wanted_region_path (ancestor_id bigint, descendant_id bigint, depth smallint, during daterange) ON COMMIT DROP;
    DELETE FROM wanted_region_path;
    INSERT INTO wanted_region_path
    WITH RECURSIVE path(ancestor_id, descendant_id, depth, during) AS (
        SELECT id, id, 0, '(,)'::daterange FROM branches_region
        UNION ALL
        SELECT path.ancestor_id, link.region_id, path.depth + 1, path.during * link.during
        FROM path JOIN branches_regionparent link ON link.parent_id = path.descendant_id AND link.during && path.during
        WHERE path.depth < 16
    ) SELECT * FROM path;
    IF EXISTS (SELECT 1 FROM wanted_region_path WHERE ancestor_id = descendant_id AND depth > 0) THEN
        RAISE EXCEPTION 'a region would lie below itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'region_tree_has_no_circle';
    END IF;
    DELETE FROM branches_regionpath held WHERE NOT EXISTS (
        SELECT 1 FROM wanted_region_path wanted WHERE (wanted.ancestor_id, wanted.descendant_id, wanted.depth, wanted.during)
            = (held.ancestor_id, held.descendant_id, held.depth, held.during));
    INSERT INTO branches_regionpath (ancestor_id, descendant_id, depth, during)
    SELECT ancestor_id, descendant_id, depth, during FROM wanted_region_path
    EXCEPT SELECT ancestor_id, descendant_id, depth, during FROM branches_regionpath;
    RETURN NULL;
END $$;
CREATE TRIGGER region_moved AFTER INSERT OR UPDATE OR DELETE ON branches_regionparent
    FOR EACH STATEMENT EXECUTE FUNCTION branches_refresh_region_paths();
"""

UNIT_PATHS = """
CREATE FUNCTION branches_refresh_unit_paths() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('branches_workunitpath'));
    CREATE TEMPORARY TABLE IF NOT EXISTS wanted_unit_path (ancestor_id bigint, descendant_id bigint, depth smallint) ON COMMIT DROP;
    DELETE FROM wanted_unit_path;
    INSERT INTO wanted_unit_path
    WITH RECURSIVE path(ancestor_id, descendant_id, depth) AS (
        SELECT id, id, 0 FROM branches_workunit
        UNION ALL
        SELECT path.ancestor_id, unit.id, path.depth + 1
        FROM path JOIN branches_workunit unit ON unit.parent_id = path.descendant_id
        WHERE path.depth < 16
    ) SELECT * FROM path;
    IF EXISTS (SELECT 1 FROM wanted_unit_path WHERE ancestor_id = descendant_id AND depth > 0) THEN
        RAISE EXCEPTION 'a work unit would belong to itself' USING ERRCODE = 'check_violation', CONSTRAINT = 'work_unit_tree_has_no_circle';
    END IF;
    DELETE FROM branches_workunitpath held WHERE NOT EXISTS (
        SELECT 1 FROM wanted_unit_path wanted
        WHERE (wanted.ancestor_id, wanted.descendant_id, wanted.depth) = (held.ancestor_id, held.descendant_id, held.depth));
    INSERT INTO branches_workunitpath (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth FROM wanted_unit_path
    EXCEPT SELECT ancestor_id, descendant_id, depth FROM branches_workunitpath;
    RETURN NULL;
END $$;
CREATE TRIGGER unit_added AFTER INSERT ON branches_workunit FOR EACH STATEMENT EXECUTE FUNCTION branches_refresh_unit_paths();
-- Not OF parent_id: a statement trigger on a column list is not allowed beside transition tables later on, and renames are rare.
CREATE TRIGGER unit_moved AFTER UPDATE ON branches_workunit FOR EACH STATEMENT EXECUTE FUNCTION branches_refresh_unit_paths();
"""

PLACES = """
CREATE FUNCTION branches_branch_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO branches_branchplace (branch_id, region_id, during) SELECT id, region_id, '(,)'::daterange FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER branch_added AFTER INSERT ON branches_branch
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION branches_branch_added();

CREATE FUNCTION branches_check_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_branch bigint;
BEGIN
    IF TG_TABLE_NAME = 'branches_branch' THEN
        the_branch := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN
        the_branch := OLD.branch_id;
    ELSE
        the_branch := NEW.branch_id;
    END IF;
    IF EXISTS (SELECT 1 FROM branches_branch branch WHERE branch.id = the_branch AND branch.region_id IS DISTINCT FROM (
        SELECT region_id FROM branches_branchplace WHERE branch_id = the_branch ORDER BY during DESC LIMIT 1)) THEN
        RAISE EXCEPTION 'a branch is hosted where its latest place says' USING ERRCODE = 'check_violation', CONSTRAINT = 'branch_hosted_at_its_latest_place';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER branch_hosted_at_its_latest_place AFTER INSERT OR UPDATE ON branches_branch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION branches_check_place();
CREATE CONSTRAINT TRIGGER branch_hosted_at_its_latest_place AFTER INSERT OR UPDATE OR DELETE ON branches_branchplace
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION branches_check_place();
"""


class Migration(migrations.Migration):
    dependencies = [("branches", "0001_initial")]

    operations = [
        migrations.RunSQL(
            REGION_PATHS,
            "DROP TRIGGER region_moved ON branches_regionparent; DROP TRIGGER region_added ON branches_region;"
            "DROP FUNCTION branches_refresh_region_paths; DROP FUNCTION branches_region_added;",
        ),
        migrations.RunSQL(
            UNIT_PATHS,
            "DROP TRIGGER unit_moved ON branches_workunit; DROP TRIGGER unit_added ON branches_workunit; DROP FUNCTION branches_refresh_unit_paths;",
        ),
        migrations.RunSQL(
            PLACES,
            "DROP TRIGGER branch_hosted_at_its_latest_place ON branches_branchplace; DROP TRIGGER branch_hosted_at_its_latest_place ON branches_branch;"
            "DROP TRIGGER branch_added ON branches_branch; DROP FUNCTION branches_check_place; DROP FUNCTION branches_branch_added;",
        ),
    ]
