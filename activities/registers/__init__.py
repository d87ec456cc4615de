"""Registers: the records behind a figure, and what they say of a branch's day.

A register proposes the day's figure; filing copies it. Who types another number files both: the typed one counts, the register's stays beside it.
A filed report never changes when its register does: the two then differ, which is shown, and a correction is one tap.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Protocol

from django.db.models import Expression

from activities.figures import Qualifier
from activities.models import Measure, Metric, ReportVersion
from activities.registers import inspections, needs, roster, surveys
from activities.registers.derived import Derived
from branches.models import Branch

__all__ = ["Derived", "Difference", "Register", "differences", "fed", "figures_of", "origin"]


class Register(Protocol):
    """A module that knows the records of some figures."""

    METRICS: frozenset[str]

    def said(self, branch: Branch, day: date) -> Expression:
        """Return a JSON expression that counts the records of a branch for a business date; it becomes a column beside those of other registers."""

    def figures(self, said: Any, branch: Branch, day: date) -> dict[str, Derived]:
        """Return what that expression's value says of the figures; nothing when the branch keeps no such register.

        Where it keeps one, a day without records says 0.
        """


@dataclass(frozen=True)
class Difference:
    """A filed figure and what its register says today."""

    metric: Metric
    filed: Decimal
    now: Derived


REGISTERS: Final[tuple[Register, ...]] = (needs, roster, surveys, inspections)


def fed() -> frozenset[str]:
    """Return the codes of all metrics for which there is a register."""
    return frozenset[str]().union(*(register.METRICS for register in REGISTERS))


def figures_of(branch: Branch, day: date, codes: Collection[str] | None = None) -> dict[str, Derived]:
    """Return what the registers of a branch say of a business date, by metric code; of `codes` only, where they are given.

    All registers are asked in one statement, so that none of them says what was true before another's.
    """
    asked = [register for register in REGISTERS if codes is None or not register.METRICS.isdisjoint(codes)]
    if not asked:
        return {}
    row = Branch.objects.filter(pk=branch.pk).values_list(*(register.said(branch, day) for register in asked)).get()
    found: dict[str, Derived] = {}
    for register, said in zip(asked, row, strict=True):
        found |= register.figures(said, branch, day)
    return found if codes is None else {code: derived for code, derived in found.items() if code in codes}


def origin(value: Decimal, qualifier: str, derived: Derived | None) -> dict[str, Any]:
    """Return where a figure comes from, as columns of a measure: its register where it says the same, else whoever typed it, with the register's beside."""
    if derived is None:
        return {"source": Measure.Source.TALLY, "register_revision": None, "register_value": None}
    same = value == derived.value and qualifier == Qualifier.EXACT
    source = Measure.Source.DERIVED if same else Measure.Source.TYPED
    return {"source": source, "register_revision": derived.revision, "register_value": derived.value}


def differences(version: ReportVersion, measures: Iterable[Measure]) -> list[Difference]:
    """Return the figures of a day's version of which a register says something else today, in the order of the catalogue.

    `measures` are those of the version, with their metrics. A figure somebody typed although the register said the same as today was meant so.
    """
    if version.daily_report is None:
        return []
    held = _once_each(measures)
    now = figures_of(version.branch, version.daily_report.business_date, held)
    found = [Difference(held[code].metric, held[code].value, derived) for code, derived in now.items() if _differs(held[code], derived)]
    return sorted(found, key=lambda difference: difference.metric.position)


def _differs(measure: Measure, derived: Derived) -> bool:
    return derived.value not in (measure.value, measure.register_value)


def _once_each(measures: Iterable[Measure]) -> Mapping[str, Measure]:
    """Return the figures for which there is a register by code, but for those that stand in several pieces of work: no register says how they are parted."""
    held: dict[str, list[Measure]] = {}
    codes = fed()
    for measure in measures:
        if measure.metric.code in codes:
            held.setdefault(measure.metric.code, []).append(measure)
    return {code: found[0] for code, found in held.items() if len(found) == 1}
