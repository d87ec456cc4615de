"""Frozen figures: freezing one, the list of those in reach, and what has become of one, row by row."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from activities import freezing, rollups
from activities.models import FrozenFigure, Metric
from activities.rollups import Span, Total, frozen
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.paging import Page, page_of
from portal.pages.records import opened_of, question_of
from portal.pages.scopes import Reader, View, dashboard_url, records_url

_FETCHED = ("metric", "region", "work_unit", "branch")
_BEHIND = ("branch", "metric", "entry__version__daily_report", "entry__version__period_report", "entry__version__filed_by")
_UNPROCESSABLE = 422


@dataclass(frozen=True)
class Request:
    """A figure that somebody asks to freeze."""

    view: View
    span: Span
    metric: Metric

    @classmethod
    def read(cls, reader: Reader, query: QueryDict) -> "Request":
        """Read what is asked for, named as on the page of its records.

        Raises:
            Http404: no scope, figure or days, or outside of the reader's reach.
            PermissionDenied: the reader sees the figure and may not freeze it.
        """
        question = question_of(reader, query)
        if question.metric is None or question.asked.span is None:
            raise Http404
        if not access.can_over(reader, Act.FREEZE, question.view.scope.object):
            raise PermissionDenied
        return cls(question.view, question.span, question.metric)

    @property
    def total(self) -> Total | None:
        """The figure as it is now."""
        return rollups.totals(self.view.scope, self.span, [self.metric]).get(self.metric.code)

    @property
    def records_href(self) -> str:
        """Where its records are."""
        return records_url(self.view.scope.object, self.span, self.metric)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the form says again."""
        days = [("from", self.span.first.isoformat()), ("to", self.span.last.isoformat())]
        return [(self.view.kind, str(self.view.scope.public_id)), *days, ("metric", self.metric.code)]


@dataclass(frozen=True)
class Line:
    """A frozen figure on the list."""

    figure: FrozenFigure
    total: Total | None


@require_safe
def frozen_list(request: HttpRequest) -> HttpResponse:
    """List the frozen figures that the reader may see, the newest first."""
    if not access.may(request.user, Act.SEE_REPORTS):
        raise PermissionDenied
    page: Page[FrozenFigure] = page_of(FrozenFigure.objects.visible_to(request.user).select_related(*_FETCHED), request.GET.get("page"))
    lines = [Line(figure, frozen.frozen_total(figure)) for figure in page.items]
    return render(request, "portal/frozen_list.html", {"page": page, "lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
def frozen_new(request: HttpRequest) -> HttpResponse:
    """Freeze a figure, and say what for."""
    actor = cast("User", request.user)
    asked = Request.read(actor, request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        return render(request, "portal/frozen_new.html", {"asked": asked})
    purpose = request.POST.get("purpose", "")
    try:
        figure = freezing.freeze(actor=actor, scope=asked.view.scope, span=asked.span, metric=asked.metric, purpose=purpose)
    except ValidationError as error:
        context = {"asked": asked, "purpose": purpose[:400], "errors": error.message_dict.get("purpose", error.messages)}
        return render(request, "portal/frozen_new.html", context, status=_UNPROCESSABLE)
    return redirect("portal:frozen_detail", figure.public_id)


@require_safe
def frozen_detail(request: HttpRequest, figure_id: UUID) -> HttpResponse:
    """Show a frozen figure, what it is now, and the rows that differ."""
    figure: FrozenFigure = get_object_or_404(
        FrozenFigure.objects.visible_to(request.user).select_related(*_FETCHED, "frozen_by"),
        public_id=figure_id,
    )
    page: Page[Any] = page_of(frozen.differences(figure).select_related(*_BEHIND), request.GET.get("page"))
    context = {
        "figure": figure,
        "span": frozen.span_of(figure),
        "total": frozen.frozen_total(figure),
        "since": frozen.since(figure),
        "page": page,
        "missing": figure.due - figure.reported,
        "names_who": _sees_who_froze(request.user, figure),
        "sees_people": bool(access.accounts_seen(request.user)),
        "opened": opened_of(Branch.objects.visible_to(request.user, Act.SEE_REPORTS), page.items),
        "named": opened_of(Branch.objects.filter(access.branches_within(access.accounts_seen(request.user))), page.items),
        "records_href": records_url(figure.about, frozen.span_of(figure), figure.metric),
        "dashboard_href": dashboard_url(figure.about, frozen.span_of(figure)),
    }
    return render(request, "portal/frozen_detail.html", context)


def _sees_who_froze(reader: Reader, figure: FrozenFigure) -> bool:
    """Say whether the reader may see the account: their own, or one over a place or a unit of which they see the people."""
    if figure.frozen_by_id == reader.pk:
        return True
    return access.sees_accounts(reader, figure.branch) if figure.branch else access.can_over(reader, Act.SEE_PEOPLE, figure.about)
