"""Look at the figures of a statement once for all rules, and at surveys only where there is one.

A figure never changes and is added by the transaction that adds its report, so that of a survey's two figures the second finds the first: nothing has to
wait for the end of the transaction, row by row, for every figure there is.
"""

import re
from importlib import import_module
from typing import ClassVar

from django.db import migrations

first = import_module("activities.migrations.0002_rules")


def before(pattern: str) -> str:
    """Return a statement of the first rules."""
    found = re.search(pattern, first.CONTENTS, re.DOTALL)
    assert found is not None  # noqa: S101 - the text of a migration never changes
    return found[0]


FIGURES = """
CREATE OR REPLACE FUNCTION activities_measure_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    other_transaction boolean;
    other_report boolean;
    other_kind boolean;
    too_fine boolean;
    not_converted boolean;
BEGIN
    SELECT bool_or(version.written_in <> pg_current_xact_id()::text::bigint),
        bool_or(added.branch_id <> entry.branch_id OR added.business_date IS DISTINCT FROM entry.business_date) FILTER (WHERE entry.id IS NOT NULL),
        bool_or(metric.kind <> entry.kind),
        bool_or(added.value <> round(added.value, metric.decimals)),
        bool_or(own.dimension <> entered.dimension OR added.value * own.factor <> added.value_entered * entered.factor)
    INTO other_transaction, other_report, other_kind, too_fine, not_converted
    FROM added
    LEFT JOIN activities_entry entry ON entry.id = added.entry_id LEFT JOIN activities_reportversion version ON version.id = entry.version_id
    LEFT JOIN activities_metric metric ON metric.id = added.metric_id
    LEFT JOIN activities_unit own ON own.id = metric.unit_id LEFT JOIN activities_unit entered ON entered.id = added.unit_entered_id;
    IF other_transaction THEN
        RAISE EXCEPTION 'nothing is added to a filed version' USING ERRCODE = 'check_violation', CONSTRAINT = 'filed_is_never_changed';
    ELSIF other_report THEN
        RAISE EXCEPTION 'a measure has the branch and the day of its entry' USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_agrees_with_its_report';
    ELSIF other_kind THEN
        RAISE EXCEPTION 'a metric belongs to another kind of work' USING ERRCODE = 'check_violation', CONSTRAINT = 'measure_of_its_kind';
    ELSIF too_fine THEN
        RAISE EXCEPTION 'more decimals than the metric has' USING ERRCODE = 'check_violation', CONSTRAINT = 'measure_is_as_fine_as_its_metric';
    ELSIF not_converted THEN
        RAISE EXCEPTION 'the value is not the value as entered, converted' USING ERRCODE = 'check_violation', CONSTRAINT = 'measure_converts_what_was_entered';
    END IF;
    RETURN NULL;
END $$;
"""

SURVEYS = """
DROP TRIGGER satisfied_are_among_the_valid ON activities_measure;
DROP FUNCTION activities_check_survey();
CREATE FUNCTION activities_check_surveys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN activities_metric given ON given.id = added.metric_id AND given.code IN ('survey_satisfied', 'survey_valid')
        JOIN activities_measure satisfied ON satisfied.entry_id = added.entry_id
        JOIN activities_metric satisfied_metric ON satisfied_metric.id = satisfied.metric_id AND satisfied_metric.code = 'survey_satisfied'
        JOIN activities_measure valid ON valid.entry_id = added.entry_id
        JOIN activities_metric valid_metric ON valid_metric.id = valid.metric_id AND valid_metric.code = 'survey_valid'
        WHERE satisfied.value > valid.value AND satisfied.qualifier = 'exact' AND valid.qualifier = 'exact') THEN
        RAISE EXCEPTION 'more satisfied than valid answers' USING ERRCODE = 'check_violation', CONSTRAINT = 'satisfied_are_among_the_valid';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER satisfied_are_among_the_valid AFTER INSERT ON activities_measure
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_check_surveys();
"""
ROW_BY_ROW = (
    "DROP TRIGGER satisfied_are_among_the_valid ON activities_measure; DROP FUNCTION activities_check_surveys();"
    + before(r"CREATE FUNCTION activities_check_survey\(\).*?END \$\$;")
    + before(r"CREATE CONSTRAINT TRIGGER satisfied_are_among_the_valid.*?;")
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0011_imports")]

    operations: ClassVar = [
        migrations.RunSQL(FIGURES, before(r"CREATE FUNCTION activities_measure_added\(\).*?END \$\$;").replace("CREATE", "CREATE OR REPLACE", 1)),
        migrations.RunSQL(SURVEYS, ROW_BY_ROW),
    ]
