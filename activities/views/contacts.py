"""Contact points: the list, what nobody came to for long first; one with its leader and visits; and what is written down about them."""

from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from activities.filters_contacts import LONG, ContactPointFilter
from activities.forms_contacts import CloseForm, ContactPointForm, LeaderForm, VisitForm, found_forms
from activities.models import ContactPoint, ContactTerm, ContactVisit, InspectionPoint
from activities.querysets import ContactPointQuerySet
from activities.services import contacts as services
from activities.views.choices import shorten
from activities.views.lists import filters_of, sent, turn_of
from branches import access
from branches.access import Act
from branches.forms import refusals_shown
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.errors import Conflict
from portal.foundation.paging import ByColumns, Counted
from portal.foundation.tables import Column, Kind, Listing
from portal.foundation.text import mask_phone

if TYPE_CHECKING:
    from portal.accounts.models import User

BAD_REQUEST, CONFLICT, UNPROCESSABLE = 400, 409, 422
_VISITS: Final = 50


@require_safe
def contact_list(request: HttpRequest) -> HttpResponse:
    """List the contact points in the reader's scope: those first to which nobody came for the longest."""
    seen = _listed(ContactPoint.objects.visible_to(request.user))
    asked = request.GET if any(name in request.GET for name in ContactPointFilter.base_filters) else {"state": "open"}
    filters = ContactPointFilter(asked, queryset=seen, request=request)
    valid = filters.form.is_valid()
    rows = filters.qs if valid else seen.none()
    shorten(filters.form, request)
    order = ByColumns[Any]("waits_since", "pk", among=seen)
    turn = turn_of(request, order)
    context = {
        "form": filters.form,
        "page": order.page(turn, rows.select_related("region").prefetch_related(_present_terms())),
        "turn": turn,
        "counted": Counted.capped(rows),
        "unvisited": Counted.capped(seen.unvisited(clock.today() - LONG)),
        "long_ago": clock.today() - LONG,
        "filtered": any(request.GET.get(name) for name in filters.form.fields),
        "query": filters_of(request),
        "may_keep": access.may(request.user, Act.KEEP_CONTACT_POINTS),
    }
    return render(request, "activities/contact_list.html", context, status=200 if valid else BAD_REQUEST)


@require_safe
def own_list(request: HttpRequest) -> HttpResponse:
    """List the sites for which the reader answers, with a button to record a visit."""
    own = _listed(ContactPoint.objects.led_by(request.user)).select_related("region").prefetch_related(_present_terms())
    return render(request, "activities/contact_own.html", {"points": own.order_by("waits_since", "pk"), "long_ago": clock.today() - LONG})


@require_safe
def contact_detail(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Show a site: who answers for it, who did before, and the visits with what they found."""
    return contact_page(request, seen_contact(request, contact_id))


def contact_page(request: HttpRequest, point: Any, close: CloseForm | None = None, status: int = 200) -> HttpResponse:
    """Show a site; with `close`, its end as it was refused."""
    waiting = Count("points", filter=Q(points__state__in=InspectionPoint.WAITING))
    visits = list(point.visits.select_related("leader", "recorded_by").prefetch_related("points").annotate(waiting=waiting)[: _VISITS + 1])
    if point.is_told and visits:
        audit.record(request.user, "contact_visits.seen", point, address=audit.address_of(request), rows=min(len(visits), _VISITS))
    terms, present = list(point.terms.select_related("leader")), _present(point)
    may_keep = access.can_over(request.user, Act.KEEP_CONTACT_POINTS, point.region)
    calls = present is not None and bool(present.duty_phone) and access.can_over(request.user, Act.CALL, point.region)
    context = {
        "point": point,
        "present": present,
        "past": [term for term in terms if term != present],
        "phone": mask_phone(present.duty_phone) if present and calls else "",
        "visits": visits[:_VISITS],
        "is_more": len(visits) > _VISITS,
        "long_ago": clock.today() - LONG,
        "may_keep": may_keep and point.closed_on is None,
        "may_visit": present is not None and services.may_record_visits(request.user, point),
        "close": close or CloseForm(),
        "refused": close is not None,
    }
    return render(request, "activities/contact_detail.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: HttpRequest) -> HttpResponse:
    """Make a site a contact point, with who answers for it."""
    if not access.may(request.user, Act.KEEP_CONTACT_POINTS):
        raise PermissionDenied
    form = ContactPointForm(request.user, request.POST or None, initial={"uid": uuid4()})
    if form.is_valid():
        typed = form.cleaned_data
        try:
            with refusals_shown(form):
                add = services.add_point
                point, _created = add(actor=_user(request), region=typed["region"], spot=typed["spot"], leader=form.leader(), uid=typed["uid"])
                messages.success(request, _("Saved."))
                return redirect("contacts:contact_detail", point.public_id)
        except Conflict as conflict:
            form.add_error(None, str(conflict.message))
    return render(request, "activities/contact_form.html", {"form": form, "point": None}, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def leader_set(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Say who answers for a site from a day on."""
    point = _kept(request, contact_id)
    latest = point.terms.select_related("leader").first()
    form, status = LeaderForm(request.POST or None), 200
    if request.POST:
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                with refusals_shown(form):
                    services.set_leader(actor=_user(request), point=point, seen=_seen(request, point), leader=form.leader())
                    messages.success(request, _("Saved."))
                    return redirect("contacts:contact_detail", contact_id)
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
                status = CONFLICT
    return render(request, "activities/contact_form.html", {"form": form, "point": point, "latest": latest}, status=status)


@require_POST
def contact_close(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Let nobody answer for a site after a day."""
    point = _kept(request, contact_id)
    form = CloseForm(request.POST)
    if form.is_valid():
        with refusals_shown(form):
            services.close(actor=_user(request), point=point, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("contacts:contact_detail", contact_id)
    return contact_page(request, point, form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
def visit_record(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Record a visit, with what a branch there is to mend."""
    point = seen_contact(request, contact_id)
    if not services.may_record_visits(request.user, point):
        raise PermissionDenied
    now, data = timezone.localtime(clock.now()), request.POST or None
    form = VisitForm(point, data, initial={"visited_day": now.date(), "visited_time": now.time().replace(second=0, microsecond=0), "uid": uuid4()})
    found = found_forms(data) if form.has_branches else []
    if data and all([form.is_valid(), *(each.is_valid() for each in found)]):
        try:
            with refusals_shown(form):
                return _recorded(request, point, form, [facts for facts in (each.facts for each in found) if facts is not None])
        except Conflict as conflict:
            form.add_error(None, str(conflict.message))
    context = {"point": point, "form": form, "found": found, "present": _present(point)}
    return render(request, "activities/contact_visit.html", context, status=UNPROCESSABLE if data else 200)


@require_POST
def contact_call(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Log that somebody calls the leader who answers for a site, and show the number with a link that dials it."""
    point = seen_contact(request, contact_id)
    term = _present(point)
    if term is None or not term.duty_phone or not access.can_over(request.user, Act.CALL, point.region):
        raise Http404
    audit.record(request.user, "phone.called", term.leader, address=audit.address_of(request), contact_point=str(point.public_id))
    response = render(request, "activities/contact_call.html", {"point": point, "term": term})
    # As with the duty phone of a branch: a telephone dials at once, a desk keeps the number on the screen.
    response["Refresh"] = f"0; url=tel:{''.join(letter for letter in term.duty_phone if letter.isdigit() or letter == '+')}"
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@a_few_at_once
def contact_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send all contact points of the list as csv or xlsx: who answers, and when they were last visited."""
    seen = _listed(ContactPoint.objects.visible_to(request.user))
    filters = ContactPointFilter(request.GET, queryset=seen, request=request)
    if not filters.form.is_valid():
        raise Http404
    present = ContactTerm.objects.filter(point=OuterRef("pk"), during__contains=clock.today())
    columns = [
        Column(_("Place"), "region__name"),
        Column(_("Spot"), "spot"),
        Column(pgettext("contact point", "Leader"), "leader_name"),
        Column(_("Office of the leader"), "leader_office"),
        Column(_("Last visit"), "last_visit", Kind.DAY),
        Column(_("Visits"), "times_visited", Kind.NUMBER),
        Column(_("Answered for since"), "made_on", Kind.DAY),
        Column(_("Answered for until"), "closed_on", Kind.DAY),
    ]
    rows = filters.qs.annotate(
        leader_name=present.values("leader__name")[:1], leader_office=present.values("office")[:1], times_visited=Count("visits", distinct=True)
    )
    return sent(request, "contact_points.exported", "contact-points", Listing(columns, [rows], order=("made_on", "pk")), format)


def seen_contact(request: HttpRequest, contact_id: UUID) -> Any:
    """Return a contact point that the reader sees, with `is_told`; anything else is not there."""
    told = ContactPoint.objects.filter(pk=OuterRef("pk")).told_to(request.user)
    rows = _listed(ContactPoint.objects.visible_to(request.user)).annotate(is_told=Exists(told)).select_related("region")
    return get_object_or_404(rows.prefetch_related(_present_terms()), public_id=contact_id)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _listed(rows: ContactPointQuerySet) -> ContactPointQuerySet:
    return rows.with_visits()


def _present_terms() -> "Prefetch[Any]":
    now = ContactTerm.objects.filter(during__contains=clock.today()).select_related("leader")
    return Prefetch("terms", now, to_attr="present_terms")


def _present(point: Any) -> ContactTerm | None:
    terms: list[ContactTerm] = point.present_terms
    return terms[0] if terms else None


def _kept(request: HttpRequest, contact_id: UUID) -> Any:
    """Return a contact point that is the reader's to give out.

    Raises:
        Http404: there is none in their scope. PermissionDenied: it is not theirs to give out.
    """
    point = seen_contact(request, contact_id)
    if not access.can_over(request.user, Act.KEEP_CONTACT_POINTS, point.region):
        raise PermissionDenied
    return point


def _seen(request: HttpRequest, point: ContactPoint) -> ContactTerm | None:
    """Return who answered for the site when the page was opened; one who is gone since is nobody's."""
    try:
        term = point.terms.filter(public_id=UUID(str(request.POST.get("seen", "")))).first()
    except ValueError:
        return None
    return term


def _recorded(request: HttpRequest, point: ContactPoint, form: VisitForm, found: Any) -> HttpResponse:
    typed = form.cleaned_data
    branch = typed.get("branch") if found else None
    visit: tuple[ContactVisit, bool] = services.record_visit(
        actor=_user(request), point=point, facts=form.facts(), uid=typed["uid"], branch=branch, points=found
    )
    messages.success(request, _("Recorded.") if visit[1] else _("This visit was recorded already, a moment ago: it stands here once."))
    return redirect("contacts:contact_detail", point.public_id)


def _user(request: HttpRequest) -> "User":
    return cast("User", request.user)
