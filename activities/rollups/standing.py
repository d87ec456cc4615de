"""What the registers of a region or a branch say now, from their records: needs that are overdue, shifts short of people, answers
to surveys, suggestions that wait, points that should have been mended, sites where no leader has been, squads at work.

All of it changes by the minute, and there are never many: so no totals are kept of it. What reports took over from registers is in the totals, as it
was filed.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Value
from django.utils import timezone

from activities.filters_contacts import LONG
from activities.models import ContactPoint, InspectionPoint, Need, Suggestion, SurveyResponse
from activities.rollups.children import child_of_branch, lists_branches
from activities.rollups.scope import Scope, Span
from activities.survey_results import percent
from branches.access import regions_below
from members.models import Shift, Squad

_NEEDS, _SHIFTS, _ANSWERS, _SUGGESTIONS, _POINTS, _SITES, _SQUADS = "needs", "shifts", "answers", "suggestions", "points", "sites", "squads"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the registers say.

    Attributes:
        overdue: needs that should have been resolved by now, by line of the table below the scope, which is where their branches are hosted now; a line
            without any is absent, that of None holds what is hosted at the region itself.
        short_now: shifts that run with fewer people than they need.
        short_soon: shifts that begin in the next 24 hours and still lack people.
        valid: answers of the days shown that count, of surveys about satisfaction.
        satisfied: those of them that say that somebody is satisfied.
        suggestions: what was passed upward and waits for an answer, of the scope's branches, or at the region itself.
        points: what inspections and visits found and should have been mended by now.
        sites: contact points in the region to which nobody came for 7 days; 0 of a branch, which has none of its own.
        squads: squads at work today.
    """

    overdue: Mapping[int | None, int] = field(default_factory=dict)
    short_now: int = 0
    short_soon: int = 0
    valid: int = 0
    satisfied: int = 0
    suggestions: int = 0
    points: int = 0
    sites: int = 0
    squads: int = 0

    @property
    def percent(self) -> int | None:
        """The satisfied among the valid, in whole per cent, halves upward; None where no answer counts."""
        return percent(self.satisfied, self.valid) if self.valid else None


def standing(scope: Scope, span: Span, moment: datetime) -> Standing:
    """Return what the registers of a region or a branch say at `moment`, and the answers of the days of `span`; one query.

    A work unit keeps no register.
    """
    if scope.work_unit is not None:
        return Standing()
    others = (_short(scope, moment), _answers(scope, span), _waiting(scope), _to_mend(scope, moment), _unvisited(scope, moment), _squads(scope, moment))
    said: dict[str, dict[int | None, tuple[int, int]]] = defaultdict(dict)
    for part, line, first, second in _overdue(scope, moment).union(*others, all=True):
        said[part][line] = (first, second)
    overdue = {line: number for line, (number, _none) in said.pop(_NEEDS, {}).items()}
    told = {part: lines[None] for part, lines in said.items()}
    now, soon = told.get(_SHIFTS, (0, 0))
    satisfied, valid = told.get(_ANSWERS, (0, 0))
    waiting, points, sites, squads = (told.get(part, (0, 0))[0] for part in (_SUGGESTIONS, _POINTS, _SITES, _SQUADS))
    return Standing(overdue, now, soon, valid, satisfied, waiting, points, sites, squads)


def _overdue(scope: Scope, moment: datetime) -> "QuerySet[Any, Any]":
    line = F("branch") if scope.region is None or lists_branches(scope) else child_of_branch(scope.region, timezone.localdate(moment))
    rows = Need.objects.overdue(moment).filter(_of_scope(scope, "branch")).order_by().annotate(part=Value(_NEEDS), line=line)
    return _counted(rows, Count("pk"), Value(0))


def _short(scope: Scope, moment: datetime) -> "QuerySet[Any, Any]":
    rows = Shift.objects.short_soon(moment).filter(_of_scope(scope, "post__branch"))
    begun = Q(during__startswith__lte=moment)
    return _counted(_all_together(rows, _SHIFTS), Count("pk", filter=begun), Count("pk", filter=~begun))


def _answers(scope: Scope, span: Span) -> "QuerySet[Any, Any]":
    rows = SurveyResponse.objects.valid().filter(_of_scope(scope, "branch"), business_date__range=(span.first, span.last), satisfied__isnull=False)
    return _counted(_all_together(rows, _ANSWERS), Count("pk", filter=Q(satisfied=True)), Count("pk"))


def _waiting(scope: Scope) -> "QuerySet[Any, Any]":
    at_the_region = Q(with_region=scope.region) if scope.region else Q(pk__in=())
    rows = Suggestion.objects.filter(_of_scope(scope, "branch") | at_the_region, state=Suggestion.State.PASSED)
    return _counted(_all_together(rows, _SUGGESTIONS), Count("pk"), Value(0))


def _to_mend(scope: Scope, moment: datetime) -> "QuerySet[Any, Any]":
    rows = InspectionPoint.objects.overdue(timezone.localdate(moment)).filter(_of_scope(scope, "branch"))
    return _counted(_all_together(rows, _POINTS), Count("pk"), Value(0))


def _unvisited(scope: Scope, moment: datetime) -> "QuerySet[Any, Any]":
    rows = ContactPoint.objects.with_visits().unvisited(timezone.localdate(moment) - LONG)
    rows = rows.hosted_in(scope.region) if scope.region is not None else rows.none()
    return _counted(_all_together(rows, _SITES), Count("pk"), Value(0))


def _squads(scope: Scope, moment: datetime) -> "QuerySet[Any, Any]":
    rows = Squad.objects.on(timezone.localdate(moment)).filter(_of_scope(scope, "branch"))
    return _counted(_all_together(rows, _SQUADS), Count("pk"), Value(0))


def _of_scope(scope: Scope, branch: str) -> Q:
    """Return a filter over rows of branches: those hosted at or below the region now, or the branch itself."""
    if scope.region is None:
        return Q(**{branch: scope.branch})
    return Q(**{f"{branch}__region__in": regions_below([scope.region.pk])})


def _all_together(rows: "QuerySet[Any, Any]", part: str) -> "QuerySet[Any, Any]":
    told: QuerySet[Any, Any] = rows.order_by().annotate(part=Value(part), line=Value(None, output_field=BigIntegerField()))
    return told


def _counted(rows: "QuerySet[Any, Any]", first: Any, second: Any) -> "QuerySet[Any, Any]":
    counted: QuerySet[Any, Any] = rows.values("part", "line").annotate(first=first, second=second).values_list("part", "line", "first", "second")
    return counted
