"""Squads carry the branch's life, whoever is in them the squad and the membership, posts and claims likewise; squads that are stored are fitted in."""

from django.db import migrations

SQUAD = """
CREATE TRIGGER carry_branch_life BEFORE INSERT OR UPDATE ON members_squad FOR EACH ROW EXECUTE FUNCTION members_carry_branch_life();
CREATE FUNCTION members_carry_squad() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT branch_id, during INTO NEW.branch_id, NEW.squad_during FROM members_squad WHERE id = NEW.squad_id;
    RETURN NEW;
END $$;
CREATE TRIGGER carry_squad BEFORE INSERT OR UPDATE ON members_squadmember FOR EACH ROW EXECUTE FUNCTION members_carry_squad();
CREATE TRIGGER carry_squad BEFORE INSERT OR UPDATE ON members_squadgrid FOR EACH ROW EXECUTE FUNCTION members_carry_squad();
"""

# Triggers of a table run in the order of their names: the branch is known before the membership in it is looked up.
MEMBERSHIP = """
CREATE FUNCTION members_carry_membership_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT id, during INTO NEW.membership_id, NEW.membership_during FROM members_membership
    WHERE branch_id = NEW.branch_id AND person_id = NEW.person_id AND during @> NEW.during;
    RETURN NEW;
END $$;
CREATE TRIGGER carry_the_membership BEFORE INSERT OR UPDATE ON members_squadmember FOR EACH ROW EXECUTE FUNCTION members_carry_membership_held();
CREATE TRIGGER carry_the_membership BEFORE INSERT OR UPDATE ON members_pioneerclaim FOR EACH ROW EXECUTE FUNCTION members_carry_membership_held();
"""

POST = """
CREATE TRIGGER carry_branch_life BEFORE INSERT OR UPDATE ON members_pioneerpost FOR EACH ROW EXECUTE FUNCTION members_carry_branch_life();
CREATE FUNCTION members_carry_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT branch_id, places, during INTO NEW.branch_id, NEW.post_places, NEW.post_during FROM members_pioneerpost WHERE id = NEW.post_id;
    RETURN NEW;
END $$;
CREATE TRIGGER carry_post BEFORE INSERT OR UPDATE ON members_pioneerclaim FOR EACH ROW EXECUTE FUNCTION members_carry_post();
"""

# When they claim: whose kind is corrected afterwards held the post all the same. The row is held, so that nobody corrects it in the same moment.
CLAIMANT = """
CREATE FUNCTION members_refuse_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.person_id <> OLD.person_id THEN
        PERFORM 1 FROM members_person WHERE id = NEW.person_id AND kind = 'member' FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'members_pioneerclaim is for Party members' USING ERRCODE = 'check_violation', CONSTRAINT = 'only_party_members_claim';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER only_party_members_claim BEFORE INSERT OR UPDATE ON members_pioneerclaim FOR EACH ROW EXECUTE FUNCTION members_refuse_others();
"""

# So far nothing kept a squad inside its branch's life, and whoever was in it inside their time in the branch.
FIT = """
DELETE FROM members_squadmember held USING members_squad squad JOIN branches_branch branch ON branch.id = squad.branch_id
    WHERE held.squad_id = squad.id AND NOT squad.during && branch.life;
DELETE FROM members_squad squad USING branches_branch branch WHERE branch.id = squad.branch_id AND NOT squad.during && branch.life;
UPDATE members_squad squad SET during = squad.during * branch.life FROM branches_branch branch WHERE branch.id = squad.branch_id;
UPDATE members_squadmember held SET during = held.during * squad.during * membership.during
    FROM members_squad squad JOIN members_membership membership ON membership.branch_id = squad.branch_id
    WHERE squad.id = held.squad_id AND membership.person_id = held.person_id AND NOT isempty(held.during * squad.during * membership.during);
DELETE FROM members_squadmember WHERE membership_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0014_squads")]

    operations = [
        migrations.RunSQL(
            SQUAD,
            "DROP TRIGGER carry_squad ON members_squadgrid; DROP TRIGGER carry_squad ON members_squadmember; DROP FUNCTION members_carry_squad;"
            "DROP TRIGGER carry_branch_life ON members_squad;",
        ),
        migrations.RunSQL(
            MEMBERSHIP,
            "DROP TRIGGER carry_the_membership ON members_pioneerclaim; DROP TRIGGER carry_the_membership ON members_squadmember;"
            "DROP FUNCTION members_carry_membership_held;",
        ),
        migrations.RunSQL(
            POST,
            "DROP TRIGGER carry_post ON members_pioneerclaim; DROP FUNCTION members_carry_post; DROP TRIGGER carry_branch_life ON members_pioneerpost;",
        ),
        migrations.RunSQL(CLAIMANT, "DROP TRIGGER only_party_members_claim ON members_pioneerclaim; DROP FUNCTION members_refuse_others;"),
        migrations.RunSQL(FIT, migrations.RunSQL.noop),
    ]
