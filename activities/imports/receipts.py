"""Receipt numbers of many reports: the same as `activities.receipts` gives each, but what many of them hold is written once.

The canonical form of a report is put together from the canonical forms of its parts, each taken from what `filing_content` says of it.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from activities.receipts import canonical, number_of
from activities.services import Figure, Work, filing_content
from branches.models import Branch


class Receipts:
    """Gives reports their numbers; remembers the parts."""

    def __init__(self) -> None:
        self._figures: dict[int, str] = {}
        self._works: dict[str, str] = {}

    def number(self, *, branch: Branch, day: date, works: Iterable[Work], uid: UUID) -> str:
        """Return the receipt number of a branch's day; its figures are remembered by identity, and have to live as long as this."""
        frame = {"filing": filing_content(branch=branch, first_day=day, last_day=day, works=(), note=""), "uid": str(uid)}
        # Code points and bytes of UTF-8 sort alike.
        written = ",".join(sorted(self._work(branch, day, work) for work in works))
        return number_of(_text(frame).replace('"works":[]', f'"works":[{written}]').encode())

    def _work(self, branch: Branch, day: date, work: Work) -> str:
        frame = self._works.get(work.kind)
        if frame is None:
            frame = self._works[work.kind] = _text(_content(branch, day, Work(kind=work.kind, figures=())))
        if work.note:
            frame = frame.replace('"note":""', _text({"note": work.note})[1:-1])
        figures = ",".join(sorted(self._figure(branch, day, work.kind, figure) for figure in work.figures))
        return frame.replace('"figures":[]', f'"figures":[{figures}]', 1)

    def _figure(self, branch: Branch, day: date, kind: str, figure: Figure) -> str:
        text = self._figures.get(id(figure))
        if text is None:
            [content] = _content(branch, day, Work(kind=kind, figures=(figure,)))["figures"]
            text = self._figures[id(figure)] = _text(content)
        return text


def _content(branch: Branch, day: date, work: Work) -> dict[str, Any]:
    """Return what a report says of a piece of work, which is the same whose and of which day it is."""
    [content] = filing_content(branch=branch, first_day=day, last_day=day, works=(work,), note="")["works"]
    found: dict[str, Any] = content
    return found


def _text(content: dict[str, Any]) -> str:
    return canonical(content).decode()
