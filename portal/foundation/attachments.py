"""Files kept under MEDIA_ROOT by the hash of their content; the same content is stored once, and thrown away when nobody needs it any more."""

import os
import tempfile
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.http import FileResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from portal.foundation import clock, locks
from portal.foundation.models import Attachment

LIMIT = 5 * 1024 * 1024
_LONGEST_NAME = 200


@transaction.atomic
def store(
    *,
    content: bytes,
    name: str,
    content_type: str,
    model: str,
    added_by: models.Model,
    object_id: UUID | None = None,
    limit: int = LIMIT,
    at: datetime | None = None,
) -> Attachment:
    """Keep a file and the row that names it.

    Args:
        content: the file, at most `limit` bytes.
        model: what it belongs to, as in `report`.

    Raises:
        ValidationError: the file is empty or too large.
    """
    if not content:
        raise ValidationError(_("The file is empty."))
    if len(content) > limit:
        raise ValidationError(too_large(limit))
    digest = sha256(content).hexdigest()
    locks.hold(_lock_of(digest))
    _write(_path_of(digest), content)
    told = {"name": plain_name(name), "content_type": content_type, "size": len(content), "model": model, "object_id": object_id}
    return Attachment.objects.create(sha256=digest, added_by_id=added_by.pk, added_at=at or clock.now(), **told)


@transaction.atomic
def keep_file(*, path: Path, digest: str, name: str, content_type: str, model: str, object_id: UUID, added_by: models.Model) -> Attachment:
    """Keep a file that we have made ourselves, of any size, and the row that names it; the file moves from where it was written.

    Args:
        path: the file, whole and on the disk already, on the same file system as the others. digest: its SHA-256, in hexadecimal digits.
    """
    locks.hold(_lock_of(digest))
    size, kept = path.stat().st_size, _path_of(digest)
    kept.parent.mkdir(parents=True, exist_ok=True)
    os.replace(path, kept)
    return Attachment.objects.create(
        sha256=digest, name=name[:255], content_type=content_type, size=size, model=model, object_id=object_id, added_by_id=added_by.pk
    )


def too_large(limit: int = LIMIT) -> str:
    """Return the sentence for a file of more than `limit` bytes."""
    return _("The file is larger than %(limit)s.") % {"limit": filesizeformat(limit)}


def plain_name(name: str) -> str:
    """Return the last part of a file's name, without characters that nobody sees: one of them makes `gpj.exe` read `exe.jpg`."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")[:_LONGEST_NAME]


def answer_with(attachment: Attachment, *, shown: bool = False) -> FileResponse:
    """Answer with the content of an attachment, to be saved under its name; `shown` only for a picture that was made anew. The caller has checked access."""
    return FileResponse(open_content(attachment), as_attachment=not shown, filename=attachment.name, content_type=attachment.content_type)


def open_content(attachment: Attachment) -> BinaryIO:
    """Open the content of an attachment for reading; the caller has checked access."""
    return _path_of(attachment.sha256).open("rb")


def throw_away(attachment: Attachment) -> None:
    """Keep no longer what an attachment holds, but its hash, name and size; the file goes with the last attachment that holds the same.

    It goes when the caller's transaction is stored, so that one that fails has lost nothing. Where the machine fails in between, `clear` takes it.
    """
    Attachment.objects.filter(pk=attachment.pk, thrown_away_at=None).update(thrown_away_at=clock.now())
    transaction.on_commit(partial(_remove, attachment.sha256), robust=True)


def clear() -> int:
    """Remove the files that were to go and are still there; return how many."""
    kept = Attachment.objects.filter(sha256=OuterRef("sha256"), thrown_away_at=None)
    gone = Attachment.objects.exclude(thrown_away_at=None).exclude(Exists(kept)).order_by().values_list("sha256", flat=True).distinct()
    return sum(_remove(digest) for digest in gone.iterator() if is_there(digest))


@transaction.atomic
def _remove(digest: str) -> bool:
    """Remove a file that no attachment holds any more; say whether. Whoever stores the same is waited for, or waits."""
    locks.hold(_lock_of(digest))
    if Attachment.objects.filter(sha256=digest, thrown_away_at=None).exists():
        return False
    _path_of(digest).unlink(missing_ok=True)
    return True


def is_there(digest: str) -> bool:
    """Tell whether there is a file under a hash."""
    return _path_of(digest).is_file()


def put_back(digest: str, content: Iterable[bytes]) -> Path | None:
    """Store a file of a backup under its hash, and return it; None when it is there already. It is on the disk only when the system says so.

    One that is not what its hash says is replaced.
    """
    path = _path_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    had = path.is_file()
    if had and _digest_of(path) == digest:
        for _chunk in content:
            pass
        return None
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            for chunk in content:
                file.write(chunk)
        except BaseException:
            Path(file.name).unlink()
            raise
    os.replace(file.name, path)
    return None if had else path


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _lock_of(digest: str) -> str:
    return f"attachment {digest}"


def _path_of(digest: str) -> Path:
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: a crash must not leave half of it under a name that vouches for its content."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)
