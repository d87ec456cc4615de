"""How much room there is where the portal keeps its data."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the file system that DATA_DIR lies on."""

    total: int
    free: int


def room() -> Room:
    """Return the room on the disk; what is kept for root alone does not count as free."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    return Room(usage.total, usage.free)


def floor() -> int:
    """Return the bytes that have to stay free: DISK_FLOOR."""
    return int(settings.DISK_FLOOR) * MIB


def is_low() -> bool:
    """Tell whether less is free than has to be."""
    return room().free < floor()


def size_of(folder: Path) -> int:
    """Return the bytes of all files in `folder`; those that go meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
