"""What a case file says, read by code that shares nothing with the loader: plain JSON, and the two rules of the catalogue that matter here."""

import csv
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CASE_FILES = sorted((FIXTURES / "cases").glob("*.json"))
# How many kilograms one of these is.
KILOGRAMS = {"公斤": Decimal(1), "斤": Decimal("0.5"), "吨": Decimal(1000), "千克": Decimal(1)}


def read_csv(name: str) -> dict[str, dict[str, str]]:
    """Rows of a fixture by code."""
    with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


METRICS = read_csv("metrics.csv")


@dataclass(frozen=True)
class Fact:
    """A figure as a reader of the text would note it down; `value` in the metric's own unit."""

    branch: str
    first: date
    last: date
    dated: bool
    undated: bool
    metric: str
    value: Decimal
    printed: Decimal
    unit: str
    qualifier: str
    words: str
    start: str
    note: str


def facts_of(case: dict[str, Any]) -> list[Fact]:
    """The facts of a case."""
    return [_fact(row) for row in case["facts"]]


def _fact(row: dict[str, Any]) -> Fact:
    printed = Decimal(str(row["value"]))
    value = printed * KILOGRAMS[row["unit"]] if METRICS[row["metric"]]["unit"] == "kg" else printed
    return Fact(
        branch=row["branch"],
        first=date.fromisoformat(row.get("on") or row["from"]),
        last=date.fromisoformat(row.get("on") or row["to"]),
        dated="on" in row,
        undated=row.get("undated", False),
        metric=row["metric"],
        value=value,
        printed=printed,
        unit=row["unit"],
        qualifier=row.get("qualifier", "exact"),
        words=row.get("qualifier_text", ""),
        start=row.get("start", ""),
        note=row.get("note", ""),
    )


def read(path: Path) -> dict[str, Any]:
    """A case file as plain JSON."""
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return case


def together(qualifiers: set[str]) -> str:
    """The qualifier of a sum, by the table of DESIGN.md section 4."""
    inexact = qualifiers - {"exact"}
    if not inexact:
        return "exact"
    if len(inexact) == 1:
        return inexact.pop()
    return "at_least" if inexact == {"over", "at_least"} else "about"


def counted(facts: list[Fact], branch: str, metric: str, first: date, last: date) -> list[Fact]:
    """The facts that make up a branch's figure for a span: those inside it, or, of a standing value, the last one.

    Of values that stand on the same day one that was given for it comes before one of a longer span; several such are all returned.
    """
    own = [fact for fact in facts if fact.branch == branch and fact.metric == metric]
    if METRICS[metric]["over_time"] != "latest":
        return [fact for fact in own if first <= fact.first and fact.last <= last]
    past = [fact for fact in own if fact.last <= last]
    newest = max((fact.last for fact in past), default=None)
    standing = [fact for fact in past if fact.last == newest]
    return [fact for fact in standing if fact.dated] or standing


def computed(case: dict[str, Any], statement: dict[str, Any]) -> tuple[Decimal, str] | None:
    """The portal's own figure beside a statement, with its qualifier; None where nothing was reported."""
    how, _colon, codes = (statement["computes"] or "").partition(":")
    about, _colon, key = statement["about"].partition(":")
    if not how:
        return None
    if how in {"households", "residents"}:
        rows = {row["key"]: row for row in case["regions"]}
        within = [key] if about == "region" else next(row.get("covers", []) for row in case["branches"] if row["key"] == key)
        known = [rows[name][how] for name in within if how in rows[name]]
        return (Decimal(sum(known)), "exact") if known else None
    until = date.fromisoformat(case["reported_on"])
    parts = []
    for code in codes.replace("/", "+").split("+"):
        found = counted(facts_of(case), key, code, date(1900, 1, 1), until)
        if not found:
            return None
        parts.append((sum((fact.value for fact in found), Decimal(0)), {fact.qualifier for fact in found}))
    qualifier = together(set().union(*(qualifiers for _value, qualifiers in parts)))
    if how == "ratio_percent":
        part, whole = parts[0][0], parts[1][0]
        return Decimal(int(part * 100 / whole + Decimal("0.5"))), qualifier
    return sum((value for value, _qualifiers in parts), Decimal(0)), qualifier
