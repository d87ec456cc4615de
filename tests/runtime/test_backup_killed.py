"""A backup by real processes: killed in the middle, and two at once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.runtime.postgres import Server, wait_for
from tests.runtime.portals import ROOT, Portal, copy_of, free_port, open_folder


@pytest.fixture(scope="module")
def rested(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The database of a portal that is stopped with a key for backups."""
    folder = open_folder(tmp_path_factory.mktemp("killed"))
    server = copy_of(prepared, folder / "var")
    server.start()
    backup(server, "--new-key").communicate(timeout=120)
    yield server
    server.stop()


def backup(server: Server, *words: str) -> "subprocess.Popen[str]":
    return run(server, "manage.py", "backup", *words)


def run(server: Server, *command: str) -> "subprocess.Popen[str]":
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"DATA_DIR": str(server.data_dir)}
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def names(server: Server) -> list[str]:
    folder = server.data_dir / "backups"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def begun(server: Server) -> "subprocess.Popen[str]":
    """Start a backup, and return it as soon as it writes."""
    process = backup(server)
    assert wait_for(lambda: process.poll() is not None or any(name.endswith(".part") for name in names(server)), 60)
    process.send_signal(signal.SIGSTOP)
    return process


def test_one_that_is_killed_leaves_nothing_that_looks_like_a_backup_and_the_next_clears_it_away(rested: Server) -> None:
    process = begun(rested)
    process.kill()
    process.communicate(timeout=60)
    (left,) = names(rested)
    assert left.endswith(".part")
    out, err = backup(rested).communicate(timeout=120)
    assert "found whole" in out, err
    (made,) = names(rested)
    assert made.endswith(".age")
    assert not list((rested.data_dir / "attachments").glob(".held-for-backup-*"))


def test_of_two_at_once_one_is_made_and_the_other_says_so(rested: Server) -> None:
    first = begun(rested)
    try:
        _out, said = backup(rested).communicate(timeout=120)
    finally:
        first.send_signal(signal.SIGCONT)
    out, _err = first.communicate(timeout=120)
    assert "found whole" in out
    assert "Another backup of this database is being made" in said
    assert "本数据库正在进行另一次备份" in said


# As `manage.py restore`, ended by SIGKILL in the moment when the databases have changed names and nothing else is done.
KILLED_AT_THE_END = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from portal.backup import settling
settling.settle = lambda: os.kill(os.getpid(), signal.SIGKILL)
call_command("restore", sys.argv[1], identity=__import__("pathlib").Path(sys.argv[2]), replace=True)
"""


def test_a_restore_killed_between_the_database_and_its_secret_is_finished_by_the_next_start(rested: Server, prepared: Path, folder: Path) -> None:
    key = folder / "key.txt"
    (rested.data_dir / "backup_recipient").unlink()
    key.write_text(backup(rested, "--new-key").communicate(timeout=120)[0])
    archive = rested.data_dir / "audit-archive" / "2019-12.jsonl.gz"
    archive.parent.mkdir(exist_ok=True)
    archive.write_bytes(b"a month")
    for old in (rested.data_dir / "backups").glob("*.age"):
        old.unlink()
    assert "found whole" in backup(rested).communicate(timeout=120)[0]
    (made,) = (rested.data_dir / "backups").glob("*.age")
    secret = (rested.data_dir / "secret_key").read_text()

    other = copy_of(prepared, folder / "var")
    own = "a" * 64
    (other.data_dir / "secret_key").write_text(own)
    killed = run(other, "-c", KILLED_AT_THE_END, str(made), str(key))
    _out, said = killed.communicate(timeout=200)
    assert killed.returncode == -signal.SIGKILL, said
    assert (other.data_dir / "secret_key").read_text() == own
    assert (other.data_dir / "restore_to_finish.json").stat().st_mode & 0o777 == 0o600

    portal = Portal(other.data_dir, free_port())
    try:
        portal.ready()
        assert (portal.data_dir / "secret_key").read_text() == secret
        assert (portal.data_dir / "audit-archive" / archive.name).read_bytes() == b"a month"
        assert not (portal.data_dir / "restore_to_finish.json").exists()
    finally:
        portal.stop()
        portal.close()
