"""What the application's role may not do by itself, done for it by functions of the owner: see docs/decisions/audit.md."""

from django.db import migrations

# The first looks at the transactions of other roles; the second counts rows for the planner, which only an owner may, and reads nothing out.
FORWARD = """
ALTER FUNCTION foundation_settled_here_before() SECURITY DEFINER SET search_path = pg_catalog;
CREATE FUNCTION foundation_analyze(VARIADIC tables regclass[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    counted regclass;
BEGIN
    FOREACH counted IN ARRAY tables LOOP
        EXECUTE format('ANALYZE %s', counted);
    END LOOP;
END $$;
"""
BACKWARD = """
DROP FUNCTION foundation_analyze(regclass[]);
ALTER FUNCTION foundation_settled_here_before() SECURITY INVOKER RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0009_epochs")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
