"""The drill: a portal at work is backed up, restored on a machine where nothing is, compared, and works on there."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from uuid import uuid4

import pytest

from portal.runtime.postgres import Server, wait_for
from tests.runtime.conftest import Start
from tests.runtime.portals import DIRECT, READY, ROOT, Portal, copy_of, free_port, open_folder, run_sql, stage

DAY: Final = datetime.now(UTC).astimezone(timezone(timedelta(hours=8))).date()
_CASTS: Final = re.compile(r"::(?:character varying|text)(?:\[\])?|[()\s\\]")
# What a restore ends, and what it adds a row to.
ENDED: Final = {"django_session", "knox_authtoken"}


@dataclass
class World:
    """What the tests share: a portal that was backed up twice, and an empty machine.

    Attributes:
        at_work: the backup made while people filed; `at_rest` the one made when nothing moved, and `older` one of an older schema.
        tables: what the tables held when it rested, by name: how far their rows were numbered, and a hash of each row.
        sealed: days of the audit log with their digests.
        answered: identifiers of reports whose arrival was acknowledged before the first backup began.
    """

    folder: Path
    identity: Path
    source: Path
    target: Path
    places: list[dict[str, str]]
    at_work: Path = field(default_factory=Path)
    at_rest: Path = field(default_factory=Path)
    older: Path = field(default_factory=Path)
    tables: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    schema: dict[str, list[Any]] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    resume: str = ""
    sealed: list[str] = field(default_factory=list)


def manage(data_dir: Path, *words: str, refused: bool = False, **env: str) -> str:
    """Run a command of the portal on a data folder; return what it printed, or in which words it refused."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"DATA_DIR": str(data_dir), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is refused, done.stdout + done.stderr
    return done.stderr if refused else done.stdout


def file_over_http(port: int, place: dict[str, str], vehicles: int) -> str:
    """File today's report of a branch as another system, and return the version's identifier."""
    body = {"uid": str(uuid4()), "branch": place["branch"], "business_date": DAY.isoformat(), "figures": [{"metric": "vehicles", "value": str(vehicles)}]}
    return str(ask(port, place, "reports/", body | {"reason": "补报"})["public_id"])


def ask(port: int, place: dict[str, str], path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the API below its root."""
    headers = {"Authorization": f"Token {place['token']}", "Content-Type": "application/json", "Accept-Language": "en"}
    address = path if path.startswith("http") else f"http://127.0.0.1:{port}/api/v1/{path}"
    request = urllib.request.Request(address, json.dumps(body).encode() if body else None, headers)  # noqa: S310 -- http
    with DIRECT.open(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def serving(data_dir: Path) -> Iterator[Server]:
    """The database of a portal that is stopped."""
    server = Server(data_dir, durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def people_filing(portal: Portal, places: list[dict[str, str]]) -> Iterator[list[str]]:
    """File from every branch again and again; yield the reports whose arrival was acknowledged."""
    stop, answered = Event(), []

    def go_on(place: dict[str, str]) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            answered.append(file_over_http(portal.port, place, number))

    threads = [Thread(target=go_on, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def contents(server: Server) -> dict[str, tuple[int, list[str]]]:
    """Return of each table how far its rows are numbered, and a hash of each row."""
    names = [name for (name,) in run_sql(server, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", database="portal")]
    return {name: rows_of(server, name) for name in names}


def rows_of(server: Server, table: str, up_to: int | None = None) -> tuple[int, list[str]]:
    """Return the hashes of the rows of a table, in order; of those numbered up to `up_to` where they are numbered."""
    numbered = run_sql(
        server, f"SELECT 1 FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = 'id' AND atttypid = 'bigint'::regtype", database="portal"
    )
    ((last,),) = run_sql(server, f"SELECT coalesce(max(id), 0) FROM {table}", database="portal") if numbered else [(0,)]
    which = f"WHERE id <= {up_to}" if numbered and up_to is not None else ""
    rows = run_sql(server, f"SELECT md5(held::text) FROM {table} AS held {which} ORDER BY 1", database="portal")
    return int(last), [digest for (digest,) in rows]


def schema(server: Server) -> dict[str, list[Any]]:
    """Describe what is no row: constraints, triggers, indexes, functions, and how far the sequences are."""
    queries = {
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname, prosrc, prosecdef, proconfig::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND proname NOT IN ('foundation_epoch', 'foundation_counted_elsewhere')",
        "owners": "SELECT relname, relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        "privileges": "SELECT relname, (aclexplode(relacl)).grantee::regrole::text AS who, (aclexplode(relacl)).privilege_type AS what"
        " FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        "sequences": "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND sequencename NOT IN"
        " ('foundation_job_id_seq', 'foundation_auditentry_id_seq', 'foundation_change_id_seq', 'foundation_rowchange_id_seq')",
    }
    # Read back from its own words, PostgreSQL casts each value of a list instead of the list, and says so from then on.
    return {kind: sorted(_CASTS.sub("", str(row)) for row in run_sql(server, query, database="portal")) for kind, query in queries.items()}


def put_aside(server: Server) -> list[str]:
    """Return the databases that a restore put aside."""
    return [name for (name,) in run_sql(server, "SELECT datname FROM pg_database") if name.startswith("portal_before_")]


def files(data_dir: Path) -> dict[str, str]:
    """Return attachments and archives of the audit log by name, with the hash of their content."""
    folders = (data_dir / "attachments", data_dir / "audit-archive")
    return {path.name: sha256(path.read_bytes()).hexdigest() for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def world(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Back up a portal at work and at rest."""
    folder = open_folder(tmp_path_factory.mktemp("drill"))
    copy_of(prepared, folder / "source")
    identity = folder / "elsewhere" / "key.txt"
    identity.parent.mkdir()
    with serving(folder / "source"):
        env = os.environ | {"DATA_DIR": str(folder / "source"), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        subprocess.run([sys.executable, "-m", "tests.runtime.backed_up"], cwd=ROOT, env=env, check=True)
        identity.write_text(manage(folder / "source", "backup", "--new-key"))
    portal = Portal(folder / "source", free_port()).ready()
    world = World(folder, identity, folder / "source", folder / "target", stage(portal, 3))
    with people_filing(portal, world.places) as answered:
        assert wait_for(lambda: len(answered) >= 3, READY)
        world.answered = list(answered)
        manage(world.source, "backup", "--to", str(folder / "at-work"))
    world.resume = ask(portal.port, world.places[0], "changes/")["resume"].split("/api/v1/")[1]
    portal.stop()
    portal.close()
    (world.source / "audit-archive").mkdir()
    (world.source / "audit-archive" / "2019-12.jsonl.gz").write_bytes(b"a month that no table holds any more")
    with serving(world.source) as server:
        run_sql(
            server,
            "INSERT INTO foundation_auditentry (at, action, model, details) VALUES (now() - interval '3 days', 'audit.read', '', '{}')",
            database="portal",
        )
        world.sealed = manage(world.source, "audit", "seal").split()
        world.tables, world.schema = contents(server), schema(server)
        manage(world.source, "backup", "--to", str(folder / "at-rest"))
        # As an earlier version of the portal would have it: the last step of the schema is not taken yet.
        applied = run_sql(server, "SELECT name FROM django_migrations WHERE app = 'activities' ORDER BY name DESC LIMIT 2", database="portal")
        manage(world.source, "migrate", "activities", applied[1][0])
        manage(world.source, "backup", "--to", str(folder / "older"))
    (world.at_work,), (world.at_rest,), (world.older,) = ((folder / name).iterdir() for name in ("at-work", "at-rest", "older"))
    return world


def test_a_backup_is_restored_on_an_empty_machine_by_one_command_with_every_row_and_file(world: World) -> None:
    said = manage(world.target, "restore", str(world.at_rest), "--identity", str(world.identity))
    assert "The portal is back at" in said
    assert "系统已恢复到" in said
    assert "3 tokens of other systems were ended" in said
    with serving(world.target) as server:
        for table, (last, rows) in world.tables.items():
            found = rows_of(server, table, last)[1]
            assert found == ([] if table in ENDED else rows), table
        # Besides, a job to throw away again what was due, what the audit log tells of it, and with it what other logs do.
        added = {name: last for name, (last, _rows) in contents(server).items() if last > world.tables[name][0]}
        assert {"foundation_job", "foundation_auditentry"} <= set(added) <= {"foundation_job", "foundation_auditentry", *_LOGS}
        assert schema(server) == world.schema
        assert world.sealed
        manage(world.target, "audit", "verify", *(word for seal in world.sealed for word in ("--expect", seal)))
        assert run_sql(server, "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == [("portal",), ("postgres",)]
    assert files(world.target) == files(world.source)
    assert len(files(world.target)) >= 2
    assert (world.target / "secret_key").read_text() == (world.source / "secret_key").read_text()


# Logs that triggers write.
_LOGS: Final = {"foundation_change", "foundation_rowchange"}


def test_nearly_every_table_holds_something_when_the_drill_compares_it(world: World) -> None:
    empty = {name for name, (_last, rows) in world.tables.items() if not rows}
    assert len(empty) < len(world.tables) / 3, sorted(empty)


def test_what_is_there_is_not_overwritten_and_a_backup_that_cannot_be_restored_leaves_everything_as_it_was(world: World) -> None:
    with serving(world.target) as server:
        before, held = contents(server), files(world.target)
    restore = ("restore", str(world.at_work), "--identity", str(world.identity))
    said = manage(world.target, *restore, refused=True)
    assert "holds data" in said
    assert "已有数据" in said

    broken = world.folder / "broken.age"
    whole = world.at_work.read_bytes()
    broken.write_bytes(whole[:-1])
    assert "signed by another portal" in manage(world.target, *restore, "--signed-by", "ab" * 32, "--replace", refused=True)
    assert "cut short or altered" in manage(world.target, "restore", str(broken), "--identity", str(world.identity), "--replace", refused=True)

    # In the middle of it: a folder for attachments is none.
    name = next(name for name in held if len(name) == 64)
    (world.target / "attachments" / name[:2] / name).rename(aside := world.folder / name)
    (world.target / "attachments" / name[:2]).rmdir()
    (world.target / "attachments" / name[:2]).write_text("no folder")
    assert "Everything is as it was" in manage(world.target, *restore, "--replace", refused=True)
    (world.target / "attachments" / name[:2]).unlink()
    (world.target / "attachments" / name[:2]).mkdir()
    aside.rename(world.target / "attachments" / name[:2] / name)

    with serving(world.target) as server:
        assert contents(server) == before
        assert run_sql(server, "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == [("portal",), ("postgres",)]
    assert files(world.target) == held


def test_a_backup_of_an_older_version_is_brought_up_to_this_one(world: World) -> None:
    manage(world.target, "restore", str(world.older), "--identity", str(world.identity), "--replace")
    with serving(world.target) as server:
        (aside,) = put_aside(server)
        run_sql(server, f"DROP DATABASE {aside}")
        # Tables that the last step makes were made anew, and count from the beginning.
        assert schema(server) | {"sequences": None} == world.schema | {"sequences": None}


def test_a_backup_made_while_people_filed_is_consistent_and_the_portal_works_on_from_it(world: World, start: Start) -> None:
    said = manage(world.target, "restore", str(world.at_work), "--identity", str(world.identity), "--replace", "--keep-tokens")
    assert "is kept as the database portal_before_" in said
    with serving(world.target) as server:
        manage(world.target, "rollups", "--check")
        filed = {str(name) for (name,) in run_sql(server, "SELECT public_id FROM activities_reportversion", database="portal")}
        assert set(world.answered) <= filed, "what was acknowledged before the backup began is in it"
        assert len(put_aside(server)) == 1

    portal = start(data_dir=world.target).ready()
    assert "already runs on the data folder" in manage(
        world.target, "restore", str(world.at_work), "--identity", str(world.identity), "--replace", refused=True
    )
    place = world.places[0]
    with pytest.raises(urllib.error.HTTPError) as gone:
        ask(portal.port, place, world.resume)
    assert (gone.value.code, json.load(gone.value)["type"]) == (410, "/api/v1/problems/epoch-over/")
    known = ask(portal.port, place, "changes/?page_size=1000")
    while known["next"]:
        known = ask(portal.port, place, known["next"])
    version = file_over_http(portal.port, place, 7)

    def is_told() -> bool:
        """Whether the feed has it, which waits for whatever began before and is not done."""
        rows = ask(portal.port, place, known["resume"])["results"]
        return (version, "added") in {(row["public_id"], row["operation"]) for row in rows}

    assert wait_for(is_told, 60)
