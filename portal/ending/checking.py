"""What differs between a pack and its manifest: for whoever takes it into an archive, years later, with nothing but the file."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from portal.ending.pack import FORMAT, MANIFEST, SEAL

_BUFFER: Final = 1 << 16
# What a manifest may weigh; a larger one is none of ours.
_LARGEST: Final = 64 * 1024 * 1024


def differences(file: Any) -> Iterator[str]:
    """Yield a sentence for each thing that is not as the manifest says; none, and the pack is whole.

    The seal beside the manifest finds an accident. Whoever wants to be sure that nobody wrote both anew compares the manifest's SHA-256 with the one
    that the portal's audit log and the page of the branch's end show.
    """
    try:
        with ZipFile(file) as archive:
            yield from _compared(archive)
    except (BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as broken:
        yield f"The file is damaged, or no zip: {broken}"


def seal_of(file: Any) -> str:
    """Return the SHA-256 of the manifest in a pack."""
    with ZipFile(file) as archive:
        return sha256(archive.read(MANIFEST)).hexdigest()


def _compared(archive: ZipFile) -> Iterator[str]:
    names = Counter(entry.filename for entry in archive.infolist())
    yield from (f"{name}: stands in the pack {count} times." for name, count in names.items() if count > 1)
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > _LARGEST:
        yield f"{MANIFEST}: missing, or far too large."
        return
    raw = archive.read(MANIFEST)
    if SEAL not in names or archive.read(SEAL).split()[:1] != [sha256(raw).hexdigest().encode()]:
        yield f"{MANIFEST}: not the one that {SEAL} names."
    try:
        listed = _listed(json.loads(raw))
    except (ValueError, KeyError, TypeError):
        yield f"{MANIFEST}: cannot be read as a manifest of format {FORMAT}."
        return
    for path, (digest, size) in listed.items():
        if path not in names:
            yield f"{path}: missing."
            continue
        try:
            found = _measured(archive, path)
        except (BadZipFile, zlib.error, EOFError) as broken:
            yield f"{path}: damaged ({broken})."
            continue
        if found != (digest, size):
            yield f"{path}: changed ({found[1]} bytes, {size} expected)."
    yield from (f"{name}: not in the manifest." for name in sorted(names.keys() - listed.keys() - {MANIFEST, SEAL}))


def _listed(manifest: Any) -> dict[str, tuple[str, int]]:
    if manifest["format"] != FORMAT:
        raise ValueError("another format")
    return {str(each["path"]): (str(each["sha256"]), int(each["bytes"])) for each in manifest["files"]}


def _measured(archive: ZipFile, path: str) -> tuple[str, int]:
    digest, size = sha256(), 0
    with archive.open(path) as file:
        while piece := file.read(_BUFFER):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size
