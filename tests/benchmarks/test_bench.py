"""The benchmark on a small province: each row compares before it is timed, and anything wrong makes it fail."""

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from activities.models import DailyReport, Entry, Measure
from activities.rollups import upkeep
from benchmarks import bench, growth, report, world
from benchmarks.baselines.without_rollups import without_rollups
from benchmarks.database import ROOT
from benchmarks.generate import UNTIL, fill
from benchmarks.measuring import Measured, Timing, Work, Wrong, measure, require_same
from benchmarks.plans import Cost, cost_of, explained
from benchmarks.province import Options
from benchmarks.subjects import crowd, dashboard, exports, feed, filing, hot, imports, lists, notes, pull, totals

ENTRIES = 5_000
MILLION = 1_000_000
OPTIONS = Options(entries=ENTRIES, seed=1, branches=100, days=90, until=UNTIL)

WORKS: dict[str, Callable[[], list[Work]]] = {
    "dashboard": lambda: dashboard.works(reports=20),
    "totals": totals.works,
    "filing": lambda: filing.works(runs=1, reports=2),
    "imports": lambda: imports.works(runs=1, rows=200),
    "lists": lists.works,
    "notes": notes.works,
    "exports": lambda: exports.works(rows=500),
}


@pytest.fixture
def generated(db: None) -> None:
    fill(OPTIONS)
    upkeep.rebuild()


@pytest.fixture
def committed(transactional_db: None) -> None:
    """The same for those who look at it over connections of their own."""
    fill(OPTIONS)
    upkeep.rebuild()


def planted(result: Any) -> Any:
    """Return a result with one thing in it changed."""
    if isinstance(result, dict):
        return {**result, next(iter(result)): object()}
    return [*result[:-1], object()]


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize("subject", WORKS)
def test_each_row_is_right_and_a_planted_mismatch_makes_it_fail(subject: str) -> None:
    works = WORKS[subject]()
    assert works
    for work in works:
        row = measure(work, ENTRIES, runs=1)
        assert row.subject is not None
        assert (row.cost is None) == work.grows
        assert work.grows or subject in bench.GROWING

        def altered(expected: Callable[[], Any] = work.expected) -> Any:
            return planted(expected())

        with pytest.raises(Wrong, match=r".+"):
            measure(replace(work, expected=altered, subject=_never, baseline=_never), ENTRIES, runs=1)


def _never() -> None:
    pytest.fail("a wrong result was timed")


@pytest.mark.usefixtures("generated")
@pytest.mark.parametrize("subject", ["dashboard", "totals"])
def test_a_kept_total_that_is_off_by_one_is_found(subject: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE activities_rollup SET value = value + 1 WHERE series > 0 AND days = 1 AND value > 0")
    with pytest.raises(Wrong, match="instead of"):
        measure(WORKS[subject]()[0], ENTRIES, runs=1)


@pytest.mark.usefixtures("generated")
def test_a_file_that_takes_much_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in exports.measured(ENTRIES, runs=1, rows=500):
        assert re.search(r"grows by \d+ MB", row.notes[0])
    monkeypatch.setattr(exports, "MOST_GROWTH", -1)
    with pytest.raises(Wrong, match=r"records as csv.*grew by"):
        exports.measured(ENTRIES, runs=1, rows=500)


@pytest.mark.usefixtures("committed")
def test_a_crowd_leaves_every_report_once_and_no_total_wrong() -> None:
    through, waited = crowd.measured(ENTRIES, runs=1, organisers=4, each=2)
    assert through.most is not None
    assert waited.subject is not None


@pytest.mark.usefixtures("generated")
def test_a_crowd_of_which_a_total_misses_a_report_is_found() -> None:
    line = list(world.filings(2))
    line[0].by_service()
    crowd.require_filed([line[0].uid])
    with pytest.raises(Wrong, match="reports of many"):
        crowd.require_filed([each.uid for each in line])
    with without_rollups():
        line[1].by_service()
    with pytest.raises(Wrong, match="totals after many"):
        crowd.require_filed([each.uid for each in line])


@pytest.mark.usefixtures("committed")
def test_the_feed_misses_nothing_and_a_version_that_is_lost_or_old_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LONGEST", 0.05)
    (row,) = feed.measured(ENTRIES, each=2)
    assert "0 missed, 0 stale" in row.notes[0]
    pulled = feed.pulled
    for lost in ({}, {"01890a5d-ac96-774b-bcce-b302099a80a0": "filed"}):
        monkeypatch.setattr(feed, "pulled", lambda since, lost=lost: pulled(since) | lost if lost else dict.fromkeys(pulled(since), "withdrawn"))
        with pytest.raises(Wrong, match="copy made by the feed"):
            feed.measured(ENTRIES, each=1)


@pytest.mark.usefixtures("committed")
def test_what_the_api_sends_is_compared_with_the_nested_serializer_and_with_bare_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    page, part, whole = pull.measured(ENTRIES, runs=1, some=500)
    assert [row.wanted for row in (page, part, whole)] == [">= 10x", ">= 25x", ">= 0.7x"]
    assert "the server grows by" in whole.notes[0]
    by_id, digest = pull._by_id, pull._digest
    for name, read in (("_by_id", by_id), ("_digest", digest)):
        with monkeypatch.context() as patch:
            found = iter([lambda lines, read=read: planted(read(lines)), read])
            patch.setattr(pull, name, lambda lines, found=found: next(found)(lines))
            with pytest.raises(Wrong, match="API full pull"):
                pull.measured(ENTRIES, runs=1, some=500)
    monkeypatch.setattr(pull, "MOST_GROWTH", -1)
    with pytest.raises(Wrong, match="grew by"):
        pull.measured(ENTRIES, runs=1, some=500)


@pytest.mark.usefixtures("generated")
def test_what_a_page_costs_is_counted_with_the_rows_that_a_filter_threw_away() -> None:
    day = UNTIL - timedelta(days=1)
    reports = DailyReport.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off")
        cost = cost_of(lambda: list(DailyReport.objects.filter(business_date=day)))
        cursor.execute("SET enable_indexscan = on; SET enable_bitmapscan = on; SET enable_indexonlyscan = on")
    assert cost == Cost(queries=1, rows=reports)
    assert cost_of(lambda: list(DailyReport.objects.filter(business_date=day))).rows < reports


def row_of(entries: int, queries: int, rows: int, *, name: str = "a page") -> Measured:
    return Measured(name, entries, "ours", "theirs", Timing([0.01]), Timing([1.0]), 10, None, Cost(queries, rows))


@pytest.mark.parametrize(
    ("small", "large", "wrong"),
    [
        ((9, 5_000), (9, 6_000), ""),
        ((9, 5_000), (9, 50_000), "touches 5,000 rows at 20,000 entries, 50,000 at 200,000"),
        ((9, 50), (9, 500), ""),
        ((9, 5_000), (10, 5_000), "9 statements at 20,000 entries, 10 at 200,000"),
    ],
)
def test_cost_that_follows_the_entries_is_wrong(small: tuple[int, int], large: tuple[int, int], wrong: str) -> None:
    (found,) = growth.grown([row_of(20_000, *small), row_of(200_000, *large)])
    assert found.wrong.endswith(wrong)
    assert bool(found.wrong) == bool(wrong)


def test_two_results_that_are_both_empty_prove_nothing() -> None:
    with pytest.raises(Wrong, match="nothing to compare"):
        require_same("a row", [], [])


def test_the_table_says_what_was_reached_and_what_was_missed() -> None:
    rows = [row_of(20_000, 9, 5_000), replace(row_of(20_000, 9, 5_000), target=1_000)]
    table = report.written(rows, [], ["2 cores"], {"a row": "not there yet"}, command="make bench")
    assert "| a page | 20,000 | 10.0 ms (10.0 ms..10.0 ms) | 1.00 s (1.00 s..1.00 s) | 100x | >= 10x | reached |" in table
    assert "**missed**" in table
    assert "a row: not there yet" in table


def test_a_row_survives_the_way_from_the_process_that_measured_it() -> None:
    row = row_of(20_000, 9, 5_000)
    assert Measured.from_json(row.to_json()) == row


def test_unknown_subjects_are_refused_and_the_command_names_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench._asked(["--only", "weather"])
    assert "there is no weather" in capsys.readouterr().err
    asked = bench._asked(["--quick", "--keep", "/somewhere", "--only", "lists,notes"])
    assert bench._command(asked) == 'make bench ARGS="--quick --only lists,notes"'
    assert [bench._at(size, asked) for size in bench.QUICK] == [["lists"], ["lists", "notes"]]


def test_what_is_asked_all_day_keeps_to_its_indexes_at_a_million_entries(tmp_path: Path) -> None:
    # A server and a database of their own: a million entries are more than other tests should meet.
    # Of a quarter of the branches that `make bench` takes: the kept totals of the others would be most of what is filled.
    size = ["--sizes", str(MILLION), "--branches", "5000"]
    command = [sys.executable, "benchmarks/bench.py", *size, "--only", "hot", "--results", str(tmp_path / "found.md")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "dashboard, province, 90 days | 1,000,000" in (tmp_path / "found.md").read_text(encoding="utf-8")


@pytest.mark.django_db
def test_a_table_that_is_read_whole_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Options(entries=12_000, seed=1, branches=100, days=90, until=UNTIL))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE activities_entry")
    assert explained("SELECT * FROM activities_entry WHERE note = 'nowhere'", None).read_whole == {"activities_entry"}
    assert not explained("SELECT * FROM activities_entry LIMIT 50", None).read_whole
    assert not explained(f"SELECT * FROM activities_entry WHERE id = {Entry.objects.order_by('pk')[0].pk}", None).read_whole

    monkeypatch.setattr(hot, "MANY", 10_000)
    for found, said in (("note", "reads activities_entry whole"), ("pk", "rows touched of at most 5")):
        asked = hot.Hot("a page", lambda found=found: list(Entry.objects.exclude(**{found: 0}).values_list("pk")), 5)  # type: ignore[misc]
        monkeypatch.setattr(hot, "asked_all_day", lambda asked=asked: [asked])
        with pytest.raises(Wrong, match=said):
            hot.measured(12_000)
    monkeypatch.setattr(hot, "asked_all_day", lambda: [hot.Hot("a page", lambda: list(Measure.objects.order_by("pk")[:5]), 5)])
    (row,) = hot.measured(12_000)
    assert row.notes == ("1 statements, 5 rows touched of at most 5",)
