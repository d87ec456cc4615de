"""Whoever is in a squad is in its branch, and a squad in the life of its branch; posts and claims likewise. What other systems read is logged."""

from django.db import migrations, models

from portal.foundation.change_log import records_changes

RULES = """
ALTER TABLE members_squad ADD CONSTRAINT squad_carries_the_branch_life
    FOREIGN KEY (branch_id, branch_life) REFERENCES branches_branch (id, life) ON UPDATE CASCADE;
ALTER TABLE members_squad ALTER COLUMN branch_life SET NOT NULL;
ALTER TABLE members_squadmember ADD CONSTRAINT squad_member_carries_the_squad
    FOREIGN KEY (squad_id, branch_id, squad_during) REFERENCES members_squad (id, branch_id, during) ON UPDATE CASCADE;
ALTER TABLE members_squadmember ADD CONSTRAINT squad_member_carries_the_membership
    FOREIGN KEY (membership_id, branch_id, membership_during) REFERENCES members_membership (id, branch_id, during) ON UPDATE CASCADE;
ALTER TABLE members_squadmember ALTER COLUMN branch_id SET NOT NULL, ALTER COLUMN squad_during SET NOT NULL;
ALTER TABLE members_squadgrid ADD CONSTRAINT squad_grid_carries_the_squad
    FOREIGN KEY (squad_id, branch_id, squad_during) REFERENCES members_squad (id, branch_id, during) ON UPDATE CASCADE;
ALTER TABLE members_squadgrid ALTER COLUMN branch_id SET NOT NULL, ALTER COLUMN squad_during SET NOT NULL;
ALTER TABLE members_pioneerpost ADD CONSTRAINT pioneer_post_carries_the_branch_life
    FOREIGN KEY (branch_id, branch_life) REFERENCES branches_branch (id, life) ON UPDATE CASCADE;
ALTER TABLE members_pioneerpost ALTER COLUMN branch_life SET NOT NULL;
ALTER TABLE members_pioneerclaim ADD CONSTRAINT pioneer_claim_carries_the_post
    FOREIGN KEY (post_id, branch_id, post_places, post_during) REFERENCES members_pioneerpost (id, branch_id, places, during) ON UPDATE CASCADE;
ALTER TABLE members_pioneerclaim ADD CONSTRAINT pioneer_claim_carries_the_membership
    FOREIGN KEY (membership_id, branch_id, membership_during) REFERENCES members_membership (id, branch_id, during) ON UPDATE CASCADE;
ALTER TABLE members_pioneerclaim ALTER COLUMN branch_id SET NOT NULL, ALTER COLUMN post_places SET NOT NULL, ALTER COLUMN post_during SET NOT NULL;
"""

# Whoever joins or goes, or covers a grid, changes what is read of a squad; whoever claims, what is read of a post.
PARTS = """
CREATE FUNCTION members_record_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'squad' THEN
        INSERT INTO foundation_change (revision, at, model, object_id, operation)
        SELECT pg_current_xact_id()::text::bigint, now(), 'squad', public_id, 'U' FROM members_squad WHERE id IN (SELECT squad_id FROM touched);
    ELSE
        INSERT INTO foundation_change (revision, at, model, object_id, operation)
        SELECT pg_current_xact_id()::text::bigint, now(), 'pioneerpost', public_id, 'U' FROM members_pioneerpost WHERE id IN (SELECT post_id FROM touched);
    END IF;
    RETURN NULL;
END $$;
"""


def records_part(table: str, whole: str) -> migrations.RunSQL:
    """Return the operation that logs each insert, update and delete of `table` as a change of what it is part of."""
    events = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
    made = [
        f"CREATE TRIGGER log_{event.lower()} AFTER {event} ON {table} REFERENCING {rows} TABLE AS touched"
        f" FOR EACH STATEMENT EXECUTE FUNCTION members_record_part('{whole}');"
        for event, rows in events.items()
    ]
    return migrations.RunSQL("".join(made), "".join(f"DROP TRIGGER log_{event.lower()} ON {table};" for event in events))


class Migration(migrations.Migration):
    dependencies = [("members", "0015_squads_inside"), ("foundation", "0002_rules")]

    operations = [
        migrations.AddConstraint(
            model_name="squad",
            constraint=models.CheckConstraint(
                condition=models.Q(("branch_life", None), ("during__contained_by", models.F("branch_life")), _connector="OR"),
                name="squad_inside_the_branch_life",
                violation_error_message="The squad must lie inside the life of the branch.",
            ),
        ),
        migrations.AddConstraint(
            model_name="squadmember",
            constraint=models.CheckConstraint(
                condition=models.Q(("squad_during", None), ("during__contained_by", models.F("squad_during")), _connector="OR"),
                name="squad_member_inside_the_squad",
                violation_error_message="Nobody is in a squad before it begins or after it ends.",
            ),
        ),
        migrations.AddConstraint(
            model_name="squadmember",
            constraint=models.CheckConstraint(
                condition=models.Q(("membership__isnull", False)),
                name="squad_member_is_in_the_branch",
                violation_error_message="Whoever is in a squad is in its branch in all that time.",
            ),
        ),
        migrations.RunSQL(
            RULES,
            "ALTER TABLE members_pioneerclaim ALTER COLUMN branch_id DROP NOT NULL, ALTER COLUMN post_places DROP NOT NULL,"
            " ALTER COLUMN post_during DROP NOT NULL, DROP CONSTRAINT pioneer_claim_carries_the_membership, DROP CONSTRAINT pioneer_claim_carries_the_post;"
            "ALTER TABLE members_pioneerpost ALTER COLUMN branch_life DROP NOT NULL, DROP CONSTRAINT pioneer_post_carries_the_branch_life;"
            "ALTER TABLE members_squadgrid ALTER COLUMN branch_id DROP NOT NULL, ALTER COLUMN squad_during DROP NOT NULL,"
            " DROP CONSTRAINT squad_grid_carries_the_squad;"
            "ALTER TABLE members_squadmember ALTER COLUMN branch_id DROP NOT NULL, ALTER COLUMN squad_during DROP NOT NULL,"
            " DROP CONSTRAINT squad_member_carries_the_membership, DROP CONSTRAINT squad_member_carries_the_squad;"
            "ALTER TABLE members_squad ALTER COLUMN branch_life DROP NOT NULL, DROP CONSTRAINT squad_carries_the_branch_life;",
        ),
        records_changes("members_pioneerpost", "pioneerpost"),
        migrations.RunSQL(PARTS, "DROP FUNCTION members_record_part;"),
        records_part("members_squadmember", "squad"),
        records_part("members_squadgrid", "squad"),
        records_part("members_pioneerclaim", "pioneerpost"),
    ]
