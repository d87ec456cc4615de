"""Search among notes for a Chinese word of two characters: a rare one, and the worst of many."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from activities.models import Entry
from activities.notes import Asked, notes_found
from benchmarks import world
from benchmarks.baselines.like_scan import like, like_scan
from benchmarks.measuring import Work
from benchmarks.plans import asked_again
from benchmarks.works import DEEDS, PLACES, RARE
from branches.access import Role


def works() -> list[Work]:
    """Return a row for the rarest word, and one for the word that takes us longest."""
    # The widest that anybody may read notes of: free text may name a resident.
    reader = world.account(Role.ORGANISER, world.province(), sensitive=True)
    words = sorted({word[at : at + 2] for word in (*RARE, *PLACES, *DEEDS) for at in range(len(word) - 1)})
    rare = min({word[:2] for word in RARE} & set(words), key=lambda word: (_count(word) == 0, _count(word), word))
    worst = max(words, key=lambda word: _seconds(lambda: _search(reader, word)))
    scanning, by_day = ("LIKE, reading every note", like_scan), ("LIKE, by the index of days that came with the search", like)
    whole = [_work(reader, rare, "rare", scanning, 1_000), _work(reader, worst, "worst", scanning, 20)]
    # Beside a scan of seconds, what Django adds to either side is nothing; beside a rare word's own fraction of a millisecond it is nearly all.
    in_sql = [replace(work, name=f"{work.name}, SQL", subject=asked_again(work.found), baseline=asked_again(work.expected)) for work in whole]
    return [*whole, *in_sql, _work(reader, worst, "worst, paged by day", by_day)]


def _work(reader: Any, word: str, how: str, other: tuple[str, Callable[[], AbstractContextManager[None]]], target: float | None = None) -> Work:
    theirs, within = other

    def ours() -> Any:
        return _search(reader, word)

    def baseline() -> Any:
        with within():
            return _search(reader, word)

    name = f"search, two characters, {how}: {word}, in {_count(word):,} notes"
    return Work(name, "pairs of characters", theirs, ours, baseline, lambda: _shown(ours()), lambda: _shown(baseline()), target=target)


def _search(reader: Any, word: str) -> Any:
    return notes_found(reader, Asked(word))


def _shown(found: Any) -> list[Any]:
    return [found.total, str(found.older), *((type(holder).__name__, holder.pk) for holder in found.holders)]


def _count(word: str) -> int:
    return Entry.objects.noting(word).count()


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
