"""Files kept under MEDIA_ROOT by the hash of their content; the same content is stored once, and thrown away when nobody needs it any more."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from portal.foundation import clock, locks
from portal.foundation.models import Attachment

LIMIT = 5 * 1024 * 1024


@transaction.atomic
def store(*, content: bytes, name: str, content_type: str, model: str, added_by: models.Model, object_id: UUID | None = None, limit: int = LIMIT) -> Attachment:
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
    return Attachment.objects.create(
        sha256=digest, name=Path(name).name[:255], content_type=content_type, size=len(content), model=model, object_id=object_id, added_by_id=added_by.pk
    )


def too_large(limit: int = LIMIT) -> str:
    """Return the sentence for a file of more than `limit` bytes."""
    return _("The file is larger than %(limit)s.") % {"limit": filesizeformat(limit)}


def open_content(attachment: Attachment) -> BinaryIO:
    """Open the content of an attachment for reading; the caller has checked access."""
    return _path_of(attachment.sha256).open("rb")


@transaction.atomic
def throw_away(attachment: Attachment) -> None:
    """Keep no longer what an attachment holds, but its hash, name and size; the file goes with the last attachment that holds the same."""
    locks.hold(_lock_of(attachment.sha256))
    Attachment.objects.filter(pk=attachment.pk).update(thrown_away_at=clock.now())
    if not Attachment.objects.filter(sha256=attachment.sha256, thrown_away_at=None).exists():
        # Under the lock, or a file stored meanwhile would go; should the transaction fail, whoever throws away tries again.
        _path_of(attachment.sha256).unlink(missing_ok=True)


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
