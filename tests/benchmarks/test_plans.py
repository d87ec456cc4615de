"""At a million entries no page that is opened all day reads a table of reports whole, or touches more than it shows or the totals kept for it."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from activities.models import Entry, Measure
from benchmarks import measuring
from benchmarks.database import ROOT
from benchmarks.generate import UNTIL, fill
from benchmarks.plans import explained
from benchmarks.province import Options
from benchmarks.subjects import hot

ENTRIES = 1_000_000


def test_what_is_asked_all_day_keeps_to_its_indexes_at_a_million_entries(tmp_path: Path) -> None:
    # A server and a database of their own: a million entries are more than other tests should meet.
    command = [sys.executable, "benchmarks/bench.py", "--sizes", str(ENTRIES), "--only", "hot", "--results", str(tmp_path / "found.md")]
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
        with pytest.raises(measuring.Wrong, match=said):
            hot.measured(12_000)
    monkeypatch.setattr(hot, "asked_all_day", lambda: [hot.Hot("a page", lambda: list(Measure.objects.order_by("pk")[:5]), 5)])
    (row,) = hot.measured(12_000)
    assert row.notes == ("1 statements, 5 rows touched of at most 5",)
