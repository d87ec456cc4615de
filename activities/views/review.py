"""The reviewer's day: what waits, what is missing and whom to call, what was accepted and returned."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Case, Count, IntegerField, OuterRef, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activities import rollups, services
from activities.figures import Qualifier, combine, difference, format_change, format_figure
from activities.models import Measure, Metric, ReportVersion
from activities.notices import Notice, notices_by_branch
from activities.rollups.completeness import CALLED_OFFICES
from branches import access
from branches.access import Act
from branches.models import Branch
from members.models import OfficerTerm, Person
from portal.foundation import clock
from portal.foundation.errors import Conflict
from portal.foundation.paging import page_of
from portal.foundation.text import mask_phone
from portal.foundation.ways_back import is_ours

UNPROCESSABLE: Final = 422
State = ReportVersion.State
# Waiting first, then missing (and withdrawn: nothing counts), returned, accepted.
_ORDER: Final = {State.FILED: 0, State.WITHDRAWN: 1, State.RETURNED: 2, State.ACCEPTED: 3}
_MISSING: Final = 1


@dataclass(frozen=True)
class ReviewFigure:
    """A figure of a report, with the change on the day before; an empty change where there was none."""

    label: str
    text: str
    change: str
    hint: str


@dataclass
class ReviewRow:
    """A branch on the reviewer's list."""

    branch: Branch
    version: ReportVersion | None
    figures: list[ReviewFigure] = field(default_factory=list)
    whole_day: str = ""
    contact: Person | None = None
    phone: str = ""
    # Not filed, but it may still come in time.
    pending: bool = False
    # What was typed when a return was refused, and why.
    note: str = ""
    refusal: str = ""

    @property
    def state(self) -> str:
        """The state as a pill names it."""
        return self.version.state if self.version is not None and self.version.state != State.WITHDRAWN else "missing"

    @property
    def pill(self) -> str:
        """What a pill says: as `state`, but that nobody misses what may still come in time."""
        return "due" if self.pending and self.state == "missing" else self.state

    @property
    def is_odd(self) -> bool:
        """Whether something about it is worth a look before it is accepted."""
        return bool(self.whole_day or any(figure.hint for figure in self.figures))

    @property
    def waits(self) -> bool:
        """Whether it waits for the reviewer, who may still decide on it."""
        return self.state == State.FILED and self.is_open

    @property
    def is_open(self) -> bool:
        """Whether anything may still be done: the branch's records are not closed."""
        return self.branch.closed_at is None


@dataclass(frozen=True)
class Refusal:
    """A return without a note: shown again beside its report."""

    version_id: UUID
    note: str
    message: str


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """List the branches that owe a report for a day in the reviewer's scope: what waits first, then what is missing."""
    return _list(request, _day(request.GET.get("day", "")), request.GET.get("page"))


@require_POST
def review_act(request: HttpRequest) -> HttpResponse:
    """Accept one report or several at once, or return one with a note."""
    day = _day(request.POST.get("day", ""))
    _require_reviewer(request)
    seen = ReportVersion.objects.visible_to(request.user, Act.REVIEW).select_related("branch", "daily_report", "period_report")
    if request.POST.get("act") == "return":
        version = get_object_or_404(seen, public_id=_uuid(request.POST.get("version", "")))
        note = request.POST.get("note", "")[:500]
        try:
            services.return_to_branch(actor=_user(request), version=version, note=note)
            messages.success(request, _("Returned to %(branch)s. It counts as missing until it is filed again.") % {"branch": version.branch.name})
        except ValidationError as error:
            if version.daily_report is not None:
                return _list(request, day, None, Refusal(version.public_id, note, error.messages[0]), status=UNPROCESSABLE)
            messages.error(request, error.messages[0])
        except Conflict as conflict:
            messages.warning(request, str(conflict.message))
        return redirect(_back(request, day))
    ids = [found for text in request.POST.getlist("version") if (found := _uuid(text)) is not None]
    _accept(request, list(seen.filter(public_id__in=ids)))
    return redirect(_back(request, day))


@require_POST
def report_confirm(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Confirm, as the branch's organiser, what was filed on its behalf."""
    version = _filed_by_mine(request, version_id)
    try:
        services.confirm(actor=_user(request), version=version)
        messages.success(request, _("Confirmed."))
    except Conflict as conflict:
        messages.warning(request, str(conflict.message))
    return redirect("activities:report_detail", version.report.public_id)


@require_POST
def report_withdraw(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Withdraw a version that should not have been filed."""
    version = _filed_by_mine(request, version_id)
    try:
        services.withdraw(actor=_user(request), version=version, reason=request.POST.get("reason", "")[:500])
        messages.success(request, _("Withdrawn. The day counts as missing until it is filed again."))
    except ValidationError as error:
        messages.error(request, error.messages[0])
    except Conflict as conflict:
        messages.warning(request, str(conflict.message))
    return redirect("activities:report_detail" if version.daily_report else "activities:period_detail", version.report.public_id)


def _list(request: HttpRequest, day: date, number: str | None, refusal: Refusal | None = None, *, status: int = 200) -> HttpResponse:
    _require_reviewer(request)
    latest = ReportVersion.objects.filter(daily_report__branch=OuterRef("pk"), daily_report__business_date=day).order_by("-number")
    due = Branch.objects.visible_to(request.user, Act.REVIEW).due_on(day).annotate(state_of_day=Subquery(latest.values("state")[:1]))
    ranked = due.annotate(
        rank=Case(*(When(state_of_day=state, then=Value(rank)) for state, rank in _ORDER.items()), default=_MISSING, output_field=IntegerField())
    )
    page = page_of(ranked.select_related("region").order_by("rank", "name_key", "pk"), number)
    rows = _rows(request, page.items, day)
    for row in rows:
        if refusal and row.version is not None and row.version.public_id == refusal.version_id:
            row.note, row.refusal = refusal.note, refusal.message
    counts = _counts(due)
    context = {
        "day": day,
        "is_today": day == clock.today(),
        "previous_href": f"?day={day - timedelta(days=1)}",
        "next_href": f"?day={day + timedelta(days=1)}" if day < clock.today() else None,
        "page": page,
        "counts": counts,
        "due": sum(counts.values()),
        "groups": _groups(rows),
        "may_accept_several": sum(row.waits for row in rows) > 1,
    }
    return render(request, "activities/review_list.html", context, status=status)


def _rows(request: HttpRequest, branches: Sequence[Branch], day: date) -> list[ReviewRow]:
    pks = [branch.pk for branch in branches]
    versions = ReportVersion.objects.filter(daily_report__branch__in=pks, daily_report__business_date=day).select_related("branch", "daily_report", "filed_by")
    latest = {version.branch_id: version for version in versions.with_lateness().order_by("daily_report_id", "-number").distinct("daily_report_id")}
    rows = [ReviewRow(branch, latest.get(branch.pk)) for branch in branches]
    pending = rollups.not_due_yet([row.branch for row in rows if row.state == "missing"], day)
    for row in rows:
        row.pending = row.branch.pk in pending
    _add_figures(rows, day)
    _add_contacts([row for row in rows if row.state == "missing"], day)
    return rows


def _add_figures(rows: Sequence[ReviewRow], day: date) -> None:
    shown = {row.version.pk: row for row in rows if row.version is not None and row.state != "missing"}
    measures = Measure.objects.filter(entry__version__in=list(shown)).select_related("metric", "entry").order_by("metric__position", "pk")
    before = Measure.objects.counted().filter(branch__in=[row.branch.pk for row in shown.values()], business_date=day - timedelta(days=1))
    past = _summed(before.values_list("branch", "metric", "value", "qualifier"))
    now = _summed((measure.entry.version_id, measure.metric_id, measure.value, measure.qualifier) for measure in measures)
    metrics: dict[int, Metric] = {measure.metric_id: measure.metric for measure in measures}
    values = {row.branch.pk: {metrics[pk].code: total[0] for pk, total in now.get(version, {}).items()} for version, row in shown.items()}
    notices = notices_by_branch(day, values, {metric.code: metric for metric in metrics.values()})
    for version, row in shown.items():
        about: list[Notice] = notices.get(row.branch.pk, [])
        hints = {notice.metric: notice.message for notice in about}
        row.whole_day = hints.get("", "")
        past_of_branch = past.get(row.branch.pk, {})
        for pk in sorted(now.get(version, {}), key=lambda pk: metrics[pk].position):
            row.figures.append(_figure(metrics[pk], now[version][pk], past_of_branch.get(pk), hints.get(metrics[pk].code, "")))


def _summed(rows: Any) -> dict[int, dict[int, tuple[Decimal, Qualifier]]]:
    """Return the sum of each metric by owner, with its qualifier."""
    found: dict[int, dict[int, tuple[Decimal, Qualifier]]] = defaultdict(dict)
    for owner, metric, value, qualifier in rows:
        total, how = found[owner].get(metric, (Decimal(0), Qualifier.EXACT))
        found[owner][metric] = (total + value, combine([how, Qualifier(qualifier)]))
    return found


def _figure(metric: Metric, now: tuple[Decimal, Qualifier], past: tuple[Decimal, Qualifier] | None, hint: str) -> ReviewFigure:
    lang = get_language() or "zh-hans"
    text = format_figure(now[0], now[1], metric.unit_name, lang=lang)
    change = format_change(now[0] - past[0], difference(now[1], past[1]), lang) if past is not None else ""
    return ReviewFigure(metric.name, text, change, hint)


def _add_contacts(rows: Sequence[ReviewRow], day: date) -> None:
    """Name for each branch the officer with a duty phone: the secretary before the others."""
    terms = OfficerTerm.objects.filter(branch__in=[row.branch.pk for row in rows], during__contains=day, office__in=CALLED_OFFICES)
    callable_terms = terms.exclude(membership__person__duty_phone="").select_related("membership__person")
    by_branch: dict[int | None, Person] = {}
    for term in sorted(callable_terms, key=lambda term: CALLED_OFFICES.index(term.office)):
        by_branch.setdefault(term.branch_id, term.membership.person)
    for row in rows:
        row.contact = by_branch.get(row.branch.pk)
        row.phone = mask_phone(row.contact.duty_phone) if row.contact else ""


def _groups(rows: Sequence[ReviewRow]) -> list[tuple[str, str, list[ReviewRow]]]:
    """Return the rows of each state that occurs, in the order of the list."""
    titles: Mapping[str, str] = {
        "filed": _("Waiting for review"),
        "missing": _("Not reported"),
        "returned": _("Returned"),
        "accepted": _("Accepted"),
    }
    return [(state, title, found) for state, title in titles.items() if (found := [row for row in rows if row.state == state])]


def _counts(due: Any) -> dict[str, int]:
    counts = {"filed": 0, "missing": 0, "returned": 0, "accepted": 0}
    for state, count in due.order_by().values_list("state_of_day").annotate(count=Count("pk", distinct=True)):
        counts[state if state in counts else "missing"] += count
    return counts


def _accept(request: HttpRequest, versions: Sequence[ReportVersion]) -> None:
    accepted = 0
    for version in versions:
        try:
            services.accept(actor=_user(request), version=version)
            accepted += 1
        except Conflict as conflict:
            messages.warning(request, f"{version.branch.name}: {conflict.message}")
    if accepted:
        messages.success(request, ngettext("%(count)d report accepted.", "%(count)d reports accepted.", accepted) % {"count": accepted})
    elif not versions:
        messages.warning(request, _("Nothing was chosen: tick the reports to accept."))


def _filed_by_mine(request: HttpRequest, version_id: UUID) -> ReportVersion:
    seen = ReportVersion.objects.visible_to(request.user).select_related("branch", "daily_report", "period_report")
    version: ReportVersion = get_object_or_404(seen, public_id=version_id)
    if not access.can(request.user, Act.FILE, version.branch):
        raise PermissionDenied
    return version


def _require_reviewer(request: HttpRequest) -> None:
    if not access.may(request.user, Act.REVIEW):
        raise PermissionDenied


def _day(text: str) -> date:
    """Return the day asked for; today for anything that is not a past day."""
    day = clock.read_day(text)
    return day if day is not None and clock.DAWN < day <= clock.today() else clock.today()


def _back(request: HttpRequest, day: date) -> str:
    href = request.POST.get("next", "")
    if is_ours(request, href):
        return href
    return f"{reverse('activities:review_list')}?{urlencode({'day': day.isoformat()})}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _user(request: HttpRequest) -> Any:
    return request.user
