"""What is not, to the last byte, a backup of this portal that this key opens is refused, with the reason."""

import io
import json
import random
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from portal.backup import container, keys, making, restoring, signing
from portal.backup.checking import Check
from portal.backup.container import Part
from portal.backup.refusals import BackupError
from tests.backup.refusing import refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(folder: Path, filed: list[str]) -> Path:
    return making.make().path


@pytest.fixture
def check(identity: Path) -> Callable[[Path], Any]:
    return lambda path: Check(path).run(keys.read_identities(identity))


def test_a_backup_altered_or_cut_short_anywhere_is_refused(backup: Path, check: Callable[[Path], Any]) -> None:
    whole = backup.read_bytes()
    assert check(backup).manifest["attachments"]["number"] == 2
    chance = random.Random(8)
    header = whole.index(b"---")
    places = {0, 30, header - 20, header + 10, header + 60, len(whole) // 2, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(12))}
    for place in sorted(places):
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BackupError) as caught:
            check(backup)
        assert caught.value.reason in {"damaged", "other_key", "no_backup"}, place
    chunks = range(header + 64, len(whole), 65552)
    for length in sorted({0, 1, header, *chunks, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(8))}):
        backup.write_bytes(whole[:length])
        with pytest.raises(BackupError) as caught:
            check(backup)
        assert caught.value.reason in {"damaged", "no_backup"}, length
    for extra in (b"\0", whole):
        backup.write_bytes(whole + extra)
        refused(lambda: check(backup), "damaged")


def test_another_key_and_what_is_no_key_are_refused(backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    refused(lambda: Check(backup).run(keys.read_identities(other)), "other_key")
    refused(lambda: keys.read_identities(backup), "no_identity")
    refused(lambda: keys.read_identities(tmp_path / "nowhere"), "unreadable")


def test_other_files_are_refused(backup: Path, identity: Path, check: Callable[[Path], Any], tmp_path: Path) -> None:
    public = keys.read_identities(identity)[0].to_public()
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(identity, "about.json")
    for content in (b"", b"PK\3\4", pyrage.encrypt(b"a letter", [public]), pyrage.encrypt((tmp_path / "other.tar").read_bytes(), [public])):
        backup.write_bytes(content)
        refused(lambda: check(backup), "no_backup")
    refused(lambda: check(tmp_path / "nowhere"), "unreadable")


def rewritten(backup: Path, identity: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> None:
    """Write a backup anew as somebody who has the public key could: nothing of age is broken then."""
    known = keys.read_identities(identity)
    parts: list[Part] = []
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(backup.read_bytes(), known))) as archive:
        for member in archive:
            content = archive.extractfile(member).read()  # type: ignore[union-attr]
            parts += [Part(name, len(text), [text]) for name, text in change(member.name, content)]
    with backup.open("wb") as file:
        container.encrypt(container.packed(parts, moment=0), file, [known[0].to_public()], lambda _done: None)


def with_about(**values: Any) -> Callable[[str, bytes], list[tuple[str, bytes]]]:
    return lambda name, content: [(name, json.dumps({**json.loads(content), **values}).encode() if name == "about.json" else content)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (with_about(product="another"), "no_backup"),
        (with_about(format=3), "newer"),
        (with_about(schema=["activities.9999_from_the_future"]), "newer"),
        (with_about(postgresql=99), "no_program"),
        (lambda name, content: [] if name.startswith("attachments/") else [(name, content)], "damaged"),
        (lambda name, content: [] if name == "manifest.json" else [(name, content)], "no_backup"),
        (lambda name, content: [(name, content + b"x" if name.startswith("attachments/") else content)], "damaged"),
        (lambda name, content: [(name, b"other" if name.startswith("audit-archive/") else content)], "damaged"),
        (lambda name, content: [] if name.startswith("audit-archive/") else [(name, content)], "damaged"),
        (lambda name, content: [(name.replace("audit-archive/", "audit-archive/../../"), content)], "no_backup"),
        (lambda name, content: [(name, content[:-100] if name.startswith("database/") else content)], "damaged"),
        (lambda name, content: [(name, b"PGDMP" + bytes(100) if name.startswith("database/") else content)], "damaged"),
        (lambda name, content: [(name, content), *([("../outside", b"x")] if name == "about.json" else [])], "no_backup"),
        (lambda name, content: [(name, content), *([("database/000003", b"x")] if name == "database/000001" else [])], "no_backup"),
    ],
)
def test_what_was_put_together_by_somebody_else_is_refused(
    backup: Path, identity: Path, check: Callable[[Path], Any], change: Callable[[str, bytes], list[tuple[str, bytes]]], reason: str
) -> None:
    rewritten(backup, identity, change)
    refused(lambda: check(backup), reason)


def named(*words: str) -> dict[str, str]:
    """What a signature of somebody who has the words alone would say."""
    key = Ed25519PrivateKey.generate()
    return {"public_key": key.public_key().public_bytes_raw().hex(), "signature": key.sign("".join(words).encode()).hex()}


def test_a_backup_says_who_has_written_it_and_no_change_of_it_keeps_the_signature(backup: Path, identity: Path, check: Callable[[Path], Any]) -> None:
    written = backup.read_bytes()
    assert check(backup).signed_by == signing.own() != ""
    changes: list[Callable[[str, bytes], list[tuple[str, bytes]]]] = [
        with_about(made_at="2031-01-01T00:00:00+08:00"),
        lambda name, content: [(name, b"x" * 64 if name == "secret_key" else content)],
        lambda name, content: [(name, json.dumps({**json.loads(content), "next_transaction": 1}).encode() if name == "manifest.json" else content)],
        lambda name, content: [(name, json.dumps(named("anything")).encode() if name == "signature.json" else content)],
        lambda name, content: [(name, json.dumps({**json.loads(content), "signature": "no hexadecimal"}).encode() if name == "signature.json" else content)],
        lambda name, content: [(name, b"[]" if name == "signature.json" else content)],
    ]
    for change in changes[:-1]:
        rewritten(backup, identity, change)
        assert check(backup).signed_by == ""
        refused(lambda: signing.require(backup, check(backup).signed_by, [signing.own()]), "unsigned")
        backup.write_bytes(written)
    rewritten(backup, identity, changes[-1])
    refused(lambda: check(backup), "no_backup")


def test_whoever_writes_is_named_or_anybody_is_taken_on_purpose(backup: Path, identity: Path, tmp_path: Path) -> None:
    other = "ab" * 32
    refused(lambda: signing.require(backup, signing.own(), []), "nobody_trusted")
    refused(lambda: signing.require(backup, signing.own(), [other]), "other_writer")
    refused(lambda: signing.require(backup, "", [signing.own()]), "unsigned")
    signing.require(backup, signing.own(), [other, signing.own()])
    refused(lambda: signing.read_public("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"), "no_signer")
    assert signing.read_public(f" {signing.own().upper()}\n") == signing.own()


def test_a_forged_backup_is_refused_before_the_database_is_looked_at(backup: Path, identity: Path) -> None:
    rewritten(backup, identity, with_about(made_at="2031-01-01T00:00:00+08:00"))
    held = keys.read_identities(identity)
    with connection.execute_wrapper(lambda *_call: pytest.fail("it asked the database")):
        refused(lambda: restoring.restore(backup, held, signers=[signing.own()]), "unsigned")
        refused(lambda: restoring.restore(backup, held, signers=[]), "nobody_trusted")


def test_a_backup_from_before_they_were_signed_is_read_and_has_no_writer(backup: Path, identity: Path, check: Callable[[Path], Any]) -> None:
    older = with_about(format=1)
    rewritten(backup, identity, lambda name, content: [] if name == "signature.json" else older(name, content))
    assert check(backup).signed_by == ""
    rewritten(backup, identity, with_about(format=2))
    refused(lambda: signing.require(backup, check(backup).signed_by, [signing.own()]), "unsigned")


def test_the_key_that_signs_is_the_portals_alone_made_once_and_in_no_backup(backup: Path, identity: Path) -> None:
    kept = signing.kept_at()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert signing.make() == signing.own()
    assert kept.read_bytes() not in pyrage.decrypt(backup.read_bytes(), keys.read_identities(identity))
    identity.write_text(f"{identity.read_text()}{signing.SAID}{signing.own()}\n")
    assert keys.read_file(identity).signers == [signing.own()]
    kept.write_bytes(b"cut short")
    refused(signing.own, "unreadable")
    refused(signing.make, "unreadable")
