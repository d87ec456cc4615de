"""A small disk that can be filled: a tmpfs where we may mount one, else a folder with room to spare."""

import contextlib
import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PIECE: Final = b"\0" * (1024 * 1024)
MIB: Final = 1024 * 1024


class Disk:
    """Where the portal keeps its data.

    Attributes:
        folder: the data folder.
        kind: what it lies on, in words.
    """

    def __init__(self, folder: Path, kind: str, *, can_fill: bool) -> None:
        self.folder, self.kind, self.can_fill = folder, kind, can_fill
        self._ballast = folder.parent / "ballast"

    def fill(self) -> int:
        """Leave no byte free, now or again; return how many were taken."""
        taken = 0
        with self._ballast.open("ab", buffering=0) as file:
            while True:
                try:
                    taken += file.write(_PIECE)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    return taken

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(parent: Path, size: int) -> Iterator[Disk]:
    """Mount a tmpfs of `size` MiB below `parent`; where that is forbidden, yield a folder that is never filled."""
    mount = parent / "disk"
    mount.mkdir()
    options = f"size={size}m,mode=0755"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "soak", str(mount)], capture_output=True, check=False).returncode == 0
    folder = mount / "var"
    folder.mkdir()
    folder.chmod(0o711)
    try:
        yield Disk(folder, f"tmpfs of {size} MiB" if mounted else "a folder: mounting is not allowed here, the disk was never full", can_fill=mounted)
    finally:
        if mounted:
            with contextlib.suppress(subprocess.SubprocessError):
                subprocess.run(["umount", "--lazy", str(mount)], check=True)
