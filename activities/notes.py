"""Notes found by their words, on reports and on work alike, the newest first and page by page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from django.db.models import DateField, F, Q, Value
from django.db.models.lookups import GreaterThan, LessThan

from activities.models import Entry, ReportVersion
from activities.querysets import NotedQuerySet
from branches.access import Act
from branches.models import Region
from portal.foundation.paging import COUNTED_UP_TO, Row

PAGE_SIZE: Final = 20
# On one day the notes of the reports stand before those of the work: the kinds in ascending order of a note's place.
_KINDS: Final = (Entry, ReportVersion)
_MARK: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.([01])\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """Which notes are asked for: the words, and within what."""

    words: str
    region: Region | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, order=True)
class Mark:
    """The place of a note among all: its day, its kind, its number. Written `2020-03-06.1.17` in addresses."""

    day: date
    kind: int
    pk: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read a mark; None when it is none."""
        written = _MARK.fullmatch(text)
        try:
            return cls(date.fromisoformat(written[1]), int(written[2]), int(written[3])) if written else None
        except ValueError:
            return None

    @classmethod
    def of(cls, holder: Any) -> Self:
        """Return the place of the note that `holder` bears."""
        return cls(holder.note_day, _KINDS.index(type(holder)), holder.pk)

    def __str__(self) -> str:
        return f"{self.day}.{self.kind}.{self.pk}"

    def older(self, kind: int) -> Q:
        """Return the filter for notes of a kind that stand after this one."""
        if kind == self.kind:
            return Q(LessThan(_PLACE, self._place))
        return Q(note_day__lte=self.day) if kind < self.kind else Q(note_day__lt=self.day)

    def newer(self, kind: int) -> Q:
        """Return the filter for notes of a kind that stand before this one."""
        if kind == self.kind:
            return Q(GreaterThan(_PLACE, self._place))
        return Q(note_day__gte=self.day) if kind > self.kind else Q(note_day__gt=self.day)

    @property
    def _place(self) -> Row:
        return Row(Value(self.day, DateField()), Value(self.pk))


_PLACE: Final = Row(F("note_day"), F("id"))


@dataclass(frozen=True)
class NotePage:
    """A page of notes: who bears them, how many there are (at most 1,001 are counted), and the marks of the pages beside it."""

    holders: list[Entry | ReportVersion]
    total: int
    newer: Mark | None
    older: Mark | None


def notes_found(reader: object, asked: Asked, *, after: Mark | None = None, before: Mark | None = None) -> NotePage:
    """Return the notes that `reader` may read and that hold the words: the newest, those after a mark, or the last ones before a mark.

    Only notes of what counts: what was corrected or taken back is read on the report's own page.
    """
    entries = Entry.objects.visible_to(reader, Act.SEE_SENSITIVE).counted().select_related("branch")
    versions = ReportVersion.objects.visible_to(reader, Act.SEE_SENSITIVE).current().select_related("branch", "daily_report", "period_report")
    kinds = [_found(rows, asked) for rows in (entries, versions)]
    places = _places(kinds)
    total = len(places)
    if total <= COUNTED_UP_TO:
        found = _read(kinds, _chosen(places, after, before))
    elif before is not None:
        found = _merged(kinds, before.newer, newest_first=False)
    else:
        found = _merged(kinds, after.older if after else None, newest_first=True)
    shown, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    if before is not None:
        shown.reverse()
        return NotePage(shown, total, _beside(shown, 0, more), _beside(shown, -1, True))
    return NotePage(shown, total, _beside(shown, 0, after is not None), _beside(shown, -1, more))


def _found(rows: NotedQuerySet, asked: Asked) -> NotedQuerySet:
    found = rows.noting(asked.words).noted_between(asked.first, asked.last)
    return found.in_branches_of(asked.region) if asked.region else found


def _places(kinds: list[NotedQuerySet]) -> list[Mark]:
    """Return the places of the newest notes, the newest first: all of them, or more than are counted.

    Asked for in order, a common word is met often enough by day, where the index of words would first collect every note that has it; and of so
    many, a rare one is always looked up by the word, however common the planner takes it for.
    """
    found = [rows.order_by("-note_day", "-pk").values_list("note_day", Value(kind), "pk")[: COUNTED_UP_TO + 1] for kind, rows in enumerate(kinds)]
    return sorted((Mark(*place) for place in found[0].union(*found[1:], all=True)), reverse=True)


def _chosen(places: list[Mark], after: Mark | None, before: Mark | None) -> list[Mark]:
    """Return one more than a page of all `places`, in the order in which a page is gone through."""
    if before is not None:
        return [place for place in reversed(places) if place > before][: PAGE_SIZE + 1]
    return [place for place in places if after is None or place < after][: PAGE_SIZE + 1]


def _read(kinds: list[NotedQuerySet], places: list[Mark]) -> list[Entry | ReportVersion]:
    held: dict[Mark, Entry | ReportVersion] = {}
    for kind, rows in enumerate(kinds):
        if numbers := [place.pk for place in places if place.kind == kind]:
            held |= {Mark.of(row): row for row in rows.filter(pk__in=numbers)}
    return [held[place] for place in places if place in held]


def _merged(kinds: list[NotedQuerySet], beyond: Callable[[int], Q] | None, *, newest_first: bool) -> list[Entry | ReportVersion]:
    """Take one more than a page of each kind, so that each walks its own index, and merge them."""
    order = ("-note_day", "-pk") if newest_first else ("note_day", "pk")
    found: list[Entry | ReportVersion] = []
    for kind, rows in enumerate(kinds):
        found += rows.filter(beyond(kind) if beyond else Q()).order_by(*order)[: PAGE_SIZE + 1]
    return sorted(found, key=Mark.of, reverse=newest_first)[: PAGE_SIZE + 1]


def _beside(shown: list[Entry | ReportVersion], at: int, more: bool) -> Mark | None:
    return Mark.of(shown[at]) if shown and more else None
