"""Dashboards of regions, work units and branches, and the call to whoever is on duty."""

from typing import Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from branches import access
from branches.access import Act
from members.models import Membership
from portal.foundation import audit, clock
from portal.pages.board import board_of
from portal.pages.exports import tables_of
from portal.pages.overview import Overview
from portal.pages.scopes import dashboard_url, find, widest

# What the page of a region that holds much is asked for afterwards, as its address names it.
LATER: Final = {"below": "portal/_dashboard/_part_below.html", "beside": "portal/_dashboard/_part_beside.html"}


@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """Lead to the widest scope of the reader; when there are several, say who has not reported in each."""
    roots = widest(request.user)
    if not roots:
        raise PermissionDenied
    if len(roots) == 1:
        return redirect(dashboard_url(roots[0]))
    overview = Overview(request.user, roots, request.GET)
    return render(request, "portal/dashboard_index.html", {"overview": overview}, status=400 if overview.asked.refused else 200)


@require_GET
def region_dashboard(request: HttpRequest, region_id: UUID) -> HttpResponse:
    """Show what was done in a region."""
    return _board(request, "region", region_id)


@require_GET
def unit_dashboard(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Show what a work unit's own people did, and apart from it the branches where they serve."""
    return _board(request, "unit", unit_id)


@require_GET
def branch_dashboard(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Show a branch's figures."""
    return _board(request, "branch", branch_id)


@require_POST
def duty_phone(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Log that somebody calls a person on duty, and show the number with a link that dials it."""
    called = access.branches_within(access.reach(request.user, Act.CALL), "branch__")
    # In one statement: somebody out of reach takes as long as nobody.
    serving = Membership.objects.filter(called, person__public_id=person_id, during__contains=clock.today()).exclude(person__duty_phone="")
    membership = serving.select_related("branch", "person").first() if access.may(request.user, Act.CALL) else None
    if membership is None:
        raise Http404
    person = membership.person
    audit.record(request.user, "phone.called", person, address=audit.address_of(request))
    response = render(request, "portal/duty_phone.html", {"person": person, "branch": membership.branch, "branch_href": dashboard_url(membership.branch)})
    # A telephone dials at once; a desk keeps the number on the screen. A redirect would leave a desk without it.
    response["Refresh"] = f"0; url=tel:{''.join(letter for letter in person.duty_phone if letter.isdigit() or letter == '+')}"
    response["Cache-Control"] = "no-store"
    return response


def _board(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    board = board_of(find(request.user, kind, public_id), request.GET)
    status = 400 if board.asked.refused else 200
    part = LATER.get(request.GET.get("part", ""))
    if part is not None and kind == "region" and status == 200:
        return render(request, part, {"board": board})
    return render(request, f"portal/dashboard_{kind}.html", {"board": board, "tables": tables_of(board)}, status=status)
