"""What a piece of work takes of memory, beyond what its process had before."""

import gc
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any


def growth_of(work: Callable[[], Any], process: int | str = "self") -> int:
    """Return by how many bytes a process grew at most while it worked; what it freed before is not made use of."""
    gc.collect()
    of = Path(f"/proc/{process}")
    # Let the kernel forget how large the process ever was.
    (of / "clear_refs").write_text("5")
    before = _bytes(of, "VmRSS")
    work()
    return max(_bytes(of, "VmHWM") - before, 0)


def _bytes(process: Path, what: str) -> int:
    found = re.search(rf"{what}:\s*(\d+) kB", (process / "status").read_text())
    assert found is not None  # noqa: S101 - Linux
    return int(found[1]) * 1024
