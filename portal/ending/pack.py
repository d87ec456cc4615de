"""The pack for the archive: one zip with documents, records, files and a manifest, written to the disk piece by piece and opened without the portal."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.text import get_valid_filename

from portal.ending import documents
from portal.ending.graph import hanging, records_of
from portal.ending.models import ArchivePack
from portal.ending.records import LEFT_OUT, records
from portal.foundation import attachments, audit, clock
from portal.foundation.jobs import Progress, reads_only
from portal.foundation.models import Attachment, Job

ZIP: Final = "application/zip"
MODEL: Final = "archivepack"
FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest.json.sha256"
_BUFFER: Final = 1 << 16
# The same for every file: what differs between two packs of the same records is when they were made, and that stands in the manifest.
_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Filed:
    """A file of the pack, as the manifest names it."""

    path: str
    sha256: str
    size: int
    rows: int | None = None


class Packer:
    """Writes files into a zip one after another, and remembers what it wrote."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive, self.filed = archive, list[Filed]()

    def add(self, path: str, pieces: Iterable[bytes], *, lines: bool = False) -> None:
        """Write a file out of pieces; with `lines` each piece is one, the first a heading."""
        digest, size, count = sha256(), 0, 0
        entry = ZipInfo(path, _TIME)
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size, count = size + len(piece), count + 1
        self.filed.append(Filed(path, digest.hexdigest(), size, count - 1 if lines else None))

    def add_text(self, path: str, text: str) -> None:
        """Write a text."""
        self.add(path, [text.encode()])


@reads_only
def make_pack(job: Job, progress: Progress) -> dict[str, Any]:
    """Make the pack that a job asks for; made already, it stays as it is.

    Each file is of the moment at which it is written: while a branch is at work two files may be moments apart. Once it is closed nothing changes any more.
    """
    pack = ArchivePack.objects.select_related("end__branch__region", "end__merged_into", "asked_by").get(public_id=job.payload["pack"])
    if pack.made_at is not None:
        return {}
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".pack", delete=False) as file:
        path = Path(file.name)
        try:
            with translation.override((pack.asked_by and pack.asked_by.language) or settings.LANGUAGE_CODE):
                manifest = _write(pack, file, progress)
            file.flush()
            os.fsync(file.fileno())
            _keep(pack, path, manifest)
        finally:
            path.unlink(missing_ok=True)
    return {"manifest": manifest}


def _keep(pack: ArchivePack, path: Path, manifest: str) -> None:
    """Keep the file and say that the pack is made, in one transaction; of two workers with one job the first does."""
    with path.open("rb") as written:
        digest = _digest(written)
    with transaction.atomic():
        held = ArchivePack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
        if held.made_at is not None:
            return
        assert pack.asked_by is not None  # noqa: S101 - whoever asks is known
        # Whole: of a name of nothing but signs nothing would be left, and that is refused.
        name = get_valid_filename(f"{pack.end.branch.name}-{pack.end.last_day:%Y%m%d}.zip")
        held.file = attachments.keep_file(path=path, digest=digest, name=name, content_type=ZIP, model=MODEL, object_id=pack.public_id, added_by=pack.asked_by)
        held.made_at, held.manifest = clock.now(), manifest
        held.save(update_fields=["file", "made_at", "manifest"])
        audit.record(pack.asked_by, "branch_end.pack_made", pack.end.branch, sha256=digest, manifest=manifest)


def _write(pack: ArchivePack, file: Any, progress: Progress) -> str:
    """Write the whole pack; return the SHA-256 of its manifest."""
    end, branch = pack.end, pack.end.branch
    held = list(records(branch, sensitive=pack.sensitive))
    files = list(_attachments(branch)) if pack.sensitive else []
    steps = len(held) + len(files) + 1
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        packer = Packer(archive)
        packer.add_text("README.txt", render_to_string("ending/pack/readme.txt", {"end": end, "branch": branch, "pack": pack}))
        for path, text in documents.pages(end, sensitive=pack.sensitive):
            packer.add_text(path, text)
        progress(100 // steps)
        for number, record in enumerate(held, 2):
            packer.add(record.path, record.lines(), lines=True)
            progress(100 * number // steps)
        for number, attachment in enumerate(files, len(held) + 2):
            packer.add("attachments/" + get_valid_filename(f"{attachment.public_id}-{attachment.name}"), _content(attachment))
            progress(100 * number // steps)
        manifest = json.dumps(_manifest(pack, packer.filed, held), ensure_ascii=False, indent=1, sort_keys=True).encode()
        digest = sha256(manifest).hexdigest()
        packer.add(MANIFEST, [manifest])
        packer.add_text(SEAL, f"{digest}  {MANIFEST}\n")
    return digest


def _manifest(pack: ArchivePack, filed: Iterable[Filed], held: Iterable[Any]) -> dict[str, Any]:
    end, branch = pack.end, pack.end.branch
    return {
        "format": FORMAT,
        "branch": {"id": str(branch.public_id), "name": branch.name, "state": branch.state, "last_day": end.last_day.isoformat()},
        "merged_into": {"id": str(end.merged_into.public_id), "name": end.merged_into.name} if end.merged_into else None,
        "made_at": timezone.localtime(clock.now()).isoformat(),
        "closed_at": timezone.localtime(branch.closed_at).isoformat() if branch.closed_at else None,
        "sensitive": pack.sensitive,
        "withheld": {record.path: record.withheld for record in held if record.withheld},
        "left_out": {model._meta.label: reason for model, reason in LEFT_OUT.items()},
        "files": [{"path": each.path, "sha256": each.sha256, "bytes": each.size, **({} if each.rows is None else {"rows": each.rows})} for each in filed],
    }


def _attachments(branch: Any) -> Iterator[Attachment]:
    """Yield the files that belong to records of the branch and are still kept, in the order of their keys."""
    kinds = set(Attachment.objects.exclude(model=MODEL).values_list("model", flat=True).distinct())
    keys: list[Any] = [branch.public_id]
    named: set[int] = set()
    for model in set(hanging()) - {ArchivePack}:
        for field in model._meta.concrete_fields:
            if field.related_model is Attachment:
                named |= set(records_of(model, branch).values_list(field.attname, flat=True))
        if model._meta.model_name in kinds and hasattr(model, "public_id"):
            keys += records_of(model, branch).values_list("public_id", flat=True)
    held = Attachment.objects.filter(Q(object_id__in=keys) | Q(pk__in=named), thrown_away_at=None)
    yield from held.exclude(model=MODEL).order_by("pk")


def _content(attachment: Attachment) -> Iterator[bytes]:
    with attachments.open_content(attachment) as file:
        while piece := file.read(_BUFFER):
            yield piece


def _digest(file: Any) -> str:
    digest = sha256()
    while piece := file.read(_BUFFER):
        digest.update(piece)
    return digest.hexdigest()
