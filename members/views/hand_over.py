"""The page of a shift's hand-over: read by both, written by who goes, signed by who comes."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from branches import access
from branches.access import Act
from branches.forms import refusals_shown, refusals_told
from branches.models import Branch
from members.filters import HandOverFilter
from members.models import HandOver, Shift
from members.querysets import HandOverQuerySet
from members.services import hand_over as services
from members.services.hand_over import Left
from portal.foundation import audit
from portal.foundation.errors import Conflict

_ROWS = {"rows": 3}


class HandOverForm(forms.Form):
    """What a shift leaves to the next."""

    open_needs = forms.CharField(label=gettext_lazy("Needs still open"), required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS))
    stock = forms.CharField(
        label=gettext_lazy("Stock"), required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS), help_text=gettext_lazy("Masks, disinfectant, passes.")
    )
    notes = forms.CharField(label=gettext_lazy("Notes"), required=False, max_length=2000, widget=forms.Textarea(attrs=_ROWS))


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Show a shift's hand-over, and take what the outgoing shift writes."""
    shift = _shift(request, shift_id)
    row = HandOver.objects.select_related("outgoing_by", "incoming_by").filter(shift=shift).first()
    writes, takes = services.may_hand_over(request.user, shift), services.may_take_over(request.user, shift)
    if not writes and not takes:
        raise PermissionDenied
    initial = {"open_needs": row.open_needs, "stock": row.stock, "notes": row.notes} if row else {}
    if row is not None and row.outgoing_by_id != request.user.pk:
        # A resident may be named there.
        audit.record(request.user, "hand_over.seen", row, address=audit.address_of(request))
    form = HandOverForm(request.POST or None, initial=initial)
    if request.method == "POST" and not writes:
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        with refusals_shown(form):
            try:
                services.hand_over(actor=request.user, shift=shift, left=Left(**form.cleaned_data))
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
            else:
                messages.success(request, _("Handed over. The next shift signs on this page."))
                return redirect("roster:hand_over", shift_id)
    context: dict[str, Any] = {"shift": shift, "branch": shift.post.branch, "row": row, "form": form}
    is_open = shift.post.branch.closed_at is None
    context["can_write"] = is_open and writes and (row is None or not row.is_taken or bool(form.errors))
    context["can_take"] = is_open and takes and row is not None and not row.is_taken and row.outgoing_by_id != request.user.pk
    return render(request, "members/hand_over.html", context, status=422 if form.errors else 200)


@require_POST
def hand_over_take(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Sign for the incoming shift."""
    shift = _shift(request, shift_id)
    if not services.may_take_over(request.user, shift):
        raise PermissionDenied
    row = HandOver.objects.filter(shift=shift).first()
    if row is None:
        raise Http404
    with refusals_told(request):
        services.take_over(actor=request.user, row=row, seen=request.POST.get("seen", ""))
        messages.success(request, _("Taken over."))
    return redirect("roster:hand_over", shift_id)


def hand_overs_asked(request: HttpRequest) -> tuple[HandOverFilter, HandOverQuerySet]:
    """Return the filters that an address asks for, and the hand-overs that fit; none when a filter makes no sense."""
    if not access.may(request.user, Act.SEE_ROSTER):
        raise PermissionDenied
    filters = HandOverFilter(request.GET, queryset=HandOver.objects.visible_to(request.user), request=request)
    rows: HandOverQuerySet = filters.qs if filters.form.is_valid() else HandOver.objects.none()
    return filters, rows


def _shift(request: HttpRequest, shift_id: UUID) -> Shift:
    """Return a shift that the reader sees, or one at a post where they serve themselves."""
    seen = Q(post__branch__in=Branch.objects.visible_to(request.user, Act.SEE_ROSTER))
    if (person := getattr(request.user, "person_id", None)) is not None:
        seen |= Q(post__in=Shift.objects.filter(assignments__person=person).order_by().values("post"))
    found: Shift = get_object_or_404(Shift.objects.filter(seen).select_related("post__branch"), public_id=shift_id)
    return found
