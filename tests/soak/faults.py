"""What goes wrong, one at a time: each fault is done, held for a while where it lasts, and taken back."""

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.runtime import victims
from tests.runtime.portals import Portal
from tests.soak.disk import Disk

# How far the clock is put wrong, in seconds; `midnight` is computed.
JUMPS: Final = (-26 * 3600, -3 * 3600, -600, 600, 3 * 3600, 26 * 3600)


@dataclass
class Scene:
    """What a fault may lay hands on.

    Attributes:
        portal: the running portal; another one after it was killed.
        start: starts it again, as a service manager does.
        clock: the file that says how wrong the portal's clock is.
    """

    portal: Portal
    start: Callable[[], Portal]
    disk: Disk
    clock: Path
    dice: random.Random

    def hold(self, least: float, most: float) -> None:
        """Let the fault last."""
        time.sleep(self.dice.uniform(least, most))


Fault = Callable[[Scene], str]


def _killed(find: Callable[[Portal], int]) -> Fault:
    def fault(scene: Scene) -> str:
        os.kill(find(scene.portal), signal.SIGKILL)
        return ""

    return fault


def _frozen(find: Callable[[Portal], int]) -> Fault:
    def fault(scene: Scene) -> str:
        pid = find(scene.portal)
        os.kill(pid, signal.SIGSTOP)
        try:
            scene.hold(1, 5)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return ""

    return fault


def _portal_killed(scene: Scene) -> str:
    scene.portal.process.kill()
    scene.portal.process.communicate(timeout=30)
    scene.portal.close()
    scene.portal = scene.start()
    return ""


def _everything_killed(scene: Scene) -> str:
    """As a power cut: nothing gets to say goodbye."""
    for pid in scene.portal.family():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return _portal_killed(scene)


def _disk_full(scene: Scene) -> str:
    taken = scene.disk.fill()
    try:
        scene.hold(2, 6)
        # What the portal deleted meanwhile is taken too.
        taken += scene.disk.fill()
        scene.hold(1, 3)
    finally:
        scene.disk.free()
    return f"{taken // 1024 // 1024} MiB taken"


def _clock_wrong(scene: Scene) -> str:
    now = datetime.now().astimezone()
    to_midnight = ((now + timedelta(days=1)).replace(hour=0, minute=0, second=0) - now).total_seconds()
    by = scene.dice.choice([*JUMPS, to_midnight - 2])
    scene.clock.write_text(str(by))
    try:
        scene.hold(3, 6)
    finally:
        scene.clock.write_text("0")
    return f"{by:+.0f} s"


def faults(disk: Disk) -> dict[str, Fault]:
    """Return the faults by name; those of the disk where it can be filled."""
    found: dict[str, Fault] = {
        "kill -9 of a web process": _killed(victims.web_worker),
        "kill -9 of the web server": _killed(victims.web_master),
        "kill -9 of the worker": _killed(victims.worker),
        "kill -9 of a connection's PostgreSQL process": _killed(victims.database_backend),
        "kill -9 of PostgreSQL": _killed(victims.database),
        "kill -9 of the portal, started again": _portal_killed,
        "kill -9 of every process at once, started again": _everything_killed,
        "a web process frozen": _frozen(victims.web_worker),
        "PostgreSQL frozen": _frozen(victims.database),
        "a connection's PostgreSQL process frozen": _frozen(victims.database_backend),
        "the worker frozen": _frozen(victims.worker),
        "the clock wrong": _clock_wrong,
    }
    if disk.can_fill:
        found["the disk full"] = _disk_full
    return found


def attempt(fault: Fault, scene: Scene, seconds: float) -> str | None:
    """Do a fault; when its victim is down already, wait for it. Return what it said, None when the victim never came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return fault(scene)
        except (StopIteration, ProcessLookupError, FileNotFoundError, IndexError, ValueError):
            time.sleep(0.2)
    return None
