"""A key, a folder for backups, and something to back up."""

from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from django.test import override_settings

from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import archiving, attachments
from tests.factories import file
from tests.personas import MARCH_6


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A file with a private key, away from the backups."""
    path = tmp_path / "elsewhere" / "key.txt"
    path.parent.mkdir()
    path.write_text(f"# created elsewhere\n{pyrage.x25519.Identity.generate()}\n")
    return path


@pytest.fixture
def folder(tmp_path: Path, identity: Path) -> Iterator[Path]:
    """The folder for backups, with its key in the settings."""
    public = pyrage.x25519.Identity.from_str(identity.read_text().splitlines()[-1]).to_public()
    where = tmp_path / "backups"
    with override_settings(BACKUP_DIR=where, BACKUP_RECIPIENT=[str(public)], DATA_DIR=tmp_path, MEDIA_ROOT=tmp_path / "attachments"):
        yield where


@pytest.fixture
def filed(folder: Path, branch: Branch, organiser: User) -> list[str]:
    """A report, two attachments, and an archive of the audit log; the hashes of the attachments."""
    archiving.folder().mkdir()
    (archiving.folder() / "2019-12.jsonl.gz").write_bytes(b"a month")
    file(branch, MARCH_6, by=organiser, vehicles=200)
    stored = [
        attachments.store(content=content, name="名单.txt", content_type="text/plain", model="test", added_by=organiser) for content in (b"one", b"two" * 40000)
    ]
    return [attachment.sha256 for attachment in stored]
