"""A backup is whole or not there, and nobody but the holder of the key opens it."""

import fcntl
import os
import resource
import tarfile
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from portal.accounts.models import User
from portal.backup import keeping, keys, making, signing
from portal.backup.checking import Check
from portal.foundation import attachments
from portal.foundation.models import Attachment, AuditEntry
from tests.backup.refusing import refused

pytestmark = pytest.mark.django_db(transaction=True)


def opened(path: Path, identity: Path) -> dict[str, bytes]:
    """Open a backup with nothing of the portal: age, then tar."""
    plain = pyrage.decrypt(path.read_bytes(), keys.read_identities(identity))
    with tarfile.open(fileobj=BytesIO(plain)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_file_holds_the_dump_the_attachments_and_the_secret_and_tells_nothing_without_the_key(
    folder: Path, identity: Path, filed: list[str], settings: Any
) -> None:
    made = making.make()
    assert names(folder) == [made.path.name]
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    contents = opened(made.path, identity)
    assert next(iter(contents)) == "about.json"
    assert list(contents)[-1] == "signature.json"
    assert {contents[f"attachments/{name[:2]}/{name}"] for name in filed} == {b"one", b"two" * 40000}
    assert contents["audit-archive/2019-12.jsonl.gz"] == b"a month"
    assert contents["secret_key"].decode() == settings.SECRET_KEY
    assert contents["database/000001"].startswith(b"PGDMP")
    assert settings.SECRET_KEY.encode() not in made.path.read_bytes()
    event = AuditEntry.objects.get(action="backup.made")
    assert (event.details["file"], event.details["bytes"], event.details["attachments"]) == (made.path.name, made.size, 2)


def test_without_a_key_a_sentence_says_how_to_make_one_and_nothing_is_written(folder: Path) -> None:
    with override_settings(BACKUP_RECIPIENT=[]):
        assert "--new-key" in refused(making.make, "no_key")
    assert not folder.exists()


def test_a_new_key_is_printed_once_and_only_its_public_part_is_kept(folder: Path, tmp_path: Path, filed: list[str]) -> None:
    with override_settings(BACKUP_RECIPIENT=[]):
        out = StringIO()
        call_command("backup", new_key=True, stdout=out)
        private = tmp_path / "elsewhere" / "printed.txt"
        private.write_text(out.getvalue())
        kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
        assert kept == {
            "backup_recipient": f"{keys.read_identities(private)[0].to_public()}\n".encode(),
            "backup_signing_key": signing.kept_at().read_bytes(),
        }
        assert keys.read_file(private).signers == [signing.own()]
        refused(keys.make, "key_is_there")
        made = making.make()
        assert Check(made.path).run(keys.read_identities(private)).manifest["attachments"]["number"] == 2
    refused(keys.make, "key_is_there")


def test_each_of_several_holders_opens_a_backup(folder: Path, identity: Path, tmp_path: Path, settings: Any) -> None:
    second = tmp_path / "elsewhere" / "second.txt"
    second.write_text(str(key := pyrage.x25519.Identity.generate()))
    settings.BACKUP_RECIPIENT = [*settings.BACKUP_RECIPIENT, str(key.to_public())]
    made = making.make()
    for path in (identity, second):
        assert Check(made.path).run(keys.read_identities(path)).about["product"]


@pytest.mark.parametrize(("text", "reason"), [("age1nothing", "no_recipient"), ("AGE-SECRET-KEY-1QQQ", "private_recipient")])
def test_a_setting_that_is_no_public_key_is_refused(folder: Path, text: str, reason: str) -> None:
    with override_settings(BACKUP_RECIPIENT=[text]):
        said = refused(making.make, reason)
    assert "AGE-SECRET-KEY-1QQQ" not in said


def test_no_backup_is_written_beside_a_private_key(folder: Path, identity: Path, filed: list[str]) -> None:
    folder.mkdir()
    beside = folder / "notes.txt"
    beside.write_bytes(identity.read_bytes())
    assert str(beside) in refused(making.make, "key_beside")
    assert names(folder) == ["notes.txt"]


def test_an_attachment_thrown_away_while_the_backup_runs_is_still_in_it(folder: Path, identity: Path, filed: list[str]) -> None:
    thrown: list[int] = []

    def throw_away(percent: int) -> None:
        if not thrown:
            thrown.append(percent)
            for attachment in Attachment.objects.all():
                attachments.throw_away(attachment)

    made = making.make(progress=throw_away)
    assert thrown[0] < 50
    assert Attachment.objects.filter(thrown_away_at=None).count() == 0
    assert (made.attachments, made.missing) == (2, [])
    assert {f"attachments/{name[:2]}/{name}" for name in filed} <= set(opened(made.path, identity))
    assert [path for path in (folder.parent / "attachments").rglob("*") if path.is_file()] == [], "nothing is held longer than the backup takes"


def test_a_file_that_is_lost_or_altered_on_the_disk_is_named_and_the_rest_is_backed_up(folder: Path, identity: Path, filed: list[str]) -> None:
    root = folder.parent / "attachments"
    (root / filed[0][:2] / filed[0]).unlink()
    (root / filed[1][:2] / filed[1]).write_bytes(b"other")
    out = StringIO()
    call_command("backup", stdout=out)
    assert f"Attachment {filed[0]} has no file" in out.getvalue()
    assert f"附件 {filed[1]} 与存入时不同" in out.getvalue()
    (path,) = folder.iterdir()
    assert Check(path).run(keys.read_identities(identity)).manifest["database"]["rows"]["activities_dailyreport"] == 1


def test_a_disk_that_takes_no_more_is_said_and_nothing_is_left_but_what_was_there(folder: Path, filed: list[str]) -> None:
    earlier = making.make()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # As a full disk does, the system refuses to write on in the middle of the file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (earlier.size // 2, limits[1]))
    try:
        said = refused(making.make, "unwritable")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in said
    assert names(folder) == [earlier.path.name]


def test_a_backup_that_does_not_read_back_gets_no_name(folder: Path, filed: list[str]) -> None:
    altered: list[Path] = []

    def alter(percent: int) -> None:
        if percent >= 50 and not altered:
            altered.extend(folder.glob("*.part"))
            with altered[0].open("r+b") as file:
                file.seek(-10000, os.SEEK_END)
                file.write(b"altered")

    refused(lambda: making.make(progress=alter), "damaged")
    assert len(altered) == 1
    assert names(folder) == []


def test_while_one_backup_runs_another_is_refused_and_what_a_killed_one_left_is_cleared(folder: Path, filed: list[str]) -> None:
    tried: list[str] = []
    making.make(progress=lambda _percent: tried.append(refused(making.make, "another_runs")) if not tried else None)
    assert len(tried) == 1
    left, running = folder / "portal-1.age.part", folder / "portal-2.age.part"
    for path in (left, running):
        path.write_bytes(b"half")
    with running.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        making.make()
    assert not left.exists()
    assert running.exists()


def test_backups_of_the_same_second_do_not_replace_each_other(folder: Path, clock: object) -> None:
    first, second = making.make(), making.make()
    assert first.path != second.path
    assert {backup.path for backup in keeping.listed(folder)} == {first.path, second.path}


def test_what_the_dump_says_goes_into_the_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "pg_dump"
    broken.write_text("#!/bin/sh\nprintf PGDMP\necho 'pg_dump: error: the server went away' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("portal.backup.programs.fitting", lambda name, version: broken)
    assert "the server went away" in refused(making.make, "program_failed")
    assert names(folder) == []


def test_a_pooler_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    refused(making.make, "pooled")


def test_the_command_says_in_both_languages_what_it_made_and_what_it_found(folder: Path, identity: Path, filed: list[str], organiser: User) -> None:
    out = StringIO()
    call_command("backup", stdout=out)
    (path,) = folder.iterdir()
    assert f"{path}: " in out.getvalue()
    assert "2 个附件，已回读核对无误" in out.getvalue()
    call_command("backup", verify=path, identity=identity, stdout=out)
    assert f"{path} is whole" in out.getvalue()
    assert AuditEntry.objects.filter(action="backup.verified").count() == 1
    with pytest.raises(CommandError, match="--identity"):
        call_command("backup", verify=path)
