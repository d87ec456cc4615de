"""Attachments: kept by the hash of their content, whole or not at all."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import override_settings

from portal.foundation import attachments
from portal.foundation.models import Attachment
from tests.factories import make_user


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, db: None) -> Iterator[None]:
    with override_settings(MEDIA_ROOT=tmp_path / "attachments"):
        yield


def keep(content: bytes, name: str = "名单.xlsx", limit: int = attachments.LIMIT) -> Attachment:
    return attachments.store(content=content, name=name, content_type="text/plain", model="test", added_by=make_user(), limit=limit)


def test_the_same_content_is_stored_once_and_named_twice() -> None:
    first, second = keep(b"content", "a.txt"), keep(b"content", "b.txt")

    assert first.sha256 == second.sha256 == sha256(b"content").hexdigest()
    assert [path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == [first.sha256]
    with attachments.open_content(second) as file:
        assert file.read() == b"content"


def test_a_file_name_cannot_lead_out_of_the_folder() -> None:
    assert keep(b"content", "../../etc/passwd").name == "passwd"


@pytest.mark.parametrize(("content", "limit"), [(b"", 10), (b"x" * 11, 10)])
def test_an_empty_or_too_large_file_is_refused_and_leaves_nothing(content: bytes, limit: int) -> None:
    with pytest.raises(ValidationError):
        keep(content, limit=limit)
    assert not Attachment.objects.exists()
    assert not Path(settings.MEDIA_ROOT).exists()
