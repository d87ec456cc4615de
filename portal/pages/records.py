"""The records behind a figure: the same rows that its total adds, page by page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from activities import rollups
from activities.models import ActivityKind, Entry, EntryParticipant, Measure, Metric, OverTime
from activities.querysets import MeasureQuerySet
from activities.rollups import DAWN, Scope, Span, Total
from branches import access
from branches.access import Act
from branches.models import Branch, Region, RegionParent, WorkUnit
from portal.foundation.paging import TURNS, ByDay, Counted, DayCounts, KeysetPage, Turn
from portal.pages.scopes import DASHBOARDS, NO_UNIT, Asked, Reader, View, asked_days, dashboard_url, default_span, find

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What a line of the list names of a record.
FETCHED: Final = ("branch", "metric", "unit_entered", "entry__version__daily_report", "entry__version__period_report", "entry__version__filed_by")
RULES: Final[Mapping[OverTime, "StrOrPromise"]] = {
    OverTime.SUM: _("Adds up: the days of the span, and periods that lie wholly inside it."),
    OverTime.LATEST: _("The last value of each branch up to the last day holds until the next one."),
    OverTime.DISTINCT: _("Each figure counts everybody once; figures of different days or branches are not added."),
    OverTime.NONE: _("Figures of different days or branches are not added."),
}


@dataclass(frozen=True)
class Question:
    """Which records an address asks for."""

    view: View
    asked: Asked
    span: Span
    metric: Metric | None
    kind: str
    direct: bool
    shifts: bool
    sent_by: str = ""
    child: Region | Branch | None = None

    @property
    def scope(self) -> Scope:
        """Whose records are listed: those of the page, or of a region or branch that has a line in its table."""
        return Scope.of(self.child) if self.child is not None else self.view.scope

    @property
    def named(self) -> list[str]:
        """The names of what the records are of, and of where the table with its line stands."""
        return [thing.name for thing in (self.child, self.view.scope.object) if thing is not None]

    @property
    def rows(self) -> MeasureQuerySet:
        """The measures behind the figure."""
        return self._narrowed(rollups.records(self.scope, self.span, self.metric, self.kind or None))

    @property
    def parts(self) -> list[MeasureQuerySet]:
        """The same measures in parts, no measure in two: to read all of them."""
        return [self._narrowed(part) for part in rollups.records_apart(self.scope, self.span, self.metric, self.kind or None)]

    def _narrowed(self, found: MeasureQuerySet) -> MeasureQuerySet:
        region = self.view.scope.region
        if region is not None and self.child is not None:
            return rollups.of_line(region, self.child, found)
        return rollups.directly_in(region, found) if region is not None and self.direct else found

    @property
    def person_shifts(self) -> QuerySet[EntryParticipant]:
        """The person-shifts asked for: of a unit's people, with or without those of the units below; or in a region of whoever `sent_by` sent there.

        Raises:
            Http404: no such unit ever sent anybody to the region.
        """
        scope = self.view.scope
        if scope.work_unit is not None:
            sent = rollups.participations(scope.work_unit, self.span)
            return sent.filter(home_unit=scope.work_unit) if self.direct else sent
        assert scope.region is not None  # noqa: S101 - question_of
        worked = rollups.shifts_within(scope.region, self.span)
        return worked.filter(home_unit=self.sender) if self.sent_by else worked

    @cached_property
    def sender(self) -> WorkUnit | None:
        """The unit that sent the people; None for people without a unit on record, and when it is not asked for."""
        region = self.view.scope.region
        if self.sent_by in ("", NO_UNIT) or region is None:
            return None
        # On any day: other days may be chosen on the page. Of a unit that never sent anybody here the page does not even tell the name.
        worked = rollups.shifts_within(region, Span(DAWN, date.max)).filter(home_unit=OuterRef("pk"))
        sender: WorkUnit = get_object_or_404(WorkUnit.objects.filter(Exists(worked)), public_id=_uuid(self.sent_by))
        return sender

    @property
    def query(self) -> str:
        """What an address says that asks for the same rows, whenever it is opened."""
        asked = {self.view.kind: str(self.view.scope.public_id), "from": self.span.first.isoformat(), "to": self.span.last.isoformat()}
        return urlencode(asked | self.filters)

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the rows down, beside the scope and the days, as an address says it."""
        metric, direct, shifts = self.metric.code if self.metric else "", "1" if self.direct else "", "shifts" if self.shifts else ""
        child = str(self.child.public_id) if self.child is not None else ""
        narrowed = {"metric": metric, "kind": self.kind, "direct": direct, "child": child, "of": shifts, "sent_by": self.sent_by}
        return {name: value for name, value in narrowed.items() if value}

    @cached_property
    def metrics(self) -> Sequence[Metric]:
        """The metrics whose figures are asked for."""
        if self.metric is not None:
            return [self.metric] if self.kind in ("", self.metric.kind) else []
        return list(Metric.objects.filter(kind=self.kind) if self.kind else Metric.objects.all())

    @property
    def is_kept(self) -> bool:
        """Whether what is asked for is counted in totals that are kept."""
        return rollups.is_kept(self.view.scope) and not (self.direct or self.child or self.shifts)

    def may_freeze(self, reader: Reader) -> bool:
        """Whether what is shown is one figure of the whole scope, and the reader may keep it as it is now."""
        whole = self.metric is not None and not (self.shifts or self.direct or self.child or self.kind)
        return whole and access.can_over(reader, Act.FREEZE, self.view.scope.object)

    @cached_property
    def total(self) -> Total | None:
        """The figure itself, over all pages."""
        if self.metric is None:
            return None
        if self.is_kept:
            return rollups.totals(self.view.scope, self.span, self.metrics).get(self.metric.code)
        return rollups.total_of(self.metric, self.rows)

    @property
    def counted(self) -> Counted:
        """How many records there are: exact where a figure or a kept total says it."""
        if self.metric is not None:
            return Counted(self.total.count if self.total else 0)
        kept = rollups.count_of(self.view.scope, self.span, self.metrics) if self.is_kept else None
        return Counted.capped(self.rows) if kept is None else Counted(kept)

    def page(self, turn: Turn) -> KeysetPage[Measure]:
        """Return a page of the records, the newest first."""
        adding = [metric for metric in self.metrics if metric.over_time != OverTime.LATEST]
        holding = [metric for metric in self.metrics if metric.over_time == OverTime.LATEST]
        whole = rollups.dated(Measure.objects.select_related(*FETCHED))
        return ByDay(whole=whole, counts=self._days_of(adding), beside=self._listed(holding)).page(turn, *self._listed(adding))

    def page_of_shifts(self, turn: Turn) -> KeysetPage[Entry]:
        """Return a page of the entries that the person-shifts belong to."""
        whole = rollups.entries_of(self.person_shifts).select_related("branch")
        return ByDay(whole=whole).page(turn, rollups.entries_listed(self.person_shifts))

    def _days_of(self, metrics: Sequence[Metric]) -> DayCounts | None:
        return rollups.days_of(self.view.scope, self.span, metrics) if self.is_kept and metrics else None

    def _listed(self, metrics: Sequence[Metric]) -> list[MeasureQuerySet]:
        return [self._narrowed(part) for part in rollups.listed(self.scope, self.span, metrics)] if metrics else []


@require_GET
def records(request: HttpRequest) -> HttpResponse:
    """List the records behind a figure, the newest first, under the figure that they make."""
    question, turn = question_of(request.user, request.GET), _turn(request.GET)
    page: KeysetPage[Any] = question.page_of_shifts(turn) if question.shifts else question.page(turn)
    done = rollups.attributed_of(question.person_shifts) if question.shifts else None
    context = {
        "question": question,
        "rows": page.items,
        "page": page,
        "turn": turn,
        "counted": Counted(done.entries) if done else question.counted,
        # Values that hold are counted, but not by the day on which they stand.
        "numbered": question.is_kept and all(metric.over_time != OverTime.LATEST for metric in question.metrics),
        "total": None if question.shifts else question.total,
        "done": done,
        "sees_people": bool(access.accounts_seen(request.user)),
        "opened": opened_of(Branch.objects.visible_to(request.user, Act.SEE_REPORTS), page.items),
        "named": opened_of(Branch.objects.filter(access.branches_within(access.accounts_seen(request.user))), page.items),
        "may_freeze": question.may_freeze(request.user),
        "dashboard_href": dashboard_url(question.view.scope.object, question.span),
        "hidden": [(name, value) for name, value in request.GET.items() if name not in ("from", "to", *TURNS)],
        "kept": [(name, value) for name, value in request.GET.items() if name not in TURNS],
        "rule": RULES[OverTime(question.metric.over_time)] if question.metric else "",
        "kind_label": ActivityKind(question.kind).label if question.kind else "",
    }
    template = "portal/records_shifts.html" if question.shifts else "portal/records.html"
    return render(request, template, context, status=400 if question.asked.refused or turn.refused else 200)


def question_of(reader: Reader, query: QueryDict) -> Question:
    """Read what is asked for.

    Raises:
        Http404: no scope, one outside the reader's reach, an unknown metric, kind or child.
    """
    named = [(kind, query.get(kind, "")) for kind in DASHBOARDS if query.get(kind)]
    if len(named) != 1:
        raise Http404
    kind, identifier = named[0]
    view = find(reader, kind, _uuid(str(identifier)))
    metric = get_object_or_404(Metric, code=query["metric"]) if query.get("metric") else None
    work = query.get("kind", "")
    if work and work not in ActivityKind.values:
        raise Http404
    asked = asked_days(query)
    span = asked.span or default_span(None, None)
    in_region, shifts = view.scope.region is not None, query.get("of") == "shifts" and view.scope.branch is None
    sent_by = query.get("sent_by", "") if in_region and shifts else ""
    direct = query.get("direct") == "1" and view.scope.branch is None and in_region is not shifts
    child = _child(view.scope.region, query.get("child", "")) if view.scope.region is not None and not (direct or shifts) else None
    return Question(view, asked, span, metric, work, direct, shifts, sent_by, child)


def _child(region: Region, identifier: str) -> Region | Branch | None:
    """Return the region or branch whose line of a region's table is asked for; None when none is.

    Raises:
        Http404: no such one ever lay in the region, or did anything there. Of others the page does not even tell the name.
    """
    if not identifier:
        return None
    wanted = _uuid(identifier)
    if not rollups.lists_branches(Scope(region=region)):
        lay_here = RegionParent.objects.filter(parent=region).values("region")
        return get_object_or_404(Region, pk__in=lay_here, public_id=wanted)
    # In one statement: a branch that lies elsewhere takes as many as one that is not there.
    works_here = Exists(Measure.objects.filter(branch=OuterRef("pk")).within(region))
    found: Branch = get_object_or_404(Branch.objects.filter(works_here), public_id=wanted)
    return found


def opened_of(branches: QuerySet[Branch], rows: Iterable[Any]) -> frozenset[int]:
    """Return which of `branches` are in `rows`: a record done in a region may be of a branch that lies elsewhere, or has moved there since."""
    return frozenset(branches.filter(pk__in={row.branch_id for row in rows}).values_list("pk", flat=True))


def _turn(query: QueryDict) -> Turn:
    turn = Turn.read(query)
    if not turn.is_readable(ByDay()):
        raise Http404
    return turn


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
