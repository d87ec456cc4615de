"""Reading inspections: the list of points to mend, what is overdue first, a point with its course, the inspections themselves, and both lists as files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.forms import HiddenInput
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from activities.filters_inspections import STATES, InspectionFilter, InspectionPointFilter, in_state
from activities.forms_inspections import AssignForm, DeedForm, MendForm, PassForm, SendBackForm, WithdrawForm
from activities.forms_pictures import PointFileForm, usual
from activities.models import Inspection, InspectionPoint, PointFile
from activities.querysets import InspectedQuerySet, InspectionPointQuerySet
from activities.services import inspections as services
from activities.services.pictures import may_take_away
from activities.views.acting import Refused
from activities.views.choices import shorten
from activities.views.lists import filters_of, sent, turn_of
from branches import access
from branches.access import Act
from branches.models import Branch
from members.models import Person
from portal.foundation import audit
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import ByColumns, ByDay, Counted, Keyset
from portal.foundation.tables import Column, Kind, Listing

State = InspectionPoint.State
BAD_REQUEST: Final = 400
# What may be done with a point in each state, by which act of the policy; the first form of a reader stands open.
FORMS: Final[Mapping[str, Mapping[str, tuple[Act, type[DeedForm]]]]] = {
    State.OPEN: {"mend": (Act.MEND_POINTS, MendForm), "assign": (Act.MEND_POINTS, AssignForm)},
    State.MENDED: {"pass": (Act.CHECK_POINTS, PassForm), "send_back": (Act.CHECK_POINTS, SendBackForm)},
    State.CHECKED: {},
    State.DROPPED: {},
}
_COUNTED: Final = (State.OPEN, "overdue", State.MENDED)


@dataclass(frozen=True)
class Tab:
    """A state to choose: its words, how many points are in it where that is counted, and whether it is shown."""

    state: str
    label: str | Promise
    counted: Counted | None
    current: bool


@require_safe
def point_list(request: HttpRequest) -> HttpResponse:
    """List the points to mend in the reader's scope, by when they are due: what is overdue stands first."""
    _require_reader(request)
    seen: InspectionPointQuerySet = InspectionPoint.objects.visible_to(request.user)
    filters = InspectionPointFilter(_asked(request), queryset=seen, request=request)
    valid = filters.form.is_valid()
    rows = filters.qs if valid else seen.none()
    state = filters.form.cleaned_data.get("state") or ""
    tabs = _tabs(filters.of_every_state(seen) if valid else seen.none(), state)
    shorten(filters.form, request)
    # Chosen by a tab, and kept while the rest is narrowed.
    filters.form.fields["state"].widget = HiddenInput()
    order: Keyset[Any] = ByColumns("due_on", "pk", among=seen) if state in _COUNTED else ByDay("found_on", "pk")
    turn = turn_of(request, order)
    page = order.page(turn, _told(request.user, rows.select_related("branch", "inspection", "visit__leader", "visit__point", "owner")))
    if told := sum(point.is_told for point in page.items):
        audit.record(request.user, "inspections.seen", address=audit.address_of(request), rows=told)
    context = {
        "form": filters.form,
        "page": page,
        "turn": turn,
        "tabs": tabs,
        "counted": next((tab.counted for tab in tabs if tab.current and tab.counted), None) or Counted.capped(rows),
        "filtered": any(request.GET.get(name) for name in filters.form.fields if name != "state"),
        "shows_branch": len({point.branch_id for point in page.items}) > 1,
        "people": _people_seen(request, page.items),
        "query": filters_of(request),
        "record_href": _record_href(request, filters.form.cleaned_data.get("branch")),
    }
    return render(request, "activities/inspection_point_list.html", context, status=200 if valid else BAD_REQUEST)


@require_safe
def point_detail(request: HttpRequest, point_id: UUID) -> HttpResponse:
    """Show a point, what may be done about it, and all that happened to it."""
    return point_page(request, seen_point(request, point_id))


def point_page(
    request: HttpRequest, point: Any, refused: Refused[DeedForm] | None = None, *, picture: PointFileForm | None = None, status: int = 200
) -> HttpResponse:
    """Show a point; with `refused`, an act on it that was not done, with all that was typed; with `picture`, one that was not added."""
    if point.is_told:
        audit.record(request.user, "inspection_point.seen", point, address=audit.address_of(request))
    events = list(point.events.select_related("actor", "person").order_by("-number"))
    offered = {act: form for act, (needed, form) in FORMS[point.state].items() if access.offers(request.user, needed, point.branch)}
    forms = {act: refused.form if refused and refused.act == act else form(point, request.user) for act, form in offered.items()}
    context = {
        "point": point,
        "events": events,
        "forms": forms,
        "refused": refused,
        # Typed into a form that is not offered any more, as when somebody else was first: still to be read.
        "typed": refused.typed if refused and refused.act not in offered else [],
        "sees_accounts": access.sees_accounts(request.user, point.branch),
        "people": _people_seen(request, [point], {event.person_id for event in events}),
        **_pictures(request, point, picture),
    }
    return render(request, "activities/inspection_point_detail.html", context, status=status)


@require_safe
def inspection_list(request: HttpRequest) -> HttpResponse:
    """List inspections, the newest day first, each with how many points it opened and how many of these still wait."""
    _require_reader(request)
    seen = Inspection.objects.visible_to(request.user)
    filters = InspectionFilter(request.GET, queryset=seen, request=request)
    valid = filters.form.is_valid()
    rows = filters.qs if valid else seen.none()
    shorten(filters.form, request)
    order = ByDay[Any]("business_date", "pk")
    turn = turn_of(request, order)
    context = {
        "form": filters.form,
        "page": order.page(turn, _with_points(rows.select_related("branch"))),
        "turn": turn,
        "counted": Counted.capped(rows),
        "filtered": any(request.GET.get(name) for name in filters.form.fields),
        "query": filters_of(request),
        "record_href": _record_href(request, filters.form.cleaned_data.get("branch")),
    }
    return render(request, "activities/inspection_list.html", context, status=200 if valid else BAD_REQUEST)


@require_safe
def inspection_detail(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Show an inspection and what it found to be mended."""
    return inspection_page(request, seen_inspection(request, inspection_id))


def inspection_page(request: HttpRequest, inspection: Any, refused: Refused[WithdrawForm] | None = None, status: int = 200) -> HttpResponse:
    """Show an inspection; with `refused`, a withdrawal that was not done."""
    if inspection.is_told:
        audit.record(request.user, "inspection.seen", inspection, address=audit.address_of(request))
    points = list(inspection.points.select_related("owner").order_by("pk"))
    may_withdraw = not inspection.is_withdrawn and inspection.branch.closed_at is None and services.may_withdraw(request.user, inspection)
    context = {
        "inspection": inspection,
        "points": points,
        "people": _people_seen(request, points),
        "sees_accounts": access.sees_accounts(request.user, inspection.branch),
        "withdraw": (refused.form if refused else WithdrawForm()) if may_withdraw else None,
        "refused": refused,
        "typed": refused.typed if refused and not may_withdraw else [],
    }
    return render(request, "activities/inspection_detail.html", context, status=status)


@require_GET
@a_few_at_once
def point_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send all points of the list as csv or xlsx, without words and names."""
    _require_reader(request)
    filters = InspectionPointFilter(_asked(request), queryset=InspectionPoint.objects.visible_to(request.user), request=request)
    if not filters.form.is_valid():
        raise Http404
    columns = [
        Column(_("Found on"), "found_on", Kind.DAY),
        Column(_("Branch"), "branch__name"),
        Column(_("Found by"), "found_by"),
        Column(_("State"), "state", names={each.value: str(each.label) for each in State}),
        Column(_("To be mended by"), "due_on", Kind.DAY),
        Column(_("Mended at"), "mended_at", Kind.MOMENT),
        Column(_("Checked at"), "checked_at", Kind.MOMENT),
    ]
    rows = filters.qs.annotate(found_by=Coalesce("inspection__inspector", "visit__leader__name"))
    return sent(request, "inspections.exported", "inspection-points", Listing(columns, [rows], order=("found_on", "pk")), format)


@require_GET
@a_few_at_once
def inspection_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send all inspections of the list as csv or xlsx, without what was found."""
    _require_reader(request)
    filters = InspectionFilter(request.GET, queryset=Inspection.objects.visible_to(request.user), request=request)
    if not filters.form.is_valid():
        raise Http404
    columns = [
        Column(_("Day"), "business_date", Kind.DAY),
        Column(_("Branch"), "branch__name"),
        Column(_("Who inspected"), "inspector"),
        Column(_("Points to mend"), "found", Kind.NUMBER),
        Column(_("of these waiting"), "waiting", Kind.NUMBER),
        Column(_("Withdrawn at"), "withdrawn_at", Kind.MOMENT),
    ]
    return sent(request, "inspections.exported", "inspections", Listing(columns, [_with_points(filters.qs)], order=("business_date", "pk")), format)


def seen_point(request: HttpRequest, point_id: UUID) -> Any:
    """Return a point that the reader sees, with `is_told`; anything else is not there."""
    rows = InspectionPoint.objects.visible_to(request.user).select_related("branch", "inspection", "visit__leader", "visit__point", "owner")
    return get_object_or_404(_told(request.user, rows), public_id=point_id)


def seen_inspection(request: HttpRequest, inspection_id: UUID) -> Any:
    """Return an inspection that the reader sees, with `is_told`; anything else is not there."""
    rows = Inspection.objects.visible_to(request.user).select_related("branch", "recorded_by", "withdrawn_by")
    return get_object_or_404(_told(request.user, rows), public_id=inspection_id)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _pictures(request: HttpRequest, point: Any, refused: PointFileForm | None) -> dict[str, Any]:
    """Return the pictures and documents of a point with the form for another; nothing for whoever may not look at them."""
    if not access.can(request.user, Act.SEE_PICTURES, point.branch):
        return {}
    files: list[Any] = list(PointFile.objects.visible_to(request.user).filter(point=point).select_related("file__added_by", "point__branch"))
    may_go = may_take_away(request.user, point.branch)
    for row in files:
        row.may_take_away = not row.is_gone and point.branch.closed_at is None and may_go(row)
    is_full = point.branch.closed_at is not None or sum(not row.is_gone for row in files) >= PointFile.MOST or point.state == State.DROPPED
    form = refused or (None if is_full else PointFileForm(initial=usual(point, uid=uuid4())))
    return {"shows_files": True, "files": files, "picture": form, "most": PointFile.MOST}


def _require_reader(request: HttpRequest) -> None:
    if not access.may(request.user, Act.SEE_REPORTS):
        raise PermissionDenied


def _record_href(request: HttpRequest, branch: Branch | None) -> str:
    """Return where an inspection is recorded: of the branch that the list is narrowed to, or of one to choose.

    Empty for whoever records none, and of a branch that is closed.
    """
    if not access.may(request.user, Act.RECORD_INSPECTIONS) or (branch and branch.closed_at is not None):
        return ""
    return reverse("inspections:inspection_record", args=[branch.public_id]) if branch else reverse("inspections:inspection_new")


def _told(user: object, rows: InspectedQuerySet) -> InspectedQuerySet:
    """Say of each row whether `user` may read its words; in the same query, however many there are."""
    of_row = rows.model._default_manager.filter(pk=OuterRef("pk"))
    found: InspectedQuerySet = rows.annotate(is_told=Exists(of_row.told_to(user)))
    return found


def _with_points(rows: Any) -> Any:
    """Count the points of each inspection, and those that still wait."""
    # Asked for the rows of a page alone: grouped, all rows of a scope would be counted for each page.
    points = InspectionPoint.objects.filter(inspection=OuterRef("pk")).order_by().values("inspection")
    counts = {"found": Count("pk"), "waiting": Count("pk", filter=Q(state__in=InspectionPoint.WAITING))}
    return rows.annotate(**{name: Coalesce(Subquery(points.annotate(number=number).values("number")), 0) for name, number in counts.items()})


def _asked(request: HttpRequest) -> QueryDict:
    """Return the filters asked for; without any, what is to be mended."""
    if any(name in request.GET for name in InspectionPointFilter.base_filters):
        return request.GET
    asked = request.GET.copy()
    asked["state"] = State.OPEN
    return asked


def _tabs(of_every_state: InspectionPointQuerySet, current: str) -> list[Tab]:
    """Return the states as tabs; how many wait is counted, how many ever were mended is not worth its cost here."""
    counted = {state: Counted.capped(in_state(of_every_state, state)) for state in _COUNTED}
    tabs = [Tab(state, label, counted.get(state), state == current) for state, label in STATES]
    return [*tabs, Tab("", _("All"), None, current == "")]


def _people_seen(request: HttpRequest, points: list[InspectionPoint], more: "set[int | None] | None" = None) -> frozenset[int]:
    """Return the people named here whose names the reader may see."""
    named = {point.owner_id for point in points} | (more or set())
    return frozenset(Person.objects.visible_to(request.user).filter(pk__in=named - {None}).values_list("pk", flat=True)) if named - {None} else frozenset()
