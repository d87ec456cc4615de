"""The generated province: the same from the same seed, and as true to the rules as if it had been filed."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q

from activities.models import DailyReport, Entry, Measure, Metric, PeriodReport, ReportVersion
from activities.receipts import check_receipt
from activities.rollups.rows import COUNTED_KINDS
from benchmarks.generate import UNTIL, Refused, branches_for, fill
from benchmarks.province import Options
from benchmarks.province_rows import TABLES
from benchmarks.rows import REPORTED
from benchmarks.works import WORKS
from branches.models import Branch, BranchPlace, Level, Region, RegionParent, RegionPath, WorkUnit, WorkUnitPath
from portal.foundation import clock
from portal.foundation.text import fold
from tests.factories import make_branch, make_region

ENTRIES = 3_000
OPTIONS = Options(entries=ENTRIES, seed=1, branches=60, days=28, until=UNTIL)

# What triggers refuse when somebody files, as queries for rows that they would have refused.
VERSIONS = "activities_reportversion v LEFT JOIN activities_dailyreport r ON r.id = v.daily_report_id"
REFUSED = {
    "a version of another branch than its report": f"{VERSIONS} LEFT JOIN activities_periodreport p ON p.id = v.period_report_id"
    " WHERE v.branch_id <> coalesce(r.branch_id, p.branch_id)",
    "an entry of another branch or day than its report": f"activities_entry e JOIN ({VERSIONS}) ON v.id = e.version_id"
    " WHERE e.branch_id <> v.branch_id OR e.business_date IS DISTINCT FROM r.business_date",
    "a measure of another branch or day than its entry": "activities_measure m JOIN activities_entry e ON e.id = m.entry_id"
    " WHERE m.branch_id <> e.branch_id OR m.business_date IS DISTINCT FROM e.business_date",
    "a metric of another kind of work": "activities_measure m JOIN activities_entry e ON e.id = m.entry_id JOIN activities_metric c ON c.id = m.metric_id"
    " WHERE c.kind <> e.kind",
    "more decimals than the metric has": "activities_measure m JOIN activities_metric c ON c.id = m.metric_id WHERE m.value <> round(m.value, c.decimals)",
    "a value that is not the one entered": "activities_measure m JOIN activities_metric c ON c.id = m.metric_id JOIN activities_unit o ON o.id = c.unit_id"
    " JOIN activities_unit u ON u.id = m.unit_entered_id WHERE u.dimension <> o.dimension OR m.value * o.factor <> m.value_entered * u.factor",
    "more satisfied than asked": "activities_measure s JOIN activities_metric sm ON sm.id = s.metric_id AND sm.code = 'survey_satisfied'"
    " JOIN activities_measure v ON v.entry_id = s.entry_id JOIN activities_metric vm ON vm.id = v.metric_id AND vm.code = 'survey_valid'"
    " WHERE s.value > v.value",
    "a host that the latest place does not name": "branches_branch b WHERE region_id IS DISTINCT FROM"
    " (SELECT region_id FROM branches_branchplace p WHERE p.branch_id = b.id ORDER BY during DESC LIMIT 1)",
    "a place where the branch was not": "activities_entry e WHERE business_date IS NOT NULL AND NOT EXISTS (SELECT FROM branches_branchplace p"
    " WHERE p.branch_id = e.branch_id AND p.region_id = e.place_id AND p.during @> e.business_date)",
    "a membership that carries another life": "members_membership m JOIN branches_branch b ON b.id = m.branch_id WHERE m.branch_life <> b.life",
    "a report from outside the branch's life": "activities_dailyreport r JOIN branches_branch b ON b.id = r.branch_id WHERE NOT b.life @> r.business_date",
    "a shift of somebody whom another unit sent": "activities_entryparticipant p JOIN activities_entry e ON e.id = p.entry_id WHERE NOT EXISTS"
    " (SELECT FROM members_secondment s WHERE s.person_id = p.person_id AND s.home_unit_id = p.home_unit_id AND s.during @> e.business_date)",
    "a filing that nobody could have made yet": f"{VERSIONS} WHERE v.known_from::date < r.business_date OR v.known_until <= v.known_from",
    "a correction before the due time, or a supplement after it": "activities_reportversion WHERE number > 1"
    " AND nature <> CASE WHEN known_from > due_at THEN 'correction' ELSE 'supplement' END",
}


@pytest.fixture
def generated(db: None) -> None:
    fill(OPTIONS)


def checksums(*tables: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        found = {}
        for table in tables or [*TABLES, *REPORTED, "branches_regionpath", "branches_workunitpath"]:
            cursor.execute(f"SELECT count(*) || md5(string_agg(md5((to_jsonb(row) - 'id')::text), '' ORDER BY (to_jsonb(row) - 'id')::text)) FROM {table} row")
            found[table] = str(cursor.fetchone()[0])
        return found


def rolled_back(options: Options, *tables: str) -> dict[str, str]:
    with transaction.atomic():
        fill(options)
        found = checksums(*tables)
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    # Keys of the catalogue stand in the rows: they are there before.
    call_command("load_reference", verbosity=0)
    first, again = rolled_back(OPTIONS), rolled_back(OPTIONS)
    other = rolled_back(Options(ENTRIES, 2, OPTIONS.branches, OPTIONS.days, OPTIONS.until))
    assert first == again
    assert all(first[table] != other[table] for table in ("branches_branch", "activities_dailyreport", "activities_measure"))


@pytest.mark.django_db
def test_more_entries_stand_in_the_same_reports_of_the_same_branches() -> None:
    call_command("load_reference", verbosity=0)
    tables = [*TABLES, "branches_regionpath", "activities_dailyreport", "activities_periodreport", "activities_reportversion"]
    few = Options(ENTRIES // 10, 1, OPTIONS.branches, OPTIONS.days, OPTIONS.until)
    assert rolled_back(few, *tables) == rolled_back(OPTIONS, *tables)


def test_from_a_million_entries_on_the_province_is_whole() -> None:
    assert branches_for(1_000_000) == branches_for(10_000_000) == 20_000
    assert branches_for(200_000) == 4_000


@pytest.mark.django_db
def test_a_database_with_branches_is_refused() -> None:
    make_branch(make_region("示例社区", Level.COMMUNITY))
    with pytest.raises(Refused, match="empty"):
        fill(OPTIONS)
    assert Branch.objects.count() == 1


def test_days_to_come_are_refused() -> None:
    with pytest.raises(Refused, match="before today"):
        fill(Options(ENTRIES, 1, 60, 28, clock.today() + timedelta(days=1)))


@pytest.mark.usefixtures("generated")
def test_nothing_stands_there_that_the_rules_refuse() -> None:
    with connection.cursor() as cursor:
        for what, rows in REFUSED.items():
            cursor.execute(f"SELECT count(*) FROM {rows.replace('(' + VERSIONS + ')', VERSIONS)}")
            assert cursor.fetchone()[0] == 0, what


@pytest.mark.usefixtures("generated")
def test_every_reference_leads_to_a_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text,"
            " (SELECT string_agg(format('held.%%I = named.%%I', h.attname, n.attname), ' AND ') FROM unnest(conkey, confkey) AS k (held, named)"
            "  JOIN pg_attribute h ON h.attrelid = conrelid AND h.attnum = k.held JOIN pg_attribute n ON n.attrelid = confrelid AND n.attnum = k.named),"
            " (SELECT string_agg(format('held.%%I IS NOT NULL', attname), ' AND ') FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))"
            " FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])",
            [[*TABLES, *REPORTED]],
        )
        references = cursor.fetchall()
        assert len(references) > 30
        for table, named, same, given in references:
            cursor.execute(f"SELECT count(*) FROM {table} held WHERE {given} AND NOT EXISTS (SELECT FROM {named} named WHERE {same})")
            assert cursor.fetchone()[0] == 0, (table, same)


@pytest.mark.usefixtures("generated")
def test_indexes_and_triggers_stand_as_before_and_new_rows_get_new_keys() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone()[0] == "origin"
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'activities_measure'::regclass AND indisvalid")
        standing = {name for (name,) in cursor.fetchall()}
    assert {*(index.name for index in Measure._meta.indexes), "metric_once_an_entry", "activities_measure_pkey"} <= standing
    branch = Branch.objects.order_by("pk").reverse()[0]
    assert DailyReport.objects.create(branch=branch, business_date=UNTIL + timedelta(days=1)).pk > DailyReport.objects.count() - 1


@pytest.mark.django_db
def test_numbers_that_were_given_out_are_not_given_out_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(sequence, 1000 + nextval(sequence)) FROM CAST(pg_get_serial_sequence('branches_branch', 'id') AS regclass) AS sequence")
        (given,) = cursor.fetchone()
        fill(OPTIONS)
        cursor.execute("SELECT nextval(pg_get_serial_sequence('branches_branch', 'id'))")
        assert cursor.fetchone()[0] > given


@pytest.mark.usefixtures("generated")
def test_both_closures_agree_with_their_trees() -> None:
    day = OPTIONS.first_day
    parents = dict(RegionParent.objects.filter(during__contains=day).values_list("region", "parent"))
    walked = set()
    for region in Region.objects.values_list("pk", flat=True):
        above: int | None = region
        depth = 0
        while above is not None:
            walked.add((above, region, depth))
            above, depth = parents.get(above), depth + 1
    assert walked == set(RegionPath.objects.filter(during__contains=day).values_list("ancestor", "descendant", "depth"))
    units = WorkUnit.objects.count()
    assert WorkUnitPath.objects.count() == units + WorkUnit.objects.exclude(parent=None).count()
    assert set(BranchPlace.objects.values_list("branch", flat=True)) == set(Branch.objects.values_list("pk", flat=True))
    assert set(Region.objects.values_list("level", flat=True)) == {Level.PROVINCE, Level.PREFECTURE, Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY}


@pytest.mark.usefixtures("generated")
def test_reports_are_late_corrected_returned_and_missing_as_in_life() -> None:
    assert Entry.objects.count() == ENTRIES
    states = set(ReportVersion.objects.values_list("state", flat=True))
    assert states >= {"filed", "accepted", "returned", "superseded"}
    assert ReportVersion.objects.filter(nature="correction").exclude(reason="").exists()
    assert ReportVersion.objects.filter(number=1, known_from__gt=F("due_at")).exists()
    assert Entry.objects.filter(version__state="superseded").exists()
    assert set(PeriodReport.objects.values_list("relation", flat=True)) == {"adds_to_daily", "includes_daily"}
    due = sum(Branch.objects.due_on(OPTIONS.first_day + timedelta(days=day)).count() for day in range(OPTIONS.days))
    assert 0.85 < DailyReport.objects.filter(versions__state__in=ReportVersion.CURRENT).count() / due < 1
    assert Branch.objects.filter(ended_on__isnull=False).exists()
    assert Branch.objects.filter(started_work_on__gt=OPTIONS.first_day).exists()
    assert all(check_receipt(receipt) for receipt in ReportVersion.objects.values_list("receipt", flat=True))


@pytest.mark.usefixtures("generated")
def test_notes_are_found_as_those_of_filed_entries_are() -> None:
    noted = list(Entry.objects.exclude(note="").values_list("note", "note_folded", "note_day", "business_date", "version__period_report__last_day"))
    assert 0.2 < len(noted) / ENTRIES < 0.5
    assert all(folded == fold(note) and day == (daily or last) for note, folded, day, daily, last in noted)


@pytest.mark.usefixtures("generated")
def test_weekends_are_quieter() -> None:
    daily = Entry.objects.filter(business_date__isnull=False)
    weekend = daily.filter(business_date__iso_week_day__gte=6).count() / 2
    assert weekend < 0.85 * daily.filter(business_date__iso_week_day__lt=6).count() / 5


@pytest.mark.usefixtures("generated")
def test_figures_are_of_every_sort_with_some_inexact_and_a_few_far_off() -> None:
    measures = Measure.objects.aggregate(all=Count("pk"), inexact=Count("pk", filter=~Q(qualifier="exact")))
    assert 1.7 < measures["all"] / ENTRIES < 2.3
    assert 0.06 < measures["inexact"] / measures["all"] < 0.1
    used = Metric.objects.filter(pk__in=Measure.objects.values("metric"))
    assert set(used.values_list("over_time", flat=True)) == {"sum", "latest", "distinct"}
    assert set(used.values_list("decimals", flat=True)) == {0, 1, 2, 3}
    # Ten times what the largest branch has on its best day.
    bounds = {figure.metric: figure.high * 12.5 for _kind, figures in WORKS for figure in figures if not figure.of}
    far = sum(Measure.objects.filter(metric__code=code, value__gt=bound).count() for code, bound in bounds.items())
    assert 0.002 < far / measures["all"] < 0.02
    steps = Measure.objects.filter(metric__code="home_isolated").values("branch").annotate(values=Count("value", distinct=True))
    assert any(row["values"] > 1 for row in steps)
    assert Entry.objects.filter(participants__isnull=False, branch__kind__in=COUNTED_KINDS).exists()
