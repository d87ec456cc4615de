"""Totals kept for wide regions, by deltas that triggers append: see docs/decisions/rollups.md.

What a row contributes is written once, in the views and functions of `PARTS`; the triggers write it signed, a rebuild adds it up anew.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F

KINDS = [
    "checkpoint",
    "shift",
    "patrol",
    "disinfection",
    "delivery",
    "errand",
    "unloading",
    "screening",
    "survey",
    "need",
    "hotline",
    "card",
    "visit",
    "transport",
    "publicity",
    "meeting",
    "donation",
    "mediation",
    "counselling",
    "inspection",
    "resumption",
]
COUNTERS = ("value", "count", "n_nearly", "n_over", "n_about", "n_at_least", "owners", "owner_squares")
COLUMNS = ", ".join(COUNTERS)
# The same columns, summed with the sign of each row.
SUMMED = ", ".join(f"sum(sign * {name})" for name in COUNTERS)
ANY_LEFT = f"({SUMMED}) <> (0, 0, 0, 0, 0, 0, 0, 0)"
OF_MEASURE = """measure.value, 1 AS count, (measure.qualifier = 'nearly')::int AS n_nearly, (measure.qualifier = 'over')::int AS n_over,
    (measure.qualifier = 'about')::int AS n_about, (measure.qualifier = 'at_least')::int AS n_at_least,
    measure.branch_id::numeric AS owners, measure.branch_id::numeric * measure.branch_id AS owner_squares"""
OF_ONE = "0 AS n_nearly, 0 AS n_over, 0 AS n_about, 0 AS n_at_least, 0::numeric AS owners, 0::numeric AS owner_squares"
CURRENT = "('filed', 'accepted')"
ROLLED = "('province', 'prefecture', 'county', 'township')"

KIND_SERIES = f"""
CREATE FUNCTION activities_kind_series(kind text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT -100 - (array_position(ARRAY[{", ".join(repr(kind) for kind in KINDS)}]::text[], kind) - 1)
$$;
"""

# Each by itself, because a later migration replaces it and names it for its way back.
LATEST_PARTS = f"""
-- Values that hold until the next one, as steps: up on the day they begin, down on the day they end. The branches and metrics may be narrowed;
-- figures may be left out, or counted though their version no longer is, and a branch may be given another life: so was it before a change.
CREATE FUNCTION activities_latest_parts(
    of_branches bigint[], of_metrics bigint[], without bigint[], besides bigint[], lives_of bigint[], lives daterange[]
) RETURNS TABLE (
    place_id bigint, tree_day date, day date, series integer, value numeric, count integer, n_nearly integer, n_over integer, n_about integer,
    n_at_least integer, owners numeric, owner_squares numeric, known timestamptz
) LANGUAGE sql STABLE AS $$
    WITH held AS (
        SELECT measure.id, measure.branch_id AS branch, measure.metric_id AS metric, entry.place_id AS place,
            coalesce(measure.business_date, period.last_day) AS stands_on, measure.business_date IS NOT NULL AS daily,
            coalesce(other.life, branch.life) AS life, coalesce(version.known_until, version.known_from) AS known, {OF_MEASURE}
        FROM activities_metric metric
        JOIN activities_measure measure ON measure.metric_id = metric.id
        JOIN activities_entry entry ON entry.id = measure.entry_id
        JOIN activities_reportversion version ON version.id = entry.version_id
        JOIN branches_branch branch ON branch.id = measure.branch_id AND branch.kind <> 'command_post'
        LEFT JOIN activities_periodreport period ON period.id = version.period_report_id
        LEFT JOIN unnest(lives_of, lives) AS other (branch_id, life) ON other.branch_id = measure.branch_id
        WHERE metric.over_time = 'latest'
            AND (of_branches IS NULL OR measure.branch_id = ANY (of_branches)) AND (of_metrics IS NULL OR measure.metric_id = ANY (of_metrics))
            AND (version.period_report_id IS NULL OR period.relation = 'adds_to_daily')
            AND ((version.state IN {CURRENT} AND measure.id <> ALL (without)) OR measure.id = ANY (besides))
    ), spans AS (
        -- On one day a daily figure is stronger than that of a period, and the later one stronger than the earlier.
        SELECT held.*, daterange(stands_on, lead(stands_on) OVER (PARTITION BY branch, metric ORDER BY stands_on, daily, id)) * life AS during FROM held
    )
    SELECT place, stands_on, step.at, metric::integer, step.sign * spans.value, step.sign * spans.count, step.sign * spans.n_nearly,
        step.sign * spans.n_over, step.sign * spans.n_about, step.sign * spans.n_at_least, step.sign * spans.owners, step.sign * spans.owner_squares,
        spans.known
    FROM spans CROSS JOIN LATERAL (VALUES (lower(during), 1), (upper(during), -1)) AS step (at, sign)
    WHERE NOT isempty(during) AND step.at IS NOT NULL
$$;
"""

PARTS_AT = f"""
-- All that counts at some places, or anywhere, except for what is due.
CREATE FUNCTION activities_parts_at(places bigint[]) RETURNS TABLE (
    place_id bigint, tree_day date, day date, days integer, series integer, value numeric, count integer, n_nearly integer, n_over integer,
    n_about integer, n_at_least integer, owners numeric, owner_squares numeric, known timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT place_id, day, day, days, series, {COLUMNS}, known FROM activities_measurepart WHERE counted AND (places IS NULL OR place_id = ANY (places))
    UNION ALL
    SELECT place_id, day, day, days, series, {COLUMNS}, known FROM activities_entrypart WHERE counted AND (places IS NULL OR place_id = ANY (places))
    UNION ALL
    SELECT place_id, tree_day, day, 1, series, {COLUMNS}, known
    FROM activities_latest_parts(
        CASE WHEN places IS NULL THEN NULL ELSE ARRAY(SELECT DISTINCT branch_id FROM activities_entry WHERE place_id = ANY (places)) END,
        NULL, '{{}}', '{{}}', NULL, NULL) part
    WHERE places IS NULL OR place_id = ANY (places)
    UNION ALL
    SELECT spell.place_id, fact.day, fact.day, 1, said.series, said.n, said.n, 0, 0, 0, 0, 0, 0, fact.known
    FROM activities_duespell spell
    JOIN activities_reportfact fact ON fact.branch_id = spell.branch_id AND spell.during @> fact.day AND fact.reported = 1
    CROSS JOIN LATERAL (VALUES (-2, 1), (-3, fact.late), (-4, fact.corrected), (-5, fact.waiting)) AS said (series, n)
    WHERE said.n <> 0 AND (places IS NULL OR spell.place_id = ANY (places))
$$;
"""

PARTS = f"""
-- Figures that stand on their day or period.
CREATE VIEW activities_measurepart AS
SELECT measure.id AS measure_id, version.id AS version_id, version.state IN {CURRENT} AS counted, entry.place_id,
    coalesce(measure.business_date, period.last_day) AS day, coalesce(period.last_day - period.first_day + 1, 1) AS days,
    measure.metric_id::integer AS series, {OF_MEASURE}, coalesce(version.known_until, version.known_from) AS known
FROM activities_measure measure
JOIN activities_entry entry ON entry.id = measure.entry_id
JOIN activities_reportversion version ON version.id = entry.version_id
JOIN activities_metric metric ON metric.id = measure.metric_id AND metric.over_time <> 'latest'
JOIN branches_branch branch ON branch.id = measure.branch_id AND branch.kind <> 'command_post'
LEFT JOIN activities_periodreport period ON period.id = version.period_report_id
WHERE version.period_report_id IS NULL OR period.relation = 'adds_to_daily';

-- Entries, by kind of work.
CREATE VIEW activities_entrypart AS
SELECT entry.id AS entry_id, version.id AS version_id, version.state IN {CURRENT} AS counted, entry.place_id,
    coalesce(entry.business_date, period.last_day) AS day, coalesce(period.last_day - period.first_day + 1, 1) AS days,
    activities_kind_series(entry.kind) AS series, 1::numeric AS value, 1 AS count, {OF_ONE}, coalesce(version.known_until, version.known_from) AS known
FROM activities_entry entry
JOIN activities_reportversion version ON version.id = entry.version_id
JOIN branches_branch branch ON branch.id = entry.branch_id AND branch.kind <> 'command_post'
LEFT JOIN activities_periodreport period ON period.id = version.period_report_id
WHERE version.period_report_id IS NULL OR period.relation = 'adds_to_daily';

{LATEST_PARTS}
-- From when to when a branch owes reports, and where it is hosted meanwhile.
CREATE VIEW activities_duespell AS
SELECT branch.id AS branch_id, place.region_id AS place_id,
    branch.life * place.during * daterange(greatest(branch.reports_from, DATE '1900-01-01'), NULL) AS during
FROM branches_branch branch JOIN branches_branchplace place ON place.branch_id = branch.id
WHERE branch.kind <> 'command_post' AND branch.reports_daily
    AND NOT isempty(branch.life * place.during * daterange(greatest(branch.reports_from, DATE '1900-01-01'), NULL));

-- What a version says about its report, each 0 or 1. Late is a report of which nothing was filed before it was due.
CREATE VIEW activities_reportfact AS
SELECT version.id AS version_id, version.branch_id, report.business_date AS day, (version.state IN {CURRENT})::int AS reported,
    (NOT EXISTS (
        SELECT FROM activities_reportversion earlier WHERE earlier.daily_report_id = version.daily_report_id AND earlier.number <= version.number
            AND (earlier.due_at IS NULL OR earlier.known_from <= earlier.due_at)))::int AS late,
    (version.nature = 'correction')::int AS corrected, (version.state = 'filed')::int AS waiting, coalesce(version.known_until, version.known_from) AS known
FROM activities_reportversion version JOIN activities_dailyreport report ON report.id = version.daily_report_id;

{PARTS_AT}
-- What is due in a wide region, as steps, for spells of branches at places.
CREATE FUNCTION activities_due_parts(places bigint[], spells daterange[]) RETURNS TABLE (node_id bigint, day date, n integer) LANGUAGE sql STABLE AS $$
    SELECT path.ancestor_id, step.at, step.sign
    FROM unnest(places, spells) AS spell (place_id, during)
    JOIN branches_regionpath path ON path.descendant_id = spell.place_id AND path.during && spell.during
    JOIN branches_region region ON region.id = path.ancestor_id AND region.level IN {ROLLED}
    CROSS JOIN LATERAL (VALUES (lower(path.during * spell.during), 1), (upper(path.during * spell.during), -1)) AS step (at, sign)
    WHERE step.at IS NOT NULL
$$;
"""

INTO_DELTA = f"INSERT INTO activities_rollupdelta (place_id, alone, tree_day, day, days, series, {COLUMNS}, known)"

SHIFT_LATEST = f"""
CREATE FUNCTION activities_shift_latest(
    of_branches bigint[], of_metrics bigint[], added bigint[], removed bigint[], lives_of bigint[], lives daterange[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    {INTO_DELTA}
    SELECT place_id, false, tree_day, day, 1, series, {SUMMED}, max(known)
    FROM (
        SELECT 1 AS sign, now.* FROM activities_latest_parts(of_branches, of_metrics, '{{}}', '{{}}', NULL, NULL) AS now
        UNION ALL
        SELECT -1, before.* FROM activities_latest_parts(of_branches, of_metrics, added, removed, lives_of, lives) AS before
    ) AS part
    GROUP BY place_id, tree_day, day, series HAVING {ANY_LEFT};
END $$;
"""

WRITERS = f"""
-- Changes of one branch follow each other: what holds, and what is due, depends on its other reports. A bounded number of locks for any number of branches.
CREATE FUNCTION activities_hold_branches(branches bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The rows first, as foreign keys would ask for later: whoever changes a branch has its row before anything else.
    PERFORM FROM branches_branch WHERE id = ANY (branches) ORDER BY id FOR KEY SHARE;
    PERFORM pg_advisory_xact_lock(hashtext('activities_rollup'), slot)
    FROM (SELECT DISTINCT (branch % 1024)::int AS slot FROM unnest(branches) AS branch ORDER BY slot) AS slots;
END $$;

{SHIFT_LATEST}

-- Spells that begin (sign 1) or are gone (sign -1), with the reports that fall into them.
CREATE FUNCTION activities_shift_due(the_sign integer, the_branches bigint[], the_places bigint[], the_spells daterange[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO activities_rollupdelta (place_id, alone, tree_day, day, days, series, value, count, {", ".join(COUNTERS[2:])})
    SELECT node_id, true, day, day, 1, -1, the_sign * sum(n), the_sign * sum(n), 0, 0, 0, 0, 0, 0
    FROM activities_due_parts(the_places, the_spells) GROUP BY node_id, day HAVING sum(n) <> 0;
    {INTO_DELTA}
    SELECT spell.place_id, false, fact.day, fact.day, 1, said.series, the_sign * sum(said.n), the_sign * sum(said.n), 0, 0, 0, 0, 0, 0, max(fact.known)
    FROM unnest(the_branches, the_places, the_spells) AS spell (branch_id, place_id, during)
    JOIN activities_reportfact fact ON fact.branch_id = spell.branch_id AND spell.during @> fact.day AND fact.reported = 1
    CROSS JOIN LATERAL (VALUES (-2, 1), (-3, fact.late), (-4, fact.corrected), (-5, fact.waiting)) AS said (series, n)
    WHERE said.n <> 0 GROUP BY spell.place_id, fact.day, said.series;
END $$;
"""

FILING = f"""
CREATE FUNCTION activities_roll_measures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_branches bigint[];
    the_metrics bigint[];
    the_measures bigint[];
BEGIN
    {INTO_DELTA}
    SELECT place_id, false, day, day, days, series, {SUMMED}, max(known)
    FROM (SELECT 1 AS sign, part.* FROM activities_measurepart part WHERE part.counted AND part.measure_id IN (SELECT id FROM added)) AS part
    GROUP BY place_id, day, days, series;
    SELECT array_agg(DISTINCT added.branch_id), array_agg(DISTINCT added.metric_id), array_agg(added.id) INTO the_branches, the_metrics, the_measures
    FROM added JOIN activities_metric metric ON metric.id = added.metric_id AND metric.over_time = 'latest';
    IF the_branches IS NOT NULL THEN
        PERFORM activities_hold_branches(the_branches);
        PERFORM activities_shift_latest(the_branches, the_metrics, the_measures, '{{}}', NULL, NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER measures_rolled AFTER INSERT ON activities_measure
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_measures();

CREATE FUNCTION activities_roll_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {INTO_DELTA}
    SELECT place_id, false, day, day, days, series, {SUMMED}, max(known)
    FROM (SELECT 1 AS sign, part.* FROM activities_entrypart part WHERE part.counted AND part.entry_id IN (SELECT id FROM added)) AS part
    GROUP BY place_id, day, days, series;
    RETURN NULL;
END $$;
CREATE TRIGGER entries_rolled AFTER INSERT ON activities_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_entries();

CREATE FUNCTION activities_roll_new_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM activities_hold_branches(array_agg(DISTINCT branch_id)) FROM added;
    {INTO_DELTA}
    SELECT spell.place_id, false, fact.day, fact.day, 1, said.series, sum(said.n), sum(said.n), 0, 0, 0, 0, 0, 0, max(fact.known)
    FROM activities_reportfact fact JOIN activities_duespell spell ON spell.branch_id = fact.branch_id AND spell.during @> fact.day
    CROSS JOIN LATERAL (VALUES (-2, 1), (-3, fact.late), (-4, fact.corrected), (-5, fact.waiting)) AS said (series, n)
    WHERE fact.version_id IN (SELECT id FROM added) AND fact.reported = 1 AND said.n <> 0 GROUP BY spell.place_id, fact.day, said.series;
    RETURN NULL;
END $$;
CREATE TRIGGER versions_rolled AFTER INSERT ON activities_reportversion
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_new_versions();

-- A version that counted stops counting, or is accepted; none that was closed counts again.
CREATE FUNCTION activities_roll_changed_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed bigint[];
    the_branches bigint[];
    the_metrics bigint[];
    the_measures bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM before JOIN after USING (id) WHERE before.state <> after.state) THEN
        RETURN NULL;
    END IF;
    PERFORM activities_hold_branches(array_agg(DISTINCT branch_id)) FROM after;
    {INTO_DELTA}
    SELECT spell.place_id, false, fact.day, fact.day, 1, said.series, sum(said.n), sum(said.n), 0, 0, 0, 0, 0, 0, max(fact.known)
    FROM before JOIN activities_reportfact fact ON fact.version_id = before.id
    JOIN activities_duespell spell ON spell.branch_id = fact.branch_id AND spell.during @> fact.day
    CROSS JOIN LATERAL (VALUES
        (-2, fact.reported - (before.state IN {CURRENT})::int),
        (-3, fact.late * (fact.reported - (before.state IN {CURRENT})::int)),
        (-4, fact.corrected * (fact.reported - (before.state IN {CURRENT})::int)),
        (-5, fact.waiting - (before.state = 'filed')::int)) AS said (series, n)
    WHERE said.n <> 0 GROUP BY spell.place_id, fact.day, said.series;

    SELECT array_agg(before.id) INTO closed FROM before JOIN after USING (id) WHERE before.state IN {CURRENT} AND after.state NOT IN {CURRENT};
    IF closed IS NULL THEN
        RETURN NULL;
    END IF;
    {INTO_DELTA}
    SELECT place_id, false, day, day, days, series, {SUMMED}, max(known)
    FROM (
        SELECT -1 AS sign, place_id, day, days, series, {COLUMNS}, known FROM activities_measurepart WHERE version_id = ANY (closed)
        UNION ALL
        SELECT -1, place_id, day, days, series, {COLUMNS}, known FROM activities_entrypart WHERE version_id = ANY (closed)
    ) AS part
    GROUP BY place_id, day, days, series;
    SELECT array_agg(DISTINCT measure.branch_id), array_agg(DISTINCT measure.metric_id), array_agg(measure.id)
        INTO the_branches, the_metrics, the_measures
    FROM activities_entry entry JOIN activities_measure measure ON measure.entry_id = entry.id
    JOIN activities_metric metric ON metric.id = measure.metric_id AND metric.over_time = 'latest' WHERE entry.version_id = ANY (closed);
    IF the_branches IS NOT NULL THEN
        PERFORM activities_shift_latest(the_branches, the_metrics, '{{}}', the_measures, NULL, NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER changed_versions_rolled AFTER UPDATE ON activities_reportversion
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_changed_versions();
"""

BRANCHES = """
-- A branch whose life, kind or duty to report changes: its places stay as they are.
CREATE FUNCTION activities_roll_changed_branches() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed bigint[];
    relived bigint[];
    old_lives daterange[];
    the_branches bigint[];
    the_places bigint[];
    the_spells daterange[];
BEGIN
    SELECT array_agg(id) INTO changed FROM before JOIN after USING (id)
    WHERE (before.life, before.kind, before.reports_daily, before.reports_from)
        IS DISTINCT FROM (after.life, after.kind, after.reports_daily, after.reports_from);
    IF changed IS NULL THEN
        RETURN NULL;
    END IF;
    -- The tree must not move meanwhile; asked for before anything is written, in the order of whoever moves it.
    PERFORM pg_advisory_xact_lock_shared(hashtext('branches_regionpath'));
    PERFORM activities_hold_branches(changed);
    IF EXISTS (SELECT FROM before JOIN after USING (id) JOIN activities_reportversion version ON version.branch_id = after.id
               WHERE (before.kind = 'command_post') <> (after.kind = 'command_post')) THEN
        RAISE EXCEPTION 'a branch that has filed does not become a command post, nor the other way' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'branch_that_filed_keeps_its_kind';
    END IF;
    SELECT array_agg(id), array_agg(before.life) INTO relived, old_lives FROM before JOIN after USING (id) WHERE before.life IS DISTINCT FROM after.life;
    IF relived IS NOT NULL THEN
        PERFORM activities_shift_latest(relived, NULL, '{}', '{}', relived, old_lives);
    END IF;
    SELECT array_agg(branch_id), array_agg(place_id), array_agg(during) INTO the_branches, the_places, the_spells FROM (
        SELECT before.id AS branch_id, place.region_id AS place_id,
            before.life * place.during * daterange(greatest(before.reports_from, DATE '1900-01-01'), NULL) AS during
        FROM before JOIN branches_branchplace place ON place.branch_id = before.id
        WHERE before.id = ANY (changed) AND before.kind <> 'command_post' AND before.reports_daily) AS spell WHERE NOT isempty(during);
    PERFORM activities_shift_due(-1, the_branches, the_places, the_spells);
    SELECT array_agg(branch_id), array_agg(place_id), array_agg(during) INTO the_branches, the_places, the_spells
    FROM activities_duespell WHERE branch_id = ANY (changed);
    PERFORM activities_shift_due(1, the_branches, the_places, the_spells);
    RETURN NULL;
END $$;
CREATE TRIGGER changed_branches_rolled AFTER UPDATE ON branches_branch
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_changed_branches();

-- A branch that is hosted elsewhere. The trigger of a new branch writes its first place.
CREATE FUNCTION activities_roll_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_sign integer := CASE TG_ARGV[0] WHEN 'gone' THEN -1 ELSE 1 END;
    the_branches bigint[];
    the_places bigint[];
    the_spells daterange[];
BEGIN
    -- The tree must not move meanwhile; asked for before anything is written, in the order of whoever moves it.
    PERFORM pg_advisory_xact_lock_shared(hashtext('branches_regionpath'));
    PERFORM activities_hold_branches(array_agg(DISTINCT branch_id)) FROM changed;
    SELECT array_agg(branch_id), array_agg(place_id), array_agg(during) INTO the_branches, the_places, the_spells FROM (
        SELECT branch.id AS branch_id, changed.region_id AS place_id,
            branch.life * changed.during * daterange(greatest(branch.reports_from, DATE '1900-01-01'), NULL) AS during
        FROM changed JOIN branches_branch branch ON branch.id = changed.branch_id
        WHERE branch.kind <> 'command_post' AND branch.reports_daily) AS spell WHERE NOT isempty(during);
    PERFORM activities_shift_due(the_sign, the_branches, the_places, the_spells);
    RETURN NULL;
END $$;
CREATE TRIGGER places_rolled AFTER INSERT ON branches_branchplace
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_places('new');
CREATE TRIGGER gone_places_rolled AFTER DELETE ON branches_branchplace
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_places('gone');
CREATE TRIGGER former_places_rolled AFTER UPDATE ON branches_branchplace
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_places('gone');
CREATE TRIGGER later_places_rolled AFTER UPDATE ON branches_branchplace
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_places('new');
"""

TREE = f"""
-- Ancestors that begin to hold a place (sign 1) or hold it no longer (sign -1) for some days: what was folded moves. What waits is spread by the tree
-- of the moment when it is folded.
CREATE FUNCTION activities_move_paths(the_sign integer, ancestors bigint[], descendants bigint[], spans daterange[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    below bigint[] := ARRAY(SELECT DISTINCT unnest(descendants));
BEGIN
    -- No branch changes its duty or place meanwhile.
    PERFORM pg_advisory_xact_lock(hashtext('branches_regionpath'));
    -- Nobody files and nothing is folded until the tree is moved: of each figure it is plain whether it was folded.
    LOCK TABLE activities_rollupdelta IN EXCLUSIVE MODE;
    {INTO_DELTA}
    SELECT moved.ancestor, true, part.day, part.day, part.days, part.series, {", ".join(f"the_sign * sum({name})" for name in COUNTERS)}, max(known)
    FROM unnest(ancestors, descendants, spans) AS moved (ancestor, descendant, during)
    JOIN (
        SELECT place_id, tree_day, day, days, series, {COLUMNS}, known FROM activities_parts_at(below)
        UNION ALL
        SELECT place_id, tree_day, day, days, series, {", ".join(f"-{name}" for name in COUNTERS)}, known
        FROM activities_rollupdelta WHERE NOT alone AND place_id = ANY (below)
    ) AS part ON part.place_id = moved.descendant AND moved.during @> part.tree_day
    GROUP BY moved.ancestor, part.day, part.days, part.series;
    INSERT INTO activities_rollupdelta (place_id, alone, tree_day, day, days, series, value, count, {", ".join(COUNTERS[2:])})
    SELECT moved.ancestor, true, step.at, step.at, 1, -1, the_sign * sum(step.sign), the_sign * sum(step.sign), 0, 0, 0, 0, 0, 0
    FROM unnest(ancestors, descendants, spans) AS moved (ancestor, descendant, during)
    JOIN activities_duespell spell ON spell.place_id = moved.descendant AND spell.during && moved.during
    CROSS JOIN LATERAL (VALUES (lower(moved.during * spell.during), 1), (upper(moved.during * spell.during), -1)) AS step (at, sign)
    WHERE step.at IS NOT NULL
    GROUP BY moved.ancestor, step.at;
END $$;

CREATE FUNCTION activities_roll_paths() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ancestors bigint[];
    descendants bigint[];
    spans daterange[];
BEGIN
    -- A path to itself comes with the region, of which there is nothing yet.
    SELECT array_agg(changed.ancestor_id), array_agg(changed.descendant_id), array_agg(changed.during) INTO ancestors, descendants, spans
    FROM changed JOIN branches_region region ON region.id = changed.ancestor_id AND region.level IN {ROLLED} WHERE changed.depth > 0;
    IF ancestors IS NOT NULL THEN
        PERFORM activities_move_paths(CASE TG_ARGV[0] WHEN 'gone' THEN -1 ELSE 1 END, ancestors, descendants, spans);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER paths_rolled AFTER INSERT ON branches_regionpath
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_paths('new');
CREATE TRIGGER gone_paths_rolled AFTER DELETE ON branches_regionpath
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_paths('gone');
CREATE TRIGGER former_paths_rolled AFTER UPDATE ON branches_regionpath
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_paths('gone');
CREATE TRIGGER later_paths_rolled AFTER UPDATE ON branches_regionpath
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION activities_roll_paths('new');

-- A region of which totals are kept from now on, or no longer.
CREATE FUNCTION activities_roll_level() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.level IN {ROLLED}) <> (NEW.level IN {ROLLED}) THEN
        PERFORM activities_move_paths(
            CASE WHEN NEW.level IN {ROLLED} THEN 1 ELSE -1 END, array_agg(ancestor_id), array_agg(descendant_id), array_agg(during))
        FROM branches_regionpath WHERE ancestor_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER level_rolled AFTER UPDATE OF level ON branches_region FOR EACH ROW EXECUTE FUNCTION activities_roll_level();

CREATE TRIGGER never_emptied BEFORE TRUNCATE ON activities_rollup FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('totals_are_kept');
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON activities_rollupdelta FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('totals_are_kept');
"""

# What was there before the triggers, as changes that wait to be folded.
FILL = f"""
{INTO_DELTA}
SELECT place_id, false, tree_day, day, days, series, {", ".join(f"sum({name})" for name in COUNTERS)}, max(known)
FROM activities_parts_at(NULL) GROUP BY place_id, tree_day, day, days, series;
INSERT INTO activities_rollupdelta (place_id, alone, tree_day, day, days, series, value, count, {", ".join(COUNTERS[2:])})
SELECT node_id, true, day, day, 1, -1, sum(n), sum(n), 0, 0, 0, 0, 0, 0
FROM (SELECT array_agg(place_id) AS places, array_agg(during) AS spells FROM activities_duespell) AS due
CROSS JOIN activities_due_parts(due.places, due.spells) GROUP BY node_id, day;
"""

GONE = """
DROP TRIGGER never_emptied ON activities_rollupdelta; DROP TRIGGER never_emptied ON activities_rollup;
DROP TRIGGER level_rolled ON branches_region; DROP FUNCTION activities_roll_level;
DROP TRIGGER later_paths_rolled ON branches_regionpath; DROP TRIGGER former_paths_rolled ON branches_regionpath;
DROP TRIGGER gone_paths_rolled ON branches_regionpath; DROP TRIGGER paths_rolled ON branches_regionpath; DROP FUNCTION activities_roll_paths; DROP FUNCTION activities_move_paths;
"""
NO_BRANCHES = """
DROP TRIGGER later_places_rolled ON branches_branchplace; DROP TRIGGER former_places_rolled ON branches_branchplace;
DROP TRIGGER gone_places_rolled ON branches_branchplace; DROP TRIGGER places_rolled ON branches_branchplace; DROP FUNCTION activities_roll_places;
DROP TRIGGER changed_branches_rolled ON branches_branch; DROP FUNCTION activities_roll_changed_branches;
"""
NO_FILING = """
DROP TRIGGER changed_versions_rolled ON activities_reportversion; DROP FUNCTION activities_roll_changed_versions;
DROP TRIGGER versions_rolled ON activities_reportversion; DROP FUNCTION activities_roll_new_versions;
DROP TRIGGER entries_rolled ON activities_entry; DROP FUNCTION activities_roll_entries;
DROP TRIGGER measures_rolled ON activities_measure; DROP FUNCTION activities_roll_measures;
"""
NO_PARTS = """
DROP FUNCTION activities_shift_due; DROP FUNCTION activities_shift_latest; DROP FUNCTION activities_hold_branches;
DROP FUNCTION activities_due_parts; DROP FUNCTION activities_parts_at; DROP VIEW activities_reportfact; DROP VIEW activities_duespell;
DROP FUNCTION activities_latest_parts; DROP VIEW activities_entrypart; DROP VIEW activities_measurepart; DROP FUNCTION activities_kind_series;
"""


def counters() -> list[tuple[str, models.Field]]:
    """Return the columns that both tables share."""
    return [
        ("day", models.DateField(verbose_name="day")),
        ("days", models.IntegerField(default=1, verbose_name="length of the period that ends on the day")),
        ("series", models.IntegerField(verbose_name="series")),
        ("value", models.DecimalField(decimal_places=3, default=0, max_digits=30, verbose_name="value")),
        ("count", models.BigIntegerField(default=0, verbose_name="number of figures")),
        *((name, models.IntegerField(default=0)) for name in COUNTERS[2:6]),
        ("owners", models.DecimalField(decimal_places=0, default=0, max_digits=30)),
        ("owner_squares", models.DecimalField(decimal_places=0, default=0, max_digits=40)),
        ("known", models.DateTimeField(null=True, verbose_name="last changed at")),
    ]


def region(name: str) -> models.ForeignKey:
    """Return a region that the database does not check."""
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="branches.region", verbose_name=name
    )


class Migration(migrations.Migration):
    dependencies = [("activities", "0004_stricter_rules"), ("branches", "0004_stricter_rules")]

    operations = [
        migrations.CreateModel(
            name="Rollup",
            fields=[
                *counters(),
                ("node", region("region")),
                ("pk", models.CompositePrimaryKey("node", "day", "series", "days", blank=True, editable=False, primary_key=True, serialize=False)),
            ],
            options={"verbose_name": "kept total", "verbose_name_plural": "kept totals"},
        ),
        migrations.CreateModel(
            name="RollupDelta",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                *counters(),
                ("place", region("region")),
                ("alone", models.BooleanField(default=False, verbose_name="of this region alone")),
                ("tree_day", models.DateField(verbose_name="day of the tree")),
            ],
            options={"verbose_name": "change of totals", "verbose_name_plural": "changes of totals", "ordering": [F("id")]},
        ),
        # Days that still change are rewritten often: room in the page keeps each row where it is.
        migrations.RunSQL("ALTER TABLE activities_rollup SET (fillfactor = 80)", migrations.RunSQL.noop),
        migrations.RunSQL(KIND_SERIES + PARTS + WRITERS, NO_PARTS),
        migrations.RunSQL(FILING, NO_FILING),
        migrations.RunSQL(BRANCHES, NO_BRANCHES),
        migrations.RunSQL(TREE, GONE),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
