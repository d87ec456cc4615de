"""Compare the values that hold before and after a change in one pass, by a plan that a session makes once.

Planning the two sides anew took nine tenths of what the kept totals add to a filing.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

first = import_module("activities.migrations.0005_rollups")
SUMMED = ", ".join(f"sum(step.sign * spans.sign * spans.{name})" for name in first.COUNTERS)

PARTS = f"""
-- Figures whose value holds until the next one.
CREATE VIEW activities_heldfigure AS
SELECT measure.id AS measure_id, version.state IN {first.CURRENT} AS counted, entry.place_id, measure.branch_id AS branch, measure.metric_id AS metric,
    coalesce(measure.business_date, period.last_day) AS stands_on, measure.business_date IS NOT NULL AS daily, branch.life, {first.OF_MEASURE},
    coalesce(version.known_until, version.known_from) AS known
FROM activities_measure measure
JOIN activities_entry entry ON entry.id = measure.entry_id
JOIN activities_reportversion version ON version.id = entry.version_id
JOIN activities_metric metric ON metric.id = measure.metric_id AND metric.over_time = 'latest'
JOIN branches_branch branch ON branch.id = measure.branch_id AND branch.kind <> 'command_post'
LEFT JOIN activities_periodreport period ON period.id = version.period_report_id
WHERE version.period_report_id IS NULL OR period.relation = 'adds_to_daily';

-- They count as steps: up on the day they begin, down on the day they end.
CREATE FUNCTION activities_latest_parts(of_branches bigint[]) RETURNS TABLE (
    place_id bigint, tree_day date, day date, series integer, value numeric, count integer, n_nearly integer, n_over integer, n_about integer,
    n_at_least integer, owners numeric, owner_squares numeric, known timestamptz
) LANGUAGE sql STABLE AS $$
    WITH spans AS (
        -- On one day a daily figure is stronger than that of a period, and the later one stronger than the earlier.
        SELECT held.*, daterange(stands_on, lead(stands_on) OVER (PARTITION BY branch, metric ORDER BY stands_on, daily, measure_id)) * life AS during
        FROM activities_heldfigure held WHERE counted AND (of_branches IS NULL OR branch = ANY (of_branches))
    )
    SELECT place_id, stands_on, step.at, metric::integer, {", ".join(f"step.sign * spans.{name}" for name in first.COUNTERS)}, spans.known
    FROM spans CROSS JOIN LATERAL (VALUES (lower(during), 1), (upper(during), -1)) AS step (at, sign)
    WHERE NOT isempty(during) AND step.at IS NOT NULL
$$;
"""
# The same, but that nothing has to be left out or counted besides any more.
LEFT_OUT = ",\n        NULL, '{}', '{}', NULL, NULL) part"
assert LEFT_OUT in first.PARTS_AT  # noqa: S101 - the text of a migration never changes
PARTS_AT = first.PARTS_AT.replace(LEFT_OUT, ") part")


SHIFT_LATEST = f"""
-- The steps of some branches and metrics (all, when none are named) with their sign, and those of before with the other: `added` did not count then,
-- `removed` did, and a branch may have had another life.
CREATE FUNCTION activities_shift_latest(
    of_branches bigint[], of_metrics bigint[], added bigint[], removed bigint[], lives_of bigint[], lives daterange[]
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    the_metrics bigint[] := coalesce(of_metrics, ARRAY(SELECT id FROM activities_metric WHERE over_time = 'latest'));
BEGIN
    {first.INTO_DELTA}
    SELECT place_id, false, stands_on, step.at, 1, metric, {SUMMED}, max(known)
    FROM (
        SELECT held.*, world.sign,
            daterange(stands_on, lead(stands_on) OVER (PARTITION BY world.sign, branch, metric ORDER BY stands_on, daily, measure_id)) * world.life AS during
        FROM activities_heldfigure held
        LEFT JOIN unnest(lives_of, lives) AS former (branch_id, life) ON former.branch_id = held.branch
        CROSS JOIN LATERAL (VALUES
            (1, held.counted, held.life),
            (-1, (held.counted AND held.measure_id <> ALL (added)) OR held.measure_id = ANY (removed), coalesce(former.life, held.life))
        ) AS world (sign, counts, life)
        WHERE held.branch = ANY (of_branches) AND held.metric = ANY (the_metrics) AND world.counts
    ) AS spans
    CROSS JOIN LATERAL (VALUES (lower(during), 1), (upper(during), -1)) AS step (at, sign)
    WHERE NOT isempty(during) AND step.at IS NOT NULL
    GROUP BY place_id, stands_on, step.at, metric HAVING ({SUMMED}) <> (0, 0, 0, 0, 0, 0, 0, 0);
END $$;
"""
OLD = """
DROP FUNCTION activities_shift_latest(bigint[], bigint[], bigint[], bigint[], bigint[], daterange[]);
DROP FUNCTION activities_parts_at(bigint[]); DROP FUNCTION activities_latest_parts(bigint[], bigint[], bigint[], bigint[], bigint[], daterange[]);
"""
NEW = """
DROP FUNCTION activities_shift_latest(bigint[], bigint[], bigint[], bigint[], bigint[], daterange[]);
DROP FUNCTION activities_parts_at(bigint[]); DROP FUNCTION activities_latest_parts(bigint[]); DROP VIEW activities_heldfigure;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0009_measures_in_order")]

    operations: ClassVar = [
        migrations.RunSQL(OLD + PARTS + PARTS_AT + SHIFT_LATEST, NEW + first.LATEST_PARTS + first.PARTS_AT + first.SHIFT_LATEST),
    ]
