"""A run: the portal on a small disk, phones in processes of their own behind a bad network, one fault after the other, and the reckoning."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import psycopg2

from portal.runtime.postgres import wait_for
from tests.runtime.portals import ROOT, Portal, free_port
from tests.soak.disk import Disk, small_disk
from tests.soak.faults import Fault, Scene, attempt, faults
from tests.soak.ledger import Ledger, Verdict, compare
from tests.soak.wire import Wire

_HERE: Final = Path(__file__).resolve().parent
# Seconds.
UP_AGAIN: Final = 120.0
QUIET: Final = 360.0
PEACE: Final = 30.0


@dataclass(frozen=True)
class Plan:
    """How a run goes.

    Attributes:
        minutes: after so many the phones are asked to stop, whatever is left.
        reports: how many first reports the phones file together; corrections come on top.
        size: of the disk, MiB.
        order: names of faults to do in this order; without, all in random order, again and again.
        peace: between two faults, at most so many reports are acknowledged; less than a minute, lest a portal that is down be left in peace.
        pause: the longest that a phone rests between two reports, seconds.
    """

    seed: int
    minutes: float = 5.0
    reports: int = 10_000
    processes: int = 4
    phones: int = 40
    size: int = 1536
    order: Sequence[str] = ()
    peace: int = 120
    pause: float = 0.2


@dataclass
class Happened:
    """A fault as it was: when it began, and the longest time without an acknowledgement until the next one began, in seconds."""

    name: str
    at: float
    words: str = ""
    silence: float = 0.0


@dataclass
class Result:
    """What came of a run."""

    plan: Plan
    verdict: Verdict
    ledger: Ledger
    happened: list[Happened]
    wire: dict[str, int]
    disk: str
    seconds: float
    quiet: float
    extra: list[str] = field(default_factory=list)

    @property
    def violations(self) -> list[str]:
        """Every broken promise."""
        return [*self.verdict.violations, *self.extra]


class Soak:
    """The portal and all around it, for as long as the run lasts."""

    def __init__(self, plan: Plan, disk: Disk, folder: Path) -> None:
        self.plan, self.disk = plan, disk
        self.clock = folder / "clock"
        self.clock.write_text("0")
        self.port = free_port()
        self.ledger = Ledger()
        self.happened: list[Happened] = []
        self.portal = self.start().ready()

    def start(self) -> Portal:
        """Start the portal, as a service manager does: again, while it says that it cannot."""
        path = os.pathsep.join([str(_HERE / "shifted"), os.environ.get("PYTHONPATH", "")])
        return Portal(self.disk.folder, self.port, PYTHONPATH=path, SOAK_CLOCK=str(self.clock), API_RATE="100000")

    def staged(self) -> list[dict[str, str]]:
        """Set up the branches, and return them with their tokens."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.soak.stage", str(self.plan.phones)],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(self.disk.folder), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        places: list[dict[str, str]] = json.loads(done.stdout)
        return places

    @contextmanager
    def phones(self, places: list[dict[str, str]], port: int) -> Iterator[list["subprocess.Popen[str]"]]:
        """Run the phones while the block does; its end waits for what they still hold."""
        running = []
        for number in range(self.plan.processes):
            process = subprocess.Popen([sys.executable, "-m", "tests.soak.client"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            share = places[number :: self.plan.processes]
            reports = -(-self.plan.reports // self.plan.phones)
            told = {"seed": self.plan.seed, "number": number, "port": port, "places": share, "reports": reports, "pause": self.plan.pause}
            assert process.stdin is not None
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            threading.Thread(target=self._listen, args=(process,), daemon=True).start()
            running.append(process)
        try:
            yield running
        finally:
            for process in running:
                assert process.stdin is not None
                process.stdin.close()
            for process in running:
                process.wait(QUIET)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.ledger.hear(json.loads(line))

    def weather(self, running: list["subprocess.Popen[str]"]) -> None:
        """Do faults until the phones are through or the time is up."""
        dice = random.Random(f"faults {self.plan.seed}")
        known = faults(self.disk)
        scene = Scene(self.portal, self.start, self.disk, self.clock, dice)
        until = time.monotonic() + self.plan.minutes * 60
        names: list[str] = []
        done = 0
        while time.monotonic() < until and any(process.poll() is None for process in running):
            if self.plan.order and done >= len(self.plan.order):
                break
            goal = len(self.ledger.moments) + dice.randrange(self.plan.peace)
            wait_for(lambda goal=goal: len(self.ledger.moments) >= goal or all(p.poll() is not None for p in running), PEACE)  # type: ignore[misc]
            if not names:
                names = [name for name in self.plan.order if name in known] if self.plan.order else dice.sample(list(known), len(known))
            self._do(names.pop(0), known, scene)
            done += 1
        # In a set order, there is nothing more to wait for.
        while not self.plan.order and time.monotonic() < until and any(process.poll() is None for process in running):
            time.sleep(0.2)
        self.portal = scene.portal

    def _do(self, name: str, known: dict[str, Fault], scene: Scene) -> None:
        self._keep_started(scene)
        happened = Happened(name, time.monotonic())
        self.happened.append(happened)
        words = attempt(known[name], scene, UP_AGAIN)
        happened.words = "its victim did not come up again" if words is None else words
        if words is None:
            self.ledger.wrong.append(f"{name}: {happened.words}")

    def _keep_started(self, scene: Scene) -> None:
        """Be the service manager: start the portal again when it ended with a sentence, as it may while the disk is full."""
        while scene.portal.process.poll() is not None:
            scene.portal.close()
            scene.portal = self.start()
            time.sleep(1)

    def settle(self) -> float:
        """Wait, with hands off, until the portal is ready and has folded everything; return the seconds it took."""
        began = time.monotonic()
        scene = Scene(self.portal, self.start, self.disk, self.clock, random.Random(0))
        self._keep_started(scene)
        self.portal = scene.portal
        self.portal.ready()
        if not wait_for(self._has_folded, QUIET):
            self.ledger.wrong.append("what waits for the totals was not folded in")
        return time.monotonic() - began

    def _has_folded(self) -> bool:
        try:
            return self.portal.query("SELECT count(*) FROM activities_rollupdelta") == [(0,)]
        except psycopg2.OperationalError:
            # The last fault may still be at work: it recovers.
            return False

    def recounted(self) -> list[str]:
        """Count every kept total anew; return what differs."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", "rollups", "--check"],
            cwd=ROOT,
            env=os.environ | {"DATA_DIR": str(self.disk.folder), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        return [] if done.returncode == 0 else [f"totals differ from the records: {done.stdout}{done.stderr}"]

    def close(self) -> None:
        """Stop the portal."""
        if self.portal.process.poll() is None:
            self.portal.stop()
        self.portal.close()


@contextmanager
def soaked(plan: Plan, folder: Path) -> Iterator[tuple[Soak, Result]]:
    """Do a run below `folder`, and yield it with the portal still up, so that more may be asked."""
    with small_disk(folder, plan.size) as disk:
        soak = Soak(plan, disk, folder)
        try:
            places = soak.staged()
            began = time.monotonic()
            with Wire(free_port(), soak.port, plan.seed) as wire:
                with soak.phones(places, wire.port) as running:
                    soak.weather(running)
                    wire.bad = False
                seconds = time.monotonic() - began
                quiet = soak.settle()
            _silences(soak)
            verdict = compare(soak.ledger, soak.portal.query)
            yield soak, Result(plan, verdict, soak.ledger, soak.happened, dict(wire.faults), disk.kind, seconds, quiet, soak.recounted())
        finally:
            soak.close()


def _silences(soak: Soak) -> None:
    """Note for each fault how long nothing was acknowledged at most until the next."""
    moments = sorted(soak.ledger.moments)
    ends = [later.at for later in soak.happened[1:]] + [float("inf")]
    for happened, end in zip(soak.happened, ends, strict=True):
        inside = [happened.at, *(moment for moment in moments if happened.at <= moment < end)]
        after = next((moment for moment in moments if moment >= end), None)
        if after is not None:
            inside.append(after)
        happened.silence = max((later - sooner for sooner, later in pairwise(inside)), default=0.0)
