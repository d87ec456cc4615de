#!/usr/bin/env python
"""Fill the database of DATABASE_URL with an invented province and its days.

    .venv/bin/python benchmarks/generate.py --entries 10_000_000 --seed 1

The same options give the same rows. Everything is loaded in one transaction: a run that is broken off leaves nothing behind. Triggers do not fire
meanwhile (neither do those that check foreign keys), so that the change log and the audit log know nothing of these rows; PostgreSQL still checks
what stands in a single row, and what is unique.

The rows come by COPY, with the text made by a second process. INSERT ... SELECT from hashed numbers was tried: one server process made 400,000
measures in 2.1 s of its processor, COPY took them in 1.3 s while the other core made them, entries included, in 3 s. That is no half of the time, and
what must be remembered (where a `latest` figure stands, what a second version repeats) is plain in Python and is not in SQL.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# Run as a script, Python looks beside it only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django
from django.core.management import call_command, get_commands
from django.db import DatabaseError, connection, transaction

from benchmarks.province import Options, Province
from benchmarks.province_rows import TABLES, province_text
from benchmarks.rows import REPORTED, slabs
from benchmarks.works import METRICS, WEIGHTS, Ground, Metric
from portal.foundation import clock

# Fixed, so that a run of another day gives the same data.
UNTIL = date(2020, 5, 10)
BRANCHES = 20_000
# From here on the whole province reports, however few entries a report has: figures at 1 M and 10 M entries compare.
WHOLE_PROVINCE = 1_000_000
FEWEST_DAYS = 7
# Below this many entries a second process takes longer to start than it saves.
ALONE = 50_000


class Refused(Exception):  # noqa: N818 - it is a state of the database or a wish that makes no sense, not a fault
    """Nothing was generated; the text says why."""


def branches_for(entries: int) -> int:
    """Return how many branches stand behind so many entries unless the caller says."""
    return BRANCHES if entries >= WHOLE_PROVINCE else max(5, BRANCHES * entries // WHOLE_PROVINCE)


def fill(options: Options) -> None:
    """Invent a province and its days, and store them in one transaction.

    Raises:
        Refused: the database holds branches, or its role may not switch triggers off.
    """
    _refuse_impossible(options)
    with transaction.atomic():
        call_command("load_reference", verbosity=0)
        _lock_and_refuse()
        ground = _ground()
        with _without_triggers():
            for table, text in province_text(Province(options), ground):
                _copy(table, TABLES[table], text)
            _build_closures()
            with _without_indexes(REPORTED):
                texts = slabs(options, ground) if options.entries <= ALONE else _beside(options, ground)
                for slab in texts:
                    for (table, columns), text in zip(REPORTED.items(), slab, strict=True):
                        _copy(table, columns, text)
        _set_sequences()
        _each([*TABLES, *REPORTED, "branches_regionpath", "branches_workunitpath"], "ANALYZE {}")


def settle() -> None:
    """Vacuum, so that index-only scans are, and rebuild the roll-ups; outside a transaction."""
    _each([*TABLES, *REPORTED, "branches_regionpath", "branches_workunitpath"], "VACUUM (ANALYZE) {}")
    if "rollups" in get_commands():
        call_command("rollups", rebuild=True)


def _refuse_impossible(options: Options) -> None:
    if options.entries < 1 or options.branches < 1:
        raise Refused("There is at least one entry and one branch.")
    if options.days < FEWEST_DAYS:
        raise Refused(f"There are at least {FEWEST_DAYS} days.")
    if options.until >= clock.today():
        raise Refused("The last day lies before today, for no report is filed in advance.")


def _lock_and_refuse() -> None:
    with connection.cursor() as cursor:
        # Two that find no branches at once would both fill.
        cursor.execute("LOCK TABLE branches_branch IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SELECT EXISTS (SELECT FROM branches_branch)")
        if cursor.fetchone()[0]:
            raise Refused("This database holds branches: generate into an empty one.")


def _ground() -> Ground:
    """Read the catalogue, and above which keys new rows begin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, id, unit_id, over_time = 'latest', decimals FROM activities_metric WHERE code = ANY (%s)", [list(METRICS)])
        metrics = {code: Metric(*row) for code, *row in cursor.fetchall()}
        cursor.execute("SELECT code, id FROM activities_unit WHERE code = ANY (%s)", [[code for code, _each in WEIGHTS]])
        units = dict(cursor.fetchall())
        highest = {}
        for table in [*TABLES, *REPORTED]:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608 - a constant
            highest[table] = cursor.fetchone()[0]
    return Ground(metrics, units, highest)


@contextmanager
def _without_triggers() -> Iterator[None]:
    """Let no trigger fire; on the way out neither, when the block fails: its transaction is lost anyway."""
    with connection.cursor() as cursor:
        try:
            # Deferred checks of what was written before are due now: as a replica nobody would make them.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
        except DatabaseError as error:
            raise Refused("The role of the database may not switch triggers off: let a superuser run this, as the embedded server's role is.") from error
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


@contextmanager
def _without_indexes(tables: Iterable[str]) -> Iterator[None]:
    """Drop the indexes of `tables` that stand behind no constraint, and make them again at the end.

    At 1 M entries, keeping them took the server 97 s of processor, dropping them 44 s and what its second worker helped to make them again. The others
    grow at their end, for keys and identifiers increase, and cost little.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ANY (%s::regclass[])"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            cursor.execute(definition)


def _copy(table: str, columns: str, text: bytes) -> None:
    if text:
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", BytesIO(text))


def _beside(options: Options, ground: Ground) -> Iterator[list[bytes]]:
    """Yield the slabs that a second process makes: while PostgreSQL takes one, it makes the next."""
    # A fork would share our connection to the database.
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(options, ground, sender), daemon=True)
    process.start()
    sender.close()
    try:
        with closing(receiver):
            while (slab := receiver.recv()) is not None:
                yield slab
    finally:
        process.terminate()
        process.join()


def _send(options: Options, ground: Ground, sender: "Connection[Any, Any]") -> None:
    for slab in slabs(options, ground):
        sender.send(slab)
    sender.send(None)


def _build_closures() -> None:
    """Have the triggers that keep the closures of both trees write them; no other one fires.

    They fire even for a statement that changes no row.
    """
    with connection.cursor() as cursor:
        for table, trigger in (("branches_regionparent", "region_moved"), ("branches_workunit", "unit_moved")):
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
            cursor.execute(f"UPDATE {table} SET id = id WHERE false")  # noqa: S608 - a constant
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def _set_sequences() -> None:
    # Never back: what is rolled back afterwards leaves them where they are, and rows elsewhere may bear numbers that were given out before.
    _each(
        [*TABLES, *REPORTED],
        "SELECT setval(sequence, greatest(rows.last, nextval(sequence))) FROM CAST(pg_get_serial_sequence('{0}', 'id') AS regclass) AS sequence,"
        " (SELECT coalesce(max(id), 0) AS last FROM {0}) AS rows",
    )


def _each(tables: Iterable[str], statement: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(statement.format(table))


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(description="Fill an empty, migrated database with an invented province and its days of reports.")
    parser.add_argument("--entries", type=int, default=200_000, help="entries of all versions of reports, exactly (200_000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another province (1)")
    parser.add_argument("--days", type=int, default=90, help="business dates (90)")
    parser.add_argument("--until", type=date.fromisoformat, default=UNTIL, help=f"the last of them ({UNTIL})")
    parser.add_argument("--branches", type=int, help=f"branches ({BRANCHES} from {WHOLE_PROVINCE} entries on, else as many as to keep the proportion)")
    given = parser.parse_args(arguments)
    return Options(given.entries, given.seed, given.branches or branches_for(given.entries), given.days, given.until)


def main(arguments: list[str] | None = None) -> int:
    """Fill, settle, and say how long it took; 1 when it was refused."""
    options = _options(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    begun = time.monotonic()
    try:
        fill(options)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    filled = time.monotonic() - begun
    settle()
    took = timedelta(seconds=round(time.monotonic() - begun))
    print(f"{options.entries:,} entries of {options.branches:,} branches over {options.days} days: {options.entries / filled:,.0f} entries/s, {took} in all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
