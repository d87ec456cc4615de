"""The organiser's home: what is still to file, the returned reports first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from activities.models import InspectionPoint, Need, ReportDraft, ReportVersion
from activities.views.timing import TimeLeft, day_state
from branches.access import Act
from branches.models import Branch
from portal.foundation import clock
from portal.foundation.paging import page_of

# How far back a returned report or one to confirm is still shown, and how far back missing days are named.
DAYS_SHOWN: Final = 31
DAYS_ASKED_FOR: Final = 7

State = ReportVersion.State


@dataclass
class BranchDay:
    """A branch as its organiser meets it today."""

    branch: Branch
    day: date
    left: TimeLeft
    owes: bool
    latest: ReportVersion | None = None
    draft: ReportDraft | None = None
    returned: list[ReportVersion] = field(default_factory=list)
    to_confirm: list[ReportVersion] = field(default_factory=list)
    missing: list[date] = field(default_factory=list)
    drafts: list[ReportDraft] = field(default_factory=list)
    needs_open: int = 0
    needs_overdue: int = 0
    points_open: int = 0
    points_overdue: int = 0

    @property
    def state(self) -> str:
        """The state of today's report, as a pill names it."""
        return day_state(self.latest, self.left, has_draft=self.draft is not None)

    @property
    def is_filed(self) -> bool:
        """Whether today's report counts."""
        return self.latest is not None and self.latest.is_current

    @property
    def is_to_file(self) -> bool:
        """Whether today's report is still to come; a returned one is named as such."""
        return self.owes and not self.is_filed and self.state != State.RETURNED

    @property
    def is_urgent(self) -> bool:
        """Whether something waits for the organiser."""
        return bool(self.returned or (self.owes and not self.is_filed))


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Show what the organiser's branches have still to file."""
    branches = Branch.objects.visible_to(request.user, Act.FILE).still_open().prefetch_related("schedules").by_name()
    page = page_of(branches, request.GET.get("page"))
    rows = _rows(request, page.items)
    rows.sort(key=lambda row: (not row.returned, not row.is_urgent, row.branch.name_key))
    # One red action a screen: the first thing that waits has it.
    first = next((row for row in rows if row.is_urgent), None)
    context = {"page": page, "rows": rows, "first": first, "waiting": _waiting(rows), "now": clock.now()}
    return render(request, "activities/today.html", context)


def _waiting(rows: list[BranchDay]) -> str:
    """Return what waits for the organiser in words, each kind with its number; empty when nothing does."""
    to_file, returned, missing = sum(row.is_to_file for row in rows), sum(len(row.returned) for row in rows), sum(len(row.missing) for row in rows)
    said = [
        (to_file, ngettext("%(n)s report is still to be filed", "%(n)s reports are still to be filed", to_file)),
        (returned, ngettext("%(n)s report was returned", "%(n)s reports were returned", returned)),
        (missing, ngettext("%(n)s past day is missing", "%(n)s past days are missing", missing)),
    ]
    return pgettext("between clauses", ", ").join(words % {"n": number} for number, words in said if number)


def _rows(request: HttpRequest, branches: list[Branch]) -> list[BranchDay]:
    now = clock.now()
    rows = {branch.pk: _row(branch) for branch in branches}
    since = clock.today() - timedelta(days=DAYS_SHOWN)
    versions = ReportVersion.objects.filter(daily_report__branch__in=list(rows), daily_report__business_date__gte=since)
    filed: dict[int, dict[date, ReportVersion]] = defaultdict(dict)
    for version in versions.select_related("daily_report", "filed_by").order_by("daily_report_id", "-number").distinct("daily_report_id"):
        filed[version.branch_id][version.report.business_date] = version
    drafts: dict[int, list[ReportDraft]] = defaultdict(list)
    for draft in ReportDraft.objects.filter(user_id=request.user.pk or 0, branch__in=list(rows), business_date__gte=since).order_by("-business_date"):
        drafts[draft.branch_id].append(draft)
    for what, branch, total, overdue in _waiting_in_registers(list(rows), now):
        setattr(rows[branch], f"{what}_open", total)
        setattr(rows[branch], f"{what}_overdue", overdue)
    for pk, row in rows.items():
        _fill(row, filed[pk], drafts[pk])
        row.left = TimeLeft(row.branch.due_at(row.day) if row.owes else None, now)
    return list(rows.values())


def _waiting_in_registers(branches: list[int], now: datetime) -> Iterable[tuple[str, int, int, int]]:
    """Return how many needs, and how many points of inspections, wait in each branch, and how many of these are overdue; one query for both."""

    def counted(what: str, rows: "QuerySet[Any, Any]", overdue: Q) -> "QuerySet[Any, Any]":
        of_branch = rows.filter(branch__in=branches, state="open").order_by().values("branch")
        counts = of_branch.annotate(what=Value(what), total=Count("pk"), overdue=Count("pk", filter=overdue))
        found: QuerySet[Any, Any] = counts.values_list("what", "branch", "total", "overdue")
        return found

    points = counted("points", InspectionPoint.objects.all(), Q(due_on__lt=clock.today()))
    return counted("needs", Need.objects.all(), Q(due_at__lt=now)).union(points, all=True)


def _row(branch: Branch) -> BranchDay:
    now = clock.now()
    day = branch.business_date_at(now)
    return BranchDay(branch, day, TimeLeft(None, now), _owes(branch, day))


def _fill(row: BranchDay, filed: dict[date, ReportVersion], drafts: list[ReportDraft]) -> None:
    row.latest = filed.get(row.day)
    row.draft = next((draft for draft in drafts if draft.business_date == row.day), None)
    row.drafts = [draft for draft in drafts if draft.business_date != row.day]
    by_day = [filed[day] for day in sorted(filed, reverse=True)]
    row.returned = [version for version in by_day if version.state == State.RETURNED]
    row.to_confirm = [version for version in by_day if version.is_current and version.on_behalf and version.confirmed_at is None]
    past = [row.day - timedelta(days=back) for back in range(1, DAYS_ASKED_FOR + 1)]
    silent = [day for day in past if day not in filed or filed[day].state == State.WITHDRAWN]
    row.missing = [day for day in silent if _owes(row.branch, day)]


def _owes(branch: Branch, day: date) -> bool:
    """Say whether a branch owes a report for a day, as `BranchQuerySet.due_on` does for many."""
    life = branch.life
    # A generated range; empty start or end means unknown.
    alive = life is not None and (life.lower is None or life.lower <= day) and (life.upper is None or day < life.upper)
    reports = branch.reports_daily and branch.kind in (Branch.Kind.BRANCH, Branch.Kind.WORK_TEAM)
    return bool(alive and reports and (branch.reports_from is None or branch.reports_from <= day))
