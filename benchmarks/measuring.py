"""What a row of the table is, and how it is measured: first the results are compared, then both sides run in turn and are timed."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

from benchmarks.plans import Cost, cost_of

RUNS: Final = 5


class Wrong(Exception):  # noqa: N818 - what it says of a result
    """A result that is not what it has to be; the text says which."""


@dataclass(frozen=True)
class Work:
    """A row: two ways of doing the same, with what each has to come to.

    Attributes:
        name: what is done. ours, theirs: what each side is called.
        subject: our way, timed. baseline: the other, timed; None where the row only has a result to be right.
        found: our way's result, untimed. expected: what it has to equal.
        target: the least of baseline / subject that is wanted; `most`: the most of subject / baseline, where ours may be slower.
        amount: how many things one run does; times are told for one. baseline_amount: how many the other does, where that is fewer.
        grows: whether its cost may grow with the number of entries.
    """

    name: str
    ours: str
    theirs: str
    subject: Callable[[], Any]
    baseline: Callable[[], Any] | None
    found: Callable[[], Any]
    expected: Callable[[], Any]
    target: float | None = None
    most: float | None = None
    amount: float = 1
    baseline_amount: float | None = None
    grows: bool = True


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs, for one thing each."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)


@dataclass(frozen=True)
class Measured:
    """What was measured of a row at one size.

    Attributes:
        row: which row it is, at whatever size. notes: what else there is to say.
    """

    name: str
    entries: int
    ours: str
    theirs: str
    subject: Timing | None
    baseline: Timing | None
    target: float | None
    most: float | None
    cost: Cost | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    row: str = ""

    @property
    def ratio(self) -> float | None:
        """How the medians relate: the larger the better for a `target`, the smaller for `most`."""
        if self.subject is None or self.baseline is None:
            return None
        faster = self.baseline.median / self.subject.median
        return faster if self.most is None else 1 / faster

    @property
    def wanted(self) -> str:
        """The target in words."""
        if self.most is not None:
            return f"<= {self.most:.3g}x"
        return f">= {self.target:,g}x" if self.target is not None else "right"

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where there is none but to be right."""
        if self.ratio is None or (self.target is None and self.most is None):
            return None
        return self.ratio <= self.most if self.most is not None else self.ratio >= (self.target or 0)

    def to_json(self) -> dict[str, Any]:
        """Return it for another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Measured":
        """Read it again."""
        timings = {name: Timing(**data[name]) if data[name] else None for name in ("subject", "baseline")}
        return cls(**data | timings | {"cost": Cost(**data["cost"]) if data["cost"] else None})


def measure(work: Work, entries: int, *, runs: int = RUNS, notes: Sequence[str] = ()) -> Measured:
    """Compare, then time.

    Raises:
        Wrong: the results differ.
    """
    require_same(work.name, work.found(), work.expected())
    cost = None if work.grows else cost_of(work.subject)
    subject, baseline = _timed(work, runs)
    return Measured(work.name, entries, work.ours, work.theirs, subject, baseline, work.target, work.most, cost, tuple(notes))


def require_same(what: str, found: Any, expected: Any) -> None:
    """Refuse a result that differs, or that is empty: two that found nothing agree about nothing.

    Raises:
        Wrong: it does.
    """
    if not expected:
        raise Wrong(f"{what}: there is nothing to compare")
    if found != expected:
        raise Wrong(f"{what}: {_difference(found, expected)}")


def _difference(found: Any, expected: Any) -> str:
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = [key for key in expected.keys() | found.keys() if found.get(key) != expected.get(key)]
        key = min(keys, key=str)
        return f"{len(keys)} of {len(expected)} differ, at {key}: {found.get(key)!r} instead of {expected.get(key)!r}"
    if isinstance(found, list) and isinstance(expected, list):
        at = next((n for n, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]), min(len(found), len(expected)))
        return f"{len(found)} instead of {len(expected)}, different from number {at}: {found[at : at + 1]!r} instead of {expected[at : at + 1]!r}"
    return f"{found!r} instead of {expected!r}"


def _timed(work: Work, runs: int) -> tuple[Timing, Timing | None]:
    """Run both sides in turn, so that whatever else the machine does meanwhile falls on both."""
    subject: list[float] = []
    baseline: list[float] = []
    gc.collect()
    for _run in range(runs):
        subject.append(_seconds(work.subject) / work.amount)
        if work.baseline is not None:
            baseline.append(_seconds(work.baseline) / (work.baseline_amount or work.amount))
    return Timing(subject), Timing(baseline) if baseline else None


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
