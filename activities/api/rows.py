"""Rows with all that their representation needs, in a fixed number of queries."""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from activities.api import written
from activities.models import DailyReport, Entry, FrozenFigure, Measure, PeriodReport, ReportVersion, Statement, StockReceipt
from activities.querysets import EntryQuerySet
from branches.access import Act
from branches.api.base import notes_seen
from branches.models import Branch, Region, WorkUnit


def entries(request: Any) -> EntryQuerySet:
    """Return entries in the scope of whoever asks, each with its JSON as `written`."""
    rows: EntryQuerySet = Entry.objects.visible_to(request.user).annotate(written=written.entry(request))
    return rows


def versions(request: Any, *, with_entries: bool = True) -> QuerySet[ReportVersion, Any]:
    """Return versions, the first one first."""
    rows: QuerySet[ReportVersion, Any] = ReportVersion.objects.annotate(notes_seen=notes_seen(request.user))
    rows = rows.select_related("branch", "daily_report", "period_report", "filed_by").order_by("pk")
    if with_entries:
        inside = Entry.objects.annotate(written=written.entry_of_a_version(request)).only("version").order_by("pk")
        rows = rows.prefetch_related(Prefetch("entries", inside))
    return rows


def reports(model: type[DailyReport] | type[PeriodReport], request: Any, *, with_entries: bool) -> QuerySet[Any, Any]:
    """Return reports with all their versions."""
    rows: QuerySet[Any, Any] = model.objects.visible_to(request.user).select_related("branch")
    return rows.prefetch_related(Prefetch("versions", versions(request, with_entries=with_entries)))


def measures(user: Any) -> QuerySet[Measure, Any]:
    """Return measures with what surrounds them."""
    related = ("metric__unit", "unit_entered", "branch", "entry__place", "entry__version__period_report")
    rows: QuerySet[Measure, Any] = Measure.objects.visible_to(user).select_related(*related)
    return rows


def stock_receipts(user: Any) -> QuerySet[StockReceipt, Any]:
    """Return goods received by branches whose reports `user` sees."""
    rows: QuerySet[StockReceipt, Any] = StockReceipt.objects.visible_to(user, Act.SEE_REPORTS)
    return rows.annotate(notes_seen=notes_seen(user)).select_related("branch", "unit")


def frozen_figures(user: Any) -> QuerySet[FrozenFigure, Any]:
    """Return the frozen figures of which `user` sees the reports of all that they are about."""
    figures: QuerySet[FrozenFigure, Any] = FrozenFigure.objects.visible_to(user).select_related("region", "work_unit", "branch", "metric__unit")
    return figures


def statements(user: Any) -> QuerySet[Statement, Any]:
    """Return what published texts state about regions, work units and branches over which `user` sees reports."""
    about = (
        Q(region__in=Region.objects.visible_to(user, Act.SEE_REPORTS))
        | Q(work_unit__in=WorkUnit.objects.visible_to(user, Act.SEE_REPORTS))
        | Q(branch__in=Branch.objects.visible_to(user, Act.SEE_REPORTS))
    )
    return Statement.objects.filter(about).select_related("region", "work_unit", "branch")
