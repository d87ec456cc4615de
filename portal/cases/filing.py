"""The figures of a case, filed by the services that file everybody's; and its goods and statements."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.core.exceptions import ValidationError
from django.utils import timezone

from activities import services
from activities.models import DailyReport, PeriodReport, ReportVersion, Statement, StockReceipt, Unit
from activities.receipts import canonical
from branches.models import Branch, Region, WorkUnit
from portal.accounts.models import User
from portal.cases.changes import Changes
from portal.cases.reading import entry_of
from portal.cases.shape import Case, FactRow, StatementRow, SupplyRow

# Stored with the version, and read by people of both languages.
CORRECTED = "案例文件已更正 / The case file was corrected"


class _Slot:
    """The facts that make up one report: a branch's day, or its span."""

    def __init__(self, branch: Branch, fact: FactRow) -> None:
        self.branch, self.day, self.first, self.last, self.undated = branch, fact.first if fact.dated else None, fact.first, fact.last, fact.undated
        self.facts: list[FactRow] = []

    @property
    def key(self) -> str:
        """The key of the report at its source."""
        if self.day:
            return f"{self.branch.key}:{self.day}"
        return f"{self.branch.key}:{self.first}:{self.last}" + (":undated" if self.undated else "")

    def works(self) -> list[services.Work]:
        """Return the entries: one for figures of a kind with the same time and note, and another where a metric comes again."""
        entries: dict[tuple[Any, ...], list[FactRow]] = defaultdict(list)
        seen: dict[tuple[Any, ...], int] = defaultdict(int)
        for fact in self.facts:
            ordinal = seen[(*entry_of(fact), fact.metric)]
            seen[(*entry_of(fact), fact.metric)] += 1
            entries[(*entry_of(fact), ordinal)].append(fact)
        return [self._work(facts) for facts in entries.values()]

    def _work(self, facts: Sequence[FactRow]) -> services.Work:
        kind, start, note = entry_of(facts[0])
        starts_at = timezone.make_aware(datetime.combine(self.first, start)) if start else None
        return services.Work(kind=kind, figures=tuple(_figure(fact) for fact in facts), place=self.branch.region, starts_at=starts_at, note=note)

    def versions(self, source: str) -> list[ReportVersion]:
        """Return the versions that this loader filed before, the first one first."""
        filed = ReportVersion.objects.filter(means=ReportVersion.Means.CASE, branch=self.branch).order_by("number")
        if self.day:
            return list(filed.filter(daily_report__business_date=self.day))
        return list(filed.filter(period_report__source=source, period_report__key=self.key))


def _figure(fact: FactRow) -> services.Figure:
    return services.Figure(fact.metric, fact.value, fact.unit, fact.qualifier, fact.qualifier_text, fact.unit_text)


def file_facts(case: Case, branches: Mapping[str, Branch], loader: User, changes: Changes) -> None:
    """File each report whose content is not what was last filed from this source; withdraw those that the file no longer has."""
    slots: dict[str, _Slot] = {}
    for fact in case.facts:
        slot = _Slot(branches[fact.branch], fact)
        slots.setdefault(slot.key, slot).facts.append(fact)
    for slot in slots.values():
        _file(slot, loader, changes)
    for version in ReportVersion.objects.current().filter(means=ReportVersion.Means.CASE, branch__in=branches.values()).select_related("branch"):
        report = version.daily_report or version.period_report
        key = f"{version.branch.key}:{report.business_date}" if isinstance(report, DailyReport) else getattr(report, "key", "")
        if key not in slots:
            services.withdraw(actor=loader, version=version, reason=CORRECTED)
            changes.count(version)


def _file(slot: _Slot, loader: User, changes: Changes) -> None:
    works = slot.works()
    earlier = slot.versions(changes.source)
    if earlier and earlier[-1].uid == _uid(slot, works, len(earlier) - 1, changes.source) and not _withdrawn_here(earlier[-1]):
        return
    common: dict[str, Any] = {
        "actor": loader,
        "branch": slot.branch,
        "works": works,
        "uid": _uid(slot, works, len(earlier), changes.source),
        "reason": CORRECTED if earlier else "",
        "means": ReportVersion.Means.CASE,
    }
    try:
        if slot.day:
            filed = services.file_daily_report(day=slot.day, **common)
        else:
            common |= {"first_day": slot.first, "last_day": slot.last, "undated": slot.undated, "source": changes.source, "key": slot.key}
            filed = services.file_period_report(relation=PeriodReport.Relation.ADDS_TO_DAILY, **common)
    except ValidationError as error:
        for message in error.messages:
            changes.note(slot.facts[0].path, message)
        return
    changes.count(filed.version)


def _withdrawn_here(version: ReportVersion) -> bool:
    """Whether an earlier correction of the file withdrew it, and not a person in the portal."""
    return version.state == ReportVersion.State.WITHDRAWN and version.review_note == CORRECTED


def _uid(slot: _Slot, works: Sequence[services.Work], ordinal: int, source: str) -> Any:
    """Name the `ordinal`th filing of this content: going back to an earlier content is a filing of its own."""
    content = services.filing_content(branch=slot.branch, first_day=slot.first, last_day=slot.last, works=works, note="")
    printed = sorted(f"{figure.metric} {figure.unit_text}" for work in works for figure in work.figures)
    return uuid5(NAMESPACE_URL, f"{source}|{slot.key}|{ordinal}|{_digest(canonical(content).decode())}|{_digest(' '.join(printed))}")


def store_supplies(rows: Iterable[SupplyRow], branches: Mapping[str, Branch], changes: Changes) -> None:
    """Store goods received, in place of what this source said before."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    wanted: dict[str, StockReceipt] = {}
    for row in rows:
        values = {"value": row.value, "unit": units[row.unit], "unit_text": row.unit_text, "qualifier": row.qualifier}
        key = _free(wanted, f"{row.branch}:{_digest(row.item)}")
        wanted[key] = StockReceipt(source=changes.source, key=key, branch=branches[row.branch], item=row.item, **values)
    _replace(StockReceipt, wanted, ("branch", "item", "value", "unit", "unit_text", "qualifier"), changes)


def store_statements(
    rows: Iterable[StatementRow],
    about: Mapping[str, Mapping[str, Branch] | Mapping[str, Region] | Mapping[str, WorkUnit]],
    title: str,
    stated_on: date,
    changes: Changes,
) -> None:
    """Store what the text says, in place of what this source said before; `about` has the rows by key, by kind."""
    wanted: dict[str, Statement] = {}
    for row in rows:
        what, key = row.about
        subject = {"work_unit" if what == "unit" else what: about[what][key]}
        values = {"what_en": row.what, "what_zh": row.what_zh, "value": row.value, "qualifier": row.qualifier, "computes": row.computes, "note": row.note}
        own_key = _free(wanted, f"{what}:{key}:{_digest(row.what)}")
        wanted[own_key] = Statement(source=changes.source, key=own_key, title=title, stated_on=stated_on, **values, **subject)
    names = ("region", "work_unit", "branch", "what_en", "what_zh", "value", "qualifier", "computes", "note", "title", "stated_on")
    _replace(Statement, wanted, names, changes)


def _replace(model: type[StockReceipt] | type[Statement], wanted: Mapping[str, Any], names: Sequence[str], changes: Changes) -> None:
    """Bring this source's rows of `model` to those wanted, by key."""
    kept = set()
    for row in model._default_manager.filter(source=changes.source):
        if row.key not in wanted:
            changes.remove(row)
            continue
        kept.add(row.key)
        changes.update(row, **{name: getattr(wanted[row.key], name) for name in names})
    for key, row in wanted.items():
        if key not in kept:
            changes.add(row)


def _free(taken: Mapping[str, object], key: str) -> str:
    """Return `key`, numbered when the file says the same thing twice."""
    ordinal, free = 1, key
    while free in taken:
        ordinal += 1
        free = f"{key}:{ordinal}"
    return free


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:20]
