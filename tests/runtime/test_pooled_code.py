"""Nothing that we send to the database counts on meeting the same connection again after a transaction: a pooler would give it another one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.portals import ROOT

APPS = ("portal", "branches", "members", "activities")
OUTLASTS_A_TRANSACTION = {
    "a lock of the session, where pg_advisory_xact_lock would do": r"pg_(try_)?advisory_(lock|unlock)\w*\(",
    "a temporary table that stays": r"CREATE\s+(LOCAL\s+)?TEMP(ORARY)?\s+TABLE(?![^;]*ON\s+COMMIT\s+DROP)",
    "a setting of the session, where SET LOCAL would do": r"execute\(\s*[fr]*[\"']+\s*(SET\s+(?!LOCAL|CONSTRAINTS|TRANSACTION)|RESET\s|DISCARD\s)",
    "a setting of the session, by function": r"set_config\([^)]*,\s*false\s*\)",
    "a subscription": r"[\"']\s*(UN)?LISTEN\s",
    "a prepared statement": r"[\"']\s*(PREPARE\s+\w+\s*(\(|AS\b)|DEALLOCATE\s)",
    "a cursor of the server that outlives its transaction": r"WITH\s+HOLD|withhold\s*=\s*True",
}


# Holds its lock on a connection of its own beside Django's, for as long as it restores.
ITS_OWN_CONNECTION = {ROOT / "portal" / "backup" / "restoring.py"}


def sources() -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob("*") if path.suffix in {".py", ".sql"} and path not in ITS_OWN_CONNECTION)


@pytest.mark.parametrize("what", OUTLASTS_A_TRANSACTION)
def test_no_source_leaves_anything_on_a_connection(what: str) -> None:
    pattern = re.compile(OUTLASTS_A_TRANSACTION[what], re.IGNORECASE)

    assert [str(path.relative_to(ROOT)) for path in sources() if pattern.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "code",
    [
        'cursor.execute("SELECT pg_advisory_lock(1)")',
        'cursor.execute("CREATE TEMP TABLE wanted (id bigint)")',
        "cursor.execute(\"SET work_mem = '1GB'\")",
        "cursor.execute(\"SELECT set_config('work_mem', '1GB', false)\")",
        'cursor.execute("LISTEN news")',
        'cursor.execute("PREPARE one AS SELECT 1")',
        "connection.cursor(name='all', withhold=True)",
    ],
)
def test_each_of_these_would_be_found(code: str) -> None:
    assert any(re.search(pattern, code, re.IGNORECASE) for pattern in OUTLASTS_A_TRANSACTION.values())


@pytest.mark.parametrize(
    "code",
    [
        'cursor.execute("SELECT pg_advisory_xact_lock(1)")',
        "cursor.execute(\"SET LOCAL work_mem = '1GB'\")",
        'cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")',
        "CREATE TEMPORARY TABLE wanted (id bigint) ON COMMIT DROP;",
    ],
)
def test_what_ends_with_its_transaction_is_allowed(code: str) -> None:
    assert not any(re.search(pattern, code, re.IGNORECASE) for pattern in OUTLASTS_A_TRANSACTION.values())
