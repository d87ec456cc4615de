"""The records behind a figure: the same rows that its total adds, page by page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import BooleanField, DateField, Exists, F, Func, OuterRef, QuerySet, Value
from django.db.models.lookups import LessThan
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from activities import rollups
from activities.models import ActivityKind, EntryParticipant, Metric, OverTime
from activities.querysets import MeasureQuerySet
from activities.rollups import DAWN, Span, Total
from branches import access
from branches.access import Act
from branches.models import Branch, WorkUnit
from portal.pages.scopes import DASHBOARDS, NO_UNIT, Asked, Reader, View, asked_days, dashboard_url, default_span, find

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE_SIZE: Final = 50
_FETCHED: Final = ("branch", "metric", "unit_entered", "entry__version__daily_report", "entry__version__period_report", "entry__version__filed_by")


class Row(Func):
    """(a, b) as PostgreSQL compares rows: one step into an index, where the same written with OR reads everything before."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


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

    @property
    def rows(self) -> MeasureQuerySet:
        """The measures behind the figure."""
        found = rollups.records(self.view.scope, self.span, self.metric, self.kind or None)
        region = self.view.scope.region
        return rollups.directly_in(region, found) if self.direct and region is not None else found

    @property
    def person_shifts(self) -> QuerySet[EntryParticipant]:
        """The person-shifts asked for: of a unit's people, or in a region of whoever was sent by the unit that `sent_by` names.

        Raises:
            Http404: no such unit ever sent anybody to the region.
        """
        scope = self.view.scope
        if scope.work_unit is not None:
            return rollups.participations(scope.work_unit, self.span)
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
    def total(self) -> Total | None:
        """The figure itself, over all pages."""
        return rollups.total_of(self.metric, self.rows) if self.metric else None


@require_GET
def records(request: HttpRequest) -> HttpResponse:
    """List the records behind a figure, the newest first, under the figure that they make."""
    question = question_of(request.user, request.GET)
    found: QuerySet[Any] = question.rows.select_related(*_FETCHED)
    template = "portal/records.html"
    if question.shifts:
        found = rollups.entries_of(question.person_shifts).select_related("branch")
        template = "portal/records_shifts.html"
    rows, following = page_of(found, request.GET.get("after", ""))
    context = {
        "question": question,
        "rows": rows,
        "following": following,
        "total": question.total,
        "done": rollups.attributed_of(question.person_shifts) if question.shifts else None,
        "first_page": not request.GET.get("after"),
        "sees_people": bool(access.accounts_seen(request.user)),
        "opened": _opened(Branch.objects.visible_to(request.user, Act.SEE_REPORTS), rows),
        "named": _opened(Branch.objects.filter(access.branches_within(access.accounts_seen(request.user))), rows),
        "dashboard_href": dashboard_url(question.view.scope.object, question.span),
        "hidden": [(name, value) for name, value in request.GET.items() if name not in ("from", "to", "after")],
        "rule": RULES[OverTime(question.metric.over_time)] if question.metric else "",
        "kind_label": ActivityKind(question.kind).label if question.kind else "",
    }
    return render(request, template, context, status=400 if question.asked.refused else 200)


def question_of(reader: Reader, query: QueryDict) -> Question:
    """Read what is asked for.

    Raises:
        Http404: no scope, one outside the reader's reach, an unknown metric or kind.
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
    return Question(view, asked, span, metric, work, in_region and query.get("direct") == "1", shifts, sent_by)


def page_of(rows: QuerySet[Any], after: str) -> tuple[list[Any], str]:
    """Return a page of rows that carry `day`, newest first, beginning after the row that `after` names, and the name of its last row, if more follow."""
    ordered = rows.order_by("-day", "-pk")
    if after:
        day, key = _place(after)
        ordered = ordered.filter(LessThan(Row(F("day"), F("pk")), Row(Value(day, DateField()), Value(key))))
    found = list(ordered[: PAGE_SIZE + 1])
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    return found[:PAGE_SIZE], f"{last.day.isoformat()}.{last.pk}" if last else ""


def _opened(branches: QuerySet[Branch], rows: Iterable[Any]) -> frozenset[int]:
    """Return which of `branches` are in `rows`: a record done in a region may be of a branch that lies elsewhere, or has moved there since."""
    return frozenset(branches.filter(pk__in={row.branch_id for row in rows}).values_list("pk", flat=True))


def _place(after: str) -> tuple[date, int]:
    day, _point, key = after.partition(".")
    try:
        return date.fromisoformat(day), min(int(key), 2**63 - 1)
    except ValueError:
        raise Http404 from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
