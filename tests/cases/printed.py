"""How a reader finds a figure on a page: rows of tables as text, and numbers as Chinese writes them."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from html.parser import HTMLParser

from django.utils.translation import gettext

from tests.cases.expected import METRICS, Fact, together

BEFORE = {"nearly": "近", "about": "约", "at_least": "至少"}


@dataclass
class Cell:
    """A table cell: its text and the addresses that it links to."""

    text: str = ""
    links: list[str] = field(default_factory=list)


class Tables(HTMLParser):
    """Collects the rows of all tables by the headings of their columns; what only a screen reader says is left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[dict[str, Cell]] = []
        self._headings: list[str] = []
        self._cells: list[Cell] = []
        self._cell: Cell | None = None
        self._spans: list[bool] = []
        self._heading = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, a row or a cell; note a link."""
        given = dict(attrs)
        if tag == "thead":
            self._headings, self._heading = [], True
        elif tag == "tr":
            self._cells = []
        elif tag in {"td", "th"}:
            self._cell = Cell()
            self._cells.append(self._cell)
        elif tag == "span":
            self._spans.append("hide-sight" in (given.get("class") or ""))
        elif tag == "a" and self._cell is not None:
            self._cell.links.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        """Close a cell, a row or the head of a table."""
        if tag in {"td", "th"}:
            self._cell = None
        elif tag == "span" and self._spans:
            self._spans.pop()
        elif tag == "thead":
            self._heading = False
        elif tag == "tr" and self._heading:
            self._headings = [bare(cell.text) for cell in self._cells]
        elif tag == "tr":
            self.rows.append(dict(zip(self._headings, self._cells, strict=False)))

    def handle_data(self, data: str) -> None:
        """Add text to the open cell."""
        if self._cell is not None and not any(self._spans):
            self._cell.text += data

    def column(self, row: dict[str, Cell], heading: str) -> str:
        """Return the text of a row under a heading, which is given in English and read in the language of the page."""
        cell = row.get(bare(gettext(heading)))
        return bare(cell.text) if cell else ""


def bare(text: str) -> str:
    """Text without white space."""
    return "".join(text.split())


def days_in(text: str) -> list[tuple[int, int, int]]:
    """The days that a text names, whichever way it writes them."""
    return [(int(year), int(month), int(day)) for year, month, day in re.findall(r"(\d{4})\D+?(\d{1,2})\D+?(\d{1,2})", text)]


def number(value: Decimal) -> str:
    """A number with separators and no zeros behind."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def qualified(value: Decimal, qualifier: str) -> str:
    """One figure with its qualifier, by the rules of the glossary."""
    if qualifier == "exact":
        return number(value)
    if qualifier == "over":
        return f"{number(value)}余" if value > 0 and value % 10 == 0 else f"超过{number(value)}"
    return BEFORE[qualifier] + number(value)


def total(metric: str, facts: list[Fact]) -> str:
    """The figure that facts make together; where they must not be added, how many there are."""
    if len(facts) > 1 and METRICS[metric]["over_time"] in {"distinct", "none"}:
        return str(len(facts))
    value = sum((fact.value for fact in facts), Decimal(0))
    qualifier = together({fact.qualifier for fact in facts})
    if len(facts) == 1 or qualifier == "exact":
        return qualified(value, qualifier)
    return f"{number(value)}（含约数）"


def record(fact: Fact) -> tuple[list[tuple[int, int, int]], str, str]:
    """A line of the records: its days, its value, and what was printed."""
    days = [fact.first] if fact.dated else [fact.first, fact.last]
    stored = qualified(fact.value, fact.qualifier) + METRICS[fact.metric]["unit_zh"]
    return [(day.year, day.month, day.day) for day in days], stored, bare(fact.words or qualified(fact.printed, fact.qualifier) + fact.unit)
