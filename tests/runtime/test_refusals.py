"""What `make run` says when it cannot: one sentence in two languages, status 1, and nothing left running."""

import os
import socket
from pathlib import Path

import pytest

from tests.runtime.conftest import Start
from tests.runtime.portals import copy_of, give_to_ordinary_user, run_sql

SOMEBODY = 12345


def test_a_taken_port_is_named_with_the_way_out(start: Start, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        sentence = start().refusal()

    assert f"Port {port} of 127.0.0.1 is taken" in sentence
    assert "make run PORT=" in sentence


def test_a_port_that_is_no_number_is_refused(start: Start) -> None:
    assert "PORT must be a whole number" in start(port="eighty").refusal()


def test_a_second_portal_on_the_same_folder_is_refused(start: Start, data_dir: Path) -> None:
    first = start().ready()

    sentence = start(port=first.port + 1).refusal()

    assert f"already runs on the data folder {data_dir} (process {first.process.pid})" in sentence
    assert first.health()[0] == 200


def test_an_unwritable_folder_is_named(start: Start, folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    give_to_ordinary_user(closed)
    closed.chmod(0o555)

    assert f"Cannot write to the data folder {closed}" in start(data_dir=closed, ordinary_user=True).refusal()
    assert f"Cannot write to the data folder {closed / 'var'}" in start(data_dir=closed / "var", ordinary_user=True).refusal()


def test_a_folder_below_a_file_is_named(start: Start, folder: Path) -> None:
    (folder / "file").write_text("")

    assert f"Cannot write to the data folder {folder / 'file' / 'var'}" in start(data_dir=folder / "file" / "var").refusal()


def test_an_ordinary_user_is_refused_a_folder_of_another(start: Start) -> None:
    # The one folder of every machine that belongs to root and that everybody may write to.
    shared = Path("/tmp").resolve()  # noqa: S108

    assert f"The data folder {shared} belongs to root" in start(data_dir=shared, ordinary_user=True).refusal()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("part", [".", "postgres-18"])
def test_root_is_refused_a_folder_of_another(start: Start, data_dir: Path, part: str) -> None:
    os.chown(data_dir / part, SOMEBODY, SOMEBODY)

    assert f"The data folder {data_dir / part} belongs to {SOMEBODY}" in start().refusal()
    assert (data_dir / part).stat().st_uid == SOMEBODY


def test_a_folder_with_files_of_something_else_is_left_alone(start: Start, folder: Path) -> None:
    other = folder / "other" / "postgres-18"
    other.mkdir(parents=True)
    (other / "thesis.txt").write_text("do not touch")

    assert f"{other} holds files that are no database of this portal" in start(data_dir=folder / "other").refusal()
    assert (other / "thesis.txt").read_text() == "do not touch"


@pytest.mark.parametrize("url", ["nonsense", "postgres://", "postgres://a:secret@host:port/name", "sqlite:///file", "mysql://a:secret@host/name"])
def test_a_malformed_database_url_is_refused_without_repeating_its_password(start: Start, folder: Path, url: str) -> None:
    sentence = start(data_dir=folder / "own", DATABASE_URL=url).refusal()

    assert "DATABASE_URL is not the address of a PostgreSQL database" in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid:5432"])
def test_a_database_that_cannot_be_reached_is_refused(start: Start, folder: Path, host: str) -> None:
    sentence = start(data_dir=folder / "own", DATABASE_URL=f"postgres://someone:secret@{host}/portal").refusal()

    assert "The server of DATABASE_URL does not answer" in sentence
    assert "secret" not in sentence


def test_a_wrong_password_and_a_missing_database_are_told_apart(start: Start, folder: Path, prepared: Path) -> None:
    named = copy_of(prepared, folder / "named")
    hba = named.cluster / "pg_hba.conf"
    hba.write_text(f"local all locked scram-sha-256\n{hba.read_text()}")
    named.start()
    try:
        run_sql(named, "CREATE ROLE locked LOGIN PASSWORD 'right'")

        wrong = start(data_dir=folder / "one", DATABASE_URL=named.url(role="locked:wrong")).refusal()
        missing = start(data_dir=folder / "two", DATABASE_URL=named.url(database="absent")).refusal()
    finally:
        named.stop()

    assert "refuses the user name or the password" in wrong
    assert "has no database named absent" in missing
