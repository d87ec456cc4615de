"""Attachments: kept by the hash of their content, whole or not at all."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import override_settings

from portal.foundation import attachments, clock
from portal.foundation.models import Attachment
from tests.accounts.threads import at_once
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


def files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_what_is_thrown_away_is_gone_with_the_last_attachment_that_holds_it_and_its_name_and_hash_stay() -> None:
    first, second = keep(b"content", "a.txt"), keep(b"content", "b.txt")

    attachments.throw_away(first)
    with attachments.open_content(second) as file:
        assert file.read() == b"content"

    attachments.throw_away(second)
    attachments.throw_away(second)
    assert not files()
    assert set(Attachment.objects.values_list("name", "sha256", "size")) == {(name, sha256(b"content").hexdigest(), 7) for name in ("a.txt", "b.txt")}
    assert not Attachment.objects.filter(thrown_away_at=None).exists()

    with attachments.open_content(keep(b"content")) as file:
        assert file.read() == b"content"


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_fails_has_thrown_nothing_away() -> None:
    kept = keep(b"content")
    with transaction.atomic():
        attachments.throw_away(kept)
        transaction.set_rollback(True)

    kept.refresh_from_db()
    assert kept.thrown_away_at is None
    with attachments.open_content(kept) as file:
        assert file.read() == b"content"


def test_what_a_crash_left_behind_is_cleared_and_what_somebody_else_holds_is_not() -> None:
    gone, twin, kept = keep(b"left behind"), keep(b"twice", "a.txt"), keep(b"twice", "b.txt")
    # As a machine leaves it that stops between the transaction and the file.
    Attachment.objects.filter(pk__in=[gone.pk, twin.pk]).update(thrown_away_at=clock.now())

    assert (attachments.clear(), attachments.clear()) == (1, 0)
    assert [path.name for path in files()] == [kept.sha256]


@pytest.mark.django_db(transaction=True)
def test_content_that_is_stored_while_the_same_is_thrown_away_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user()

    def store() -> Attachment:
        return attachments.store(content=b"content", name="a", content_type="text/plain", model="test", added_by=user)

    old, found = store(), Event()
    exists = Path.exists

    def found_there(path: Path) -> bool:
        there = exists(path)
        found.set()
        # As long as somebody needs who would throw it away now.
        sleep(0.5)
        return there

    def throw_away() -> None:
        found.wait(10)
        attachments.throw_away(old)

    with monkeypatch.context() as slow:
        slow.setattr(Path, "exists", found_there)
        assert at_once(store, throw_away) == ["done", "done"]

    with attachments.open_content(Attachment.objects.get(thrown_away_at=None)) as file:
        assert file.read() == b"content"


def test_a_file_name_cannot_lead_out_of_the_folder() -> None:
    assert keep(b"content", "../../etc/passwd").name == "passwd"


@pytest.mark.parametrize(("content", "limit"), [(b"", 10), (b"x" * 11, 10)])
def test_an_empty_or_too_large_file_is_refused_and_leaves_nothing(content: bytes, limit: int) -> None:
    with pytest.raises(ValidationError):
        keep(content, limit=limit)
    assert not Attachment.objects.exists()
    assert not Path(settings.MEDIA_ROOT).exists()
