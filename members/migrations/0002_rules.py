"""A membership lies inside the branch's life, a term of office inside the membership: the outer span is carried by composite foreign keys."""

from django.db import migrations

MEMBERSHIP = """
CREATE FUNCTION members_carry_branch_life() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT life INTO NEW.branch_life FROM branches_branch WHERE id = NEW.branch_id;
    RETURN NEW;
END $$;
CREATE TRIGGER carry_branch_life BEFORE INSERT OR UPDATE ON members_membership FOR EACH ROW EXECUTE FUNCTION members_carry_branch_life();
ALTER TABLE members_membership ADD CONSTRAINT membership_carries_the_branch_life
    FOREIGN KEY (branch_id, branch_life) REFERENCES branches_branch (id, life) ON UPDATE CASCADE;
ALTER TABLE members_membership ALTER COLUMN branch_life SET NOT NULL;
"""

TERM = """
CREATE FUNCTION members_carry_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT branch_id, during INTO NEW.branch_id, NEW.membership_during FROM members_membership WHERE id = NEW.membership_id;
    RETURN NEW;
END $$;
CREATE TRIGGER carry_membership BEFORE INSERT OR UPDATE ON members_officerterm FOR EACH ROW EXECUTE FUNCTION members_carry_membership();
ALTER TABLE members_officerterm ADD CONSTRAINT term_carries_the_membership
    FOREIGN KEY (membership_id, branch_id, membership_during) REFERENCES members_membership (id, branch_id, during) ON UPDATE CASCADE;
ALTER TABLE members_officerterm ALTER COLUMN branch_id SET NOT NULL, ALTER COLUMN membership_during SET NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("branches", "0002_rules")]

    operations = [
        migrations.RunSQL(
            MEMBERSHIP,
            "ALTER TABLE members_membership ALTER COLUMN branch_life DROP NOT NULL;"
            "ALTER TABLE members_membership DROP CONSTRAINT membership_carries_the_branch_life;"
            "DROP TRIGGER carry_branch_life ON members_membership; DROP FUNCTION members_carry_branch_life;",
        ),
        migrations.RunSQL(
            TERM,
            "ALTER TABLE members_officerterm ALTER COLUMN branch_id DROP NOT NULL, ALTER COLUMN membership_during DROP NOT NULL;"
            "ALTER TABLE members_officerterm DROP CONSTRAINT term_carries_the_membership;"
            "DROP TRIGGER carry_membership ON members_officerterm; DROP FUNCTION members_carry_membership;",
        ),
    ]
