"""The harness of `make soak`, small and in a set order; and that it finds what it looks for."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.soak.__main__ import table
from tests.soak.ledger import compare
from tests.soak.run import Plan, Result, Soak, soaked

# Each kind once; the frozen ones last longer and are left to the long run.
ORDER = ("kill -9 of a web process", "the clock wrong", "kill -9 of PostgreSQL", "the disk full", "kill -9 of every process at once, started again")
# Those that nobody computes.
_COLUMNS = """
    SELECT attname FROM pg_attribute
    WHERE attrelid = 'activities_reportversion'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
"""
PLAN = Plan(seed=7, minutes=3, reports=6000, processes=2, phones=6, size=512, order=ORDER, peace=10, pause=0.1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Soak, Result]]:
    """A short run, with the portal still up."""
    folder = tmp_path_factory.mktemp("soak")
    for part in (folder, *folder.parents):
        if part.name.startswith(("pytest-", "popen-", "soak")):
            part.chmod(part.stat().st_mode | 0o011)
    with soaked(PLAN, folder) as (soak, result):
        yield soak, result


def test_what_was_acknowledged_is_stored_once_and_whole_whatever_failed_meanwhile(run: tuple[Soak, Result]) -> None:
    _soak, result = run
    print(table(result))
    assert result.violations == []
    assert result.verdict.acknowledged == result.verdict.stored == result.verdict.sent > 20
    assert {happened.name for happened in result.happened} >= set(ORDER) - {"the disk full"}
    assert result.ledger.answers.total() > result.verdict.sent, "nobody was interrupted"


def test_a_lost_a_doubled_a_halved_and_an_invented_report_are_each_found(run: tuple[Soak, Result]) -> None:
    soak, result = run
    # Each the only one of its day: of a day that was corrected a report is left.
    sent = [result.ledger.sent[uid] for uid in result.ledger.receipts]
    times = Counter((report["branch"], report["day"]) for report in sent)
    lost, halved, strange, renamed = [report["uid"] for report in sent if times[report["branch"], report["day"]] == 1][:4]
    # Behind the portal's back, past the rules that would refuse it.
    past = "SET session_replication_role = replica; "
    version = "(SELECT id FROM activities_reportversion WHERE uid = '{}')"
    entries = f"(SELECT id FROM activities_entry WHERE version_id = {version})"
    soak.portal.query(past + f"DELETE FROM activities_measure WHERE id = (SELECT min(id) FROM activities_measure WHERE entry_id IN {entries.format(halved)})")
    soak.portal.query(past + f"UPDATE activities_reportversion SET receipt = 'another' WHERE uid = '{renamed}'")
    soak.portal.query(past + f"UPDATE activities_reportversion SET uid = gen_random_uuid() WHERE uid = '{strange}'")
    soak.portal.query(past + f"DELETE FROM activities_measure WHERE entry_id IN {entries.format(lost)}")
    soak.portal.query(past + f"DELETE FROM activities_entry WHERE version_id = {version.format(lost)}")
    soak.portal.query(past + f"DELETE FROM activities_reportversion WHERE uid = '{lost}'")

    found = compare(result.ledger, soak.portal.query)

    assert found.lost == sorted([lost, strange])
    assert len(found.invented) == 1
    assert any(halved in each for each in found.halved)
    assert {each.partition(",")[0] for each in found.halved} >= {"a report without a version", "a submission without its version"}
    assert any("another receipt" in each and renamed in each for each in found.other)
    assert soak.recounted(), "the kept totals do not know of it"

    # A second row under the same identifier, which no rule of the database lets in.
    columns = [name for (name,) in soak.portal.query(_COLUMNS)]
    changed = {"public_id": "gen_random_uuid()", "number": "number + 90", "state": "'superseded'", "known_until": "known_from"}
    twin = f"SELECT {', '.join(changed.get(name, name) for name in columns)} FROM activities_reportversion WHERE uid = '{renamed}'"
    soak.portal.query(past + f"INSERT INTO activities_reportversion ({', '.join(columns)}) {twin}")
    assert compare(result.ledger, soak.portal.query).doubled == [renamed]
