"""The comparison that every case must stand: what the portal gives back for each fact, beside what the file says."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from activities import rollups
from activities.models import Measure
from activities.rollups import Scope, Span
from branches.models import Branch
from tests.cases.expected import METRICS, Fact, counted, facts_of, together


def branches_of(stem: str) -> dict[str, Branch]:
    """Branches that were loaded from a file, by key."""
    return {branch.key: branch for branch in Branch.objects.filter(source=f"case:{stem}")}


def compare_totals(case: dict[str, Any], stem: str) -> None:
    """Check that a branch's figure for a fact's own span is what the facts inside that span make."""
    facts = facts_of(case)
    branches = branches_of(stem)
    for fact in facts:
        behind = counted(facts, fact.branch, fact.metric, fact.first, fact.last)
        scope = Scope(branch=branches[fact.branch])
        total = rollups.totals(scope, Span(fact.first, fact.last)).get(fact.metric)
        life = branches[fact.branch].life
        if METRICS[fact.metric]["over_time"] == "latest" and life.lower is not None and fact.last < life.lower:
            # A standing value holds during the branch's life; before that it is only in the report.
            assert total is None
            continue
        assert total is not None, fact
        assert total.metric.unit.code == METRICS[fact.metric]["unit"]
        if METRICS[fact.metric]["over_time"] == "latest":
            assert (total.value, total.qualifier) in {(other.value, other.qualifier) for other in behind}
        elif METRICS[fact.metric]["over_time"] == "sum" or len(behind) == 1:
            assert total.value == sum(other.value for other in behind)
            assert total.qualifier == together({other.qualifier for other in behind})
        else:
            assert total.value is None
            assert total.count == len(behind)


def compare_records(case: dict[str, Any], stem: str) -> None:
    """Check that each fact is a record with value, unit, span, qualifier, printed words, time and note; and that there are no others."""
    loaded = Measure.objects.counted().filter(branch__source=f"case:{stem}")
    stored = Counter(_as_printed(measure) for measure in loaded.select_related("branch", "metric", "unit_entered", "entry__version__period_report"))
    assert stored == Counter(_of_the_file(fact) for fact in facts_of(case))


def _as_printed(measure: Measure) -> tuple[Any, ...]:
    period = measure.entry.version.period_report
    span = (measure.business_date, measure.business_date, False) if period is None else (period.first_day, period.last_day, period.undated)
    start = f"{measure.entry.starts_at.astimezone(ZoneInfo('Asia/Shanghai')):%H:%M}" if measure.entry.starts_at else ""
    return (
        measure.branch.key,
        period is None,
        *span,
        measure.metric.code,
        measure.value,
        measure.value_entered,
        measure.unit_text or measure.unit_entered.name_zh,
        measure.qualifier,
        measure.qualifier_text,
        start,
        measure.entry.note,
    )


def _of_the_file(fact: Fact) -> tuple[Any, ...]:
    words = (fact.metric, fact.value, fact.printed, fact.unit, fact.qualifier, fact.words, fact.start, fact.note)
    return (fact.branch, fact.dated, fact.first, fact.last, fact.undated, *words)
