"""What keeps the records of a closed branch closed: triggers on every table that hangs on a branch, so that raw SQL is refused as a service is.

From `Branch.closed_at` on a statement that adds, changes or deletes a record of the branch is refused as a whole, under the name `branch_is_closed`.
A statement that begins before and ends after waits for the closing, or the closing for it: both lock the branch's row.
Retention still erases: what a model declares as sensitive may become nothing at any time; once the time after the branch is over it may be replaced by
anything, and rows that hold such fields may be deleted.
"""

from collections.abc import Iterable
from typing import Final

from django.db.migrations import RunSQL


class BranchClosed(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """The records of a branch are closed: nobody changes them, whatever else they may do."""


RULE: Final = "branch_is_closed"
# Which triggers there are: the statement, and how it names the rows that it touched.
_STATEMENTS: Final = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}
OWN: Final = "SELECT branch_id FROM touched"

FUNCTIONS: Final = """
CREATE FUNCTION branches_only_erased(before jsonb, after jsonb, columns text[], over boolean) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT before - columns = after - columns AND (over OR NOT EXISTS (
        SELECT FROM unnest(columns) AS name
        WHERE before -> name IS DISTINCT FROM after -> name AND coalesce(after ->> name, '') NOT IN ('', '—', '{}', '[]')));
$$;

-- Arguments: a query for the ids of the branches on which the rows in "touched" hang; then the columns that retention erases.
CREATE FUNCTION branches_refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched text := CASE TG_OP WHEN 'INSERT' THEN 'TABLE new_rows' WHEN 'DELETE' THEN 'TABLE old_rows' ELSE 'TABLE old_rows UNION ALL TABLE new_rows' END;
    columns text[] := TG_ARGV[1:];
    closed boolean := false;
    over boolean := true;
    kept boolean := true;
    branch record;
BEGIN
    -- The lock that a foreign key takes: it waits for whoever closes the branch, and then reads what they wrote.
    FOR branch IN EXECUTE 'SELECT closed_at, ended_on FROM branches_branch WHERE id = ANY (ARRAY(WITH touched AS (' || touched || ') ' || TG_ARGV[0]
        || ')) ORDER BY id FOR KEY SHARE' LOOP
        closed := closed OR branch.closed_at IS NOT NULL;
        over := over AND coalesce(branch.ended_on < portal_today() - 180, false);
    END LOOP;
    IF closed AND TG_OP = 'UPDATE' THEN
        EXECUTE 'SELECT EXISTS (SELECT FROM old_rows o JOIN new_rows n USING (id) WHERE NOT branches_only_erased(to_jsonb(o), to_jsonb(n), $1, $2))'
            INTO kept USING columns, over;
    ELSIF closed AND TG_OP = 'DELETE' THEN
        kept := NOT (over AND cardinality(columns) > 0);
    END IF;
    IF closed AND kept THEN
        RAISE EXCEPTION 'the records of this branch are closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'branch_is_closed';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION branches_keep_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.closed_at IS NOT NULL AND to_jsonb(NEW) - '{state}'::text[] <> to_jsonb(OLD) - '{state}'::text[] THEN
        RAISE EXCEPTION 'the records of this branch are closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'branch_is_closed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER branch_is_closed AFTER UPDATE OR DELETE ON branches_branch
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION branches_keep_closed();
"""
NO_FUNCTIONS: Final = """
DROP TRIGGER branch_is_closed ON branches_branch;
DROP FUNCTION branches_keep_closed; DROP FUNCTION branches_refuse_closed; DROP FUNCTION branches_only_erased;
"""


def closes(table: str, of: str = OWN, *, erased: Iterable[str] = (), on_update: str = "", never_on: Iterable[str] = ()) -> RunSQL:
    """Return the migration operation that keeps rows of `table` as they are once their branch is closed.

    Args:
        of: a query for the ids of the branches on which the rows in `touched` hang.
        erased: the columns that the model declares as sensitive.
        on_update: another such query for updates; it may join `old_rows` and `new_rows`.
        never_on: statements that are let through, such as DELETE of what nobody filed.
    """
    created, dropped = [], []
    for statement, rows in _STATEMENTS.items():
        if statement in never_on:
            continue
        query = (on_update or of) if statement == "UPDATE" else of
        arguments = ", ".join("'" + each.replace("'", "''") + "'" for each in (query, *erased))
        name = f"{RULE}_{statement.lower()}"
        created.append(
            f"CREATE TRIGGER {name} AFTER {statement} ON {table} REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION branches_refuse_closed({arguments});"
        )
        dropped.append(f"DROP TRIGGER {name} ON {table};")
    return RunSQL("\n".join(created), "\n".join(dropped))
