"""An assignment carries the moments of its shift, so that one person's shifts never overlap; what other systems read goes into the change log."""

from typing import ClassVar

from django.db import migrations

from portal.foundation.change_log import records_changes

ASSIGNMENT = """
CREATE FUNCTION members_carry_shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT during INTO NEW.during FROM members_shift WHERE id = NEW.shift_id;
    RETURN NEW;
END $$;
CREATE TRIGGER carry_shift BEFORE INSERT OR UPDATE ON members_assignment FOR EACH ROW EXECUTE FUNCTION members_carry_shift();
ALTER TABLE members_assignment ADD CONSTRAINT assignment_carries_the_shift
    FOREIGN KEY (shift_id, during) REFERENCES members_shift (id, during) ON UPDATE CASCADE;
ALTER TABLE members_assignment ALTER COLUMN during SET NOT NULL;
"""

# What is read of a shift is how many are on it: whoever comes or goes changes the shift.
COVER = """
CREATE FUNCTION members_record_cover() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO foundation_change (revision, at, model, object_id, operation)
    SELECT pg_current_xact_id()::text::bigint, now(), 'shift', public_id, 'U' FROM members_shift WHERE id IN (SELECT shift_id FROM touched);
    RETURN NULL;
END $$;
CREATE TRIGGER log_insert AFTER INSERT ON members_assignment REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION members_record_cover();
CREATE TRIGGER log_delete AFTER DELETE ON members_assignment REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION members_record_cover();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("members", "0006_roster"), ("foundation", "0002_rules")]

    operations: ClassVar = [
        migrations.RunSQL(
            ASSIGNMENT,
            "ALTER TABLE members_assignment ALTER COLUMN during DROP NOT NULL;"
            "ALTER TABLE members_assignment DROP CONSTRAINT assignment_carries_the_shift;"
            "DROP TRIGGER carry_shift ON members_assignment; DROP FUNCTION members_carry_shift;",
        ),
        records_changes("members_dutypost", "dutypost"),
        records_changes("members_shift", "shift"),
        migrations.RunSQL(
            COVER,
            "DROP TRIGGER log_insert ON members_assignment; DROP TRIGGER log_delete ON members_assignment; DROP FUNCTION members_record_cover;",
        ),
    ]
