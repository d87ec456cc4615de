"""What a published text says, beside what the portal computes: they agree or differ, and are never added."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import Sum

from activities.figures import Qualifier, combine, round_half_up
from activities.models import Metric, OverTime, Statement
from activities.rollups.ledger import Ledger
from activities.rollups.scope import DAWN, Scope, Span
from activities.rollups.totals import Total
from branches.models import Region

REGION_FACTS: Final = ("households", "residents")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A statement with the portal's own figure, in the base unit of its dimension; `value` is None when the portal has none.

    Attributes:
        total: the single total behind the value, when there is one that opens its records.
    """

    statement: Statement
    value: Decimal | None
    qualifier: Qualifier = Qualifier.EXACT
    total: Total | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether some true figure fits both; None when there is nothing to compare."""
        if self.value is None:
            return None
        stated = _range(self.statement.value, Qualifier(self.statement.qualifier))
        own = _range(self.value, self.qualifier)
        return stated[0] <= own[1] and own[0] <= stated[1]

    @property
    def state(self) -> str:
        """`agree`, `differ` or nothing, as the pills name it."""
        return {True: "agree", False: "differ", None: ""}[self.agrees]


def computed(statement: Statement) -> Comparison:
    """Return the portal's own figure for a statement, over the life of what it is about up to the day it was made."""
    thing = statement.region or statement.work_unit or statement.branch
    assert thing is not None  # noqa: S101 - statement_about_one_thing
    scope = Scope.of(thing)
    metrics = list(Metric.objects.select_related("unit"))
    return compare(scope, [statement], metrics, Ledger(scope, statement.stated_on, metrics))[0]


def compare(scope: Scope, statements: Iterable[Statement], metrics: Iterable[Metric], ledger: Ledger) -> list[Comparison]:
    """Return each statement about `scope` with the portal's own figure; `metrics` come with their units."""
    held = list(statements)
    by_code = {metric.code: metric for metric in metrics}
    facts = _region_facts(scope) if any(statement.computes in REGION_FACTS for statement in held) else {}
    asked: dict[Metric, list[date]] = defaultdict(list)
    for statement in held:
        for metric in _named(statement, by_code):
            if metric.over_time == OverTime.LATEST:
                asked[metric].append(statement.stated_on)
    in_force = ledger.in_force(asked)
    return [_compare(statement, by_code, ledger, facts, in_force) for statement in held]


def _named(statement: Statement, metrics: Mapping[str, Metric]) -> list[Metric]:
    """Return the metrics of which a statement is made, as far as the catalogue has them."""
    return [metrics[code] for code in _codes(statement).split("+") if code in metrics]


def _codes(statement: Statement) -> str:
    return statement.computes.partition(":")[2].replace("/", "+")


def _compare(
    statement: Statement,
    metrics: Mapping[str, Metric],
    ledger: Ledger,
    facts: Mapping[str, int | None],
    in_force: Mapping[str, Mapping[date, Total]],
) -> Comparison:
    how = statement.computes.partition(":")[0]
    if how in REGION_FACTS:
        known = facts.get(how)
        return Comparison(statement, None if known is None else Decimal(known))
    day = statement.stated_on
    named = _named(statement, metrics)
    found = [ledger.total(each, Span(DAWN, day)) if each.over_time != OverTime.LATEST else in_force[each.code].get(day) for each in named]
    values = [total.value * total.metric.unit.factor for total in found if total is not None and total.value is not None]
    if not values or len(values) != _codes(statement).count("+") + 1:
        return Comparison(statement, None)
    qualifiers = [total.qualifier for total in found if total is not None]
    if how == "ratio_percent":
        exact = set(qualifiers) == {Qualifier.EXACT}
        percent = Decimal(round_half_up(values[0], values[1])) if values[1] else None
        return Comparison(statement, percent, Qualifier.EXACT if exact else Qualifier.ABOUT)
    return Comparison(statement, sum(values, Decimal(0)), combine(qualifiers), found[0] if len(found) == 1 else None)


def _region_facts(scope: Scope) -> dict[str, int | None]:
    """Return households and residents of a region, or of the regions that a branch covers; None where nobody recorded them."""
    if scope.branch is not None:
        covered = Region.objects.filter(covered_by=scope.branch)
        return covered.aggregate(households=Sum("households"), residents=Sum("residents"))
    return {name: getattr(scope.region, name, None) for name in REGION_FACTS}


def _range(value: Decimal, qualifier: Qualifier) -> tuple[Decimal, Decimal]:
    """Return between which true figures a printed one is right: 14,000余 reaches up to 15,000, as far as its last digit that is not 0."""
    step = Decimal(10) ** _trailing_zeros(value)
    below = {Qualifier.NEARLY: step, Qualifier.ABOUT: step / 2}.get(qualifier, Decimal(0))
    above = {Qualifier.OVER: step, Qualifier.ABOUT: step / 2, Qualifier.AT_LEAST: Decimal("Infinity")}.get(qualifier, Decimal(0))
    return value - below, value + above


def _trailing_zeros(value: Decimal) -> int:
    """Return how many zeros a whole number ends with; 0 for a fraction and for zero itself."""
    if value != value.to_integral_value() or value == 0:
        return 0
    digits = str(int(value))
    return len(digits) - len(digits.rstrip("0"))
