"""Holds: the list, placing one, lifting one."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from branches.access import Act
from portal.accounts.models import User
from portal.foundation.paging import Page, page_of
from portal.foundation.proof import needs_proof
from portal.retention.forms import HoldForm
from portal.retention.models import Hold
from portal.retention.services import holding


@require_safe
def hold_list(request: HttpRequest) -> HttpResponse:
    """List the holds of the reader's area, the latest first."""
    if not (access.may(request.user, Act.HOLD_RECORDS) or access.may(request.user, Act.READ_CERTIFICATES)):
        raise PermissionDenied
    page: Page[Hold] = page_of(Hold.objects.visible_to(request.user).select_related("branch", "placed_by", "lifted_by"), request.GET.get("page"))
    return render(request, "retention/hold_list.html", {"page": page, "may_hold": access.may(request.user, Act.HOLD_RECORDS)})


@require_http_methods(["GET", "HEAD", "POST"])
def hold_add(request: HttpRequest) -> HttpResponse:
    """Place a hold over a branch."""
    actor = cast("User", request.user)
    if not access.may(actor, Act.HOLD_RECORDS):
        raise PermissionDenied
    form = HoldForm(request.POST or None, actor=actor)
    if form.is_bound and form.is_valid():
        try:
            holding.place_hold(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Nothing that was filed or recorded of this branch is erased while the hold stands."))
            return redirect("retention:hold_list")
    context = {"form": form, "suggestions": form.suggestions()}
    return render(request, "retention/hold_add.html", context, status=422 if form.is_bound else 200)


@needs_proof
@require_POST
def hold_lift(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Lift a hold."""
    hold = get_object_or_404(Hold.objects.visible_to(request.user), public_id=hold_id)
    actor = cast("User", request.user)
    if not access.can(actor, Act.HOLD_RECORDS, hold.branch):
        raise PermissionDenied
    holding.lift_hold(actor=actor, hold=hold)
    messages.success(request, _("The hold is lifted: what is due is erased the next night."))
    return redirect("retention:hold_list")
