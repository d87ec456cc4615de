"""Which reports are in, and which branches are missing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value, prefetch_related_objects
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject

from activities.models import DailyReport, ReportDraft, ReportVersion
from activities.querysets import DailyReportQuerySet, ReportVersionQuerySet
from activities.rollups.scope import Scope
from activities.rollups.stored import is_kept, reports
from branches.models import Branch, BranchPlace, BranchSchedule, Region, RegionPath
from branches.querysets import BranchQuerySet
from members.models import OfficerTerm
from portal.foundation import clock
from portal.foundation.among import among

# The offices that answer the telephone for a branch.
CALLED_OFFICES: Final = ("secretary", "deputy_secretary", "team_leader")

# A report is due on its day or on the next one: for an older day nobody's times need to be read.
_LATEST_DUE: Final = timedelta(days=1)
_ADDED: Final = ("due", "reported", "late", "corrected", "waiting")


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of the branches that owe a report for a day have filed one.

    Attributes:
        late: reports of which nothing was filed before the due time. corrected: whose current version is a correction.
        waiting: filed and not yet accepted. known_at: when the last of them was filed.
    """

    day: date
    due: int
    reported: int
    late: int = 0
    corrected: int = 0
    waiting: int = 0
    known_at: datetime | None = None

    @property
    def missing(self) -> int:
        """Branches that have not reported."""
        return self.due - self.reported

    def without(self, parts: "Iterable[Completeness]") -> "Completeness":
        """Return what parts of it leave, known as late as the whole."""
        rest = overall(self.day, parts)
        left = {name: getattr(self, name) - getattr(rest, name) for name in _ADDED}
        return Completeness(day=self.day, known_at=self.known_at, **left)


@dataclass(frozen=True, slots=True)
class DutyContact:
    """Whom to call for a branch; the number is shown and called through a view that logs it."""

    person_id: UUID
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class MissingBranch:
    """A branch without a current report for a day.

    Attributes:
        days: for how many days running; None when it never reported and its start is unknown.
        draft_since: when somebody began to fill the report in without filing it.
        returned: whether a report was filed and sent back.
        due_at: until when the report may come without being late.
    """

    branch: Branch
    days: int | None
    draft_since: datetime | None
    returned: bool
    due_at: datetime
    contact: DutyContact | None


def due(scope: Scope, day: date) -> BranchQuerySet:
    """Return the branches of the scope that owe a report for `day`; of a work unit, those where its people serve."""
    owing = Branch.objects.due_on(day)
    if scope.branch is not None:
        return owing.filter(pk=scope.branch.pk)
    if scope.region is not None:
        return owing.within(scope.region, day)
    return owing.served_by(scope.work_unit, day, day)


def missing(scope: Scope, day: date) -> BranchQuerySet:
    """Return the branches that owe a report for `day` and have no current one; a returned report is missing again."""
    return due(scope, day).filter(~Exists(filed_for(day))).by_name()


def completeness(scope: Scope, day: date, known_at: datetime | None = None) -> Completeness:
    """Return how many of the branches due on `day` have reported; with `known_at`, had reported at that moment."""
    if scope.region is not None and is_kept(scope) and known_at is None:
        return kept_completeness([scope.region.pk], day)[scope.region.pk]
    return Completeness(day=day, **due(scope, day).aggregate(**_aggregates(day, known_at)))


def completeness_by(owing: BranchQuerySet, day: date, owner: Combinable) -> dict[int | None, Completeness]:
    """Return the same of branches that are due on `day`, for each value of `owner`, an expression over branches."""
    rows = owing.order_by().annotate(owner=owner).values("owner").annotate(**_aggregates(day))
    return {row.pop("owner"): Completeness(day=day, **row) for row in rows}


def completeness_of(regions: Iterable[Region], day: date) -> dict[int, Completeness]:
    """Return the completeness of regions of which none lies in another, by key; three queries at most."""
    held = list(regions)
    with_totals = [region.pk for region in held if is_kept(Scope.of(region))]
    without = [region.pk for region in held if region.pk not in with_totals]
    rows = _due_below(without, day).values("root").annotate(**_aggregates(day)) if without else ()
    found = {row.pop("root"): Completeness(day=day, **row) for row in rows} | kept_completeness(with_totals, day)
    return {region.pk: found.get(region.pk, Completeness(day, 0, 0)) for region in held}


def kept_completeness(nodes: list[int], day: date) -> dict[int, Completeness]:
    """Return the completeness of regions for which totals are kept, by key; one query."""
    found = reports(nodes, day)
    return {node: Completeness(day=day, **found.get(node, {"due": 0, "reported": 0})) for node in nodes}


def missing_of(regions: Iterable[Region], day: date, limit: int) -> dict[int, list[MissingBranch]]:
    """Return the first missing branches of each of several regions by the region's key; one query."""
    found: dict[int, list[MissingBranch]] = defaultdict(list)
    each = [_described(missing(Scope.of(region), day), day).annotate(root=Value(region.pk))[:limit] for region in regions]
    for branch in each[0].union(*each[1:], all=True) if each else ():
        found[branch.root].append(_missing_branch(branch, day))
    return found


def with_completeness(branches: BranchQuerySet, day: date, expected: Any = None) -> BranchQuerySet:
    """Annotate branches with what `completeness_read` reads: the branches and their reports in one query.

    `expected` holds the keys of the few whose reports are asked about; by default of all that owe one.
    """
    owing = Q(pk__in=Branch.objects.due_on(day).values("pk")) if expected is None else Q(among("pk", expected))
    counts = {name: each for name, each in _aggregates(day).items() if name != "due"}
    annotated: BranchQuerySet = branches.annotate(due=Count("pk", filter=owing), **counts)
    return annotated


def completeness_read(branch: Any, day: date) -> Completeness:
    """Return the completeness of a branch that `with_completeness` annotated; one that owes nothing has nothing to complete."""
    if not branch.due:
        return Completeness(day, 0, 0)
    return Completeness(day, branch.due, branch.reported, branch.late, branch.corrected, branch.waiting, branch.known_at)


def overall(day: date, parts: Iterable[Completeness]) -> Completeness:
    """Return the completeness of several scopes that share no branch."""
    held = list(parts)
    counts = {name: sum(getattr(part, name) for part in held) for name in _ADDED}
    return Completeness(day=day, known_at=max((part.known_at for part in held if part.known_at), default=None), **counts)


def reports_counted(reports: DailyReportQuerySet, part: str = "") -> DailyReportQuerySet:
    """Keep the reports behind `reported`, or behind its part `late` or `corrected`: those that count and were owed, each for its own day."""
    versions = ReportVersion.objects.filter(daily_report=OuterRef("pk"))
    owing = Branch.objects.due_on(OuterRef("business_date")).filter(pk=OuterRef("branch"))  # type: ignore[arg-type]  # An expression for a day.
    found = reports.filter(Exists(owing), Exists(versions.current()))
    if part == "late":
        found = found.filter(~Exists(versions.punctual()))
    elif part == "corrected":
        found = found.filter(Exists(versions.current().filter(nature=ReportVersion.Nature.CORRECTION)))
    return found


def _aggregates(day: date, at: datetime | None = None) -> dict[str, Any]:
    filed = filed_for(day, at)
    on_time = ReportVersion.objects.punctual().filter(daily_report__branch=OuterRef("pk"), daily_report__business_date=day)
    return {
        "due": Count("pk"),
        "reported": Count("pk", filter=Exists(filed)),
        "late": Count("pk", filter=Exists(filed) & ~Exists(on_time)),
        "corrected": Count("pk", filter=Exists(filed.filter(nature=ReportVersion.Nature.CORRECTION))),
        "waiting": Count("pk", filter=Exists(filed.unaccepted(at))),
        "known_at": Max(Subquery(filed.values("known_from")[:1])),
    }


def missing_branches(scope: Scope, day: date, limit: int | None = None) -> list[MissingBranch]:
    """Return the missing branches with what an official wants to know before the call; one query."""
    rows = _described(missing(scope, day), day)
    return [_missing_branch(branch, day) for branch in (rows if limit is None else rows[:limit])]


def not_due_yet(branches: Iterable[Branch], day: date) -> frozenset[int]:
    """Return those of `branches` whose report for `day` is not due yet; one query, and none for a day that is over everywhere."""
    held = list(branches)
    if day < clock.today() - _LATEST_DUE:
        return frozenset()
    prefetch_related_objects(held, "schedules")
    now = clock.now()
    return frozenset(branch.pk for branch in held if now <= branch.due_at(day))


def _due_below(regions: list[int], day: date) -> BranchQuerySet:
    """Return the branches that owe a report for `day` and are hosted below one of `regions`, annotated with that one as `root`."""
    host = BranchPlace.objects.filter(branch=OuterRef(OuterRef("pk")), during__contains=day).values("region")[:1]
    lies = RegionPath.objects.filter(ancestor__in=regions, descendant=Subquery(host), during__contains=day)
    due_there: BranchQuerySet = Branch.objects.due_on(day).order_by().annotate(root=Subquery(lies.values("ancestor")[:1])).exclude(root=None)
    return due_there


def _described(rows: BranchQuerySet, day: date) -> BranchQuerySet:
    """Annotate missing branches with what `_missing_branch` reads."""
    history = DailyReport.objects.current().filter(branch=OuterRef("pk"), business_date__lt=day).order_by("-business_date")
    drafts = ReportDraft.objects.filter(branch=OuterRef("pk"), business_date=day).order_by("saved_at")
    returned = ReportVersion.objects.filter(daily_report__branch=OuterRef("pk"), daily_report__business_date=day, state=ReportVersion.State.RETURNED)
    schedules = BranchSchedule.objects.filter(branch=OuterRef("pk"), during__contains=day)
    described: BranchQuerySet = rows.annotate(
        due_time=Subquery(schedules.values("due_time")[:1]),
        due_next_day=Subquery(schedules.values("due_next_day")[:1]),
        last_reported=Subquery(history.values("business_date")[:1]),
        draft_since=Subquery(drafts.values("saved_at")[:1]),
        was_returned=Exists(returned),
        contact=Subquery(_contacts(day)),
    )
    return described


def filed_for(day: date, at: datetime | None = None) -> ReportVersionQuerySet:
    """Return, for an outer branch, the current version of its report for `day`, or the one that was current `at` a moment."""
    return ReportVersion.objects.current(at).filter(daily_report__branch=OuterRef("pk"), daily_report__business_date=day)


def _contacts(day: date) -> QuerySet[OfficerTerm, Any]:
    """Return, for an outer branch, its officer with a duty phone: the secretary before the deputy before a team leader."""
    terms = OfficerTerm.objects.filter(branch=OuterRef("pk"), during__contains=day, office__in=CALLED_OFFICES).exclude(membership__person__duty_phone="")
    # In the alphabet the secretary comes before a team leader, and the deputy before both.
    ranked = terms.annotate(first=Q(office="secretary")).order_by("-first", "office", "pk")
    person = "membership__person__"
    return ranked.values(json=JSONObject(id=f"{person}public_id", name=f"{person}name", phone=f"{person}duty_phone"))[:1]


def _missing_branch(branch: Any, day: date) -> MissingBranch:
    after_last = branch.last_reported + timedelta(days=1) if branch.last_reported else None
    starts = [start for start in (after_last, branch.life.lower, branch.reports_from) if start is not None]
    contact = branch.contact and DutyContact(UUID(branch.contact["id"]), branch.contact["name"], branch.contact["phone"])
    days = (day - max(starts)).days + 1 if starts else None
    times = {"due_time": branch.due_time, "due_next_day": branch.due_next_day} if branch.due_time is not None else {}
    return MissingBranch(branch, days, branch.draft_since, branch.was_returned, BranchSchedule(**times).due_moment(day), contact)
