"""Pages of check-in: one's own shifts, the code at the post, and the leader's sheet of a shift."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import segno
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from branches.access import Act
from members.models import Assignment, CheckIn, Shift, Swap
from members.services import check_in as services
from members.views.swap import swaps_of
from portal.foundation import clock
from portal.foundation.errors import Conflict

ONE_DAY: Final = timedelta(days=1)
# How far ahead and back one's own shifts are shown.
_AHEAD, _BACK = timedelta(days=14), timedelta(days=2)
_OWN: Final = 60


class CodeForm(forms.Form):
    """The four digits that stand at the post."""

    code = forms.CharField(
        label=gettext_lazy("Code at the post"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}),
        help_text=gettext_lazy("Four digits; every shift has its own."),
    )


@dataclass(frozen=True)
class Own:
    """A shift of one's own, and whether one is checked in to it or may be."""

    assignment: Assignment
    check_in: CheckIn | None
    open: bool


@require_safe
def own_shifts(request: HttpRequest) -> HttpResponse:
    """Show the reader's own shifts: of now, of the days to come, of the last two days."""
    now = clock.now()
    held = Assignment.objects.filter(person=_person_id(request), during__overlap=(now - _BACK, now + _AHEAD))
    rows = held.select_related("shift__post__branch").prefetch_related("check_ins").order_by("during", "pk")[:_OWN]
    own = [_own(assignment) for assignment in rows]
    context = {
        "open": [each for each in own if each.open],
        "coming": [each for each in own if not each.open and each.assignment.shift.during.lower > now],
        "past": [each for each in own if not each.open and each.assignment.shift.during.lower <= now],
        "has_person": _person_id(request) is not None,
        "swaps": [(swap, swap.person_id == _person_id(request)) for swap in swaps_of(_person_id(request)).filter(state=Swap.State.ASKED)[:_OWN]],
    }
    return render(request, "members/own_shifts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Check the reader in to a shift of their own; whoever scanned the QR code finds the code filled in."""
    own = get_object_or_404(
        Assignment.objects.select_related("shift__post__branch").prefetch_related("check_ins"), shift__public_id=shift_id, person=_person_id(request)
    )
    scanned = request.GET.get("code", "")[:8]
    form = CodeForm(request.POST or None, initial={"code": scanned})
    if form.is_valid():
        means = CheckIn.Means.QR if scanned else CheckIn.Means.CODE
        try:
            services.check_in_by_code(actor=request.user, shift=own.shift, code=form.cleaned_data["code"], means=means)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("You are checked in."))
            return redirect("roster:own_shifts")
    context = {"own": _own(own), "shift": own.shift, "form": form}
    return render(request, "members/check_in.html", context, status=422 if form.errors else 200)


@require_safe
def shift_code(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Show a shift's code and QR code, large, to be laid out at the post."""
    shift = _led(request, shift_id)
    code = services.code_of(shift)
    address = request.build_absolute_uri(reverse("roster:check_in", args=[shift.public_id])) + f"?code={code}"
    context = {"shift": shift, "branch": shift.post.branch, "code": code, "qr": _drawn(address)}
    return render(request, "members/shift_code.html", context)


@require_POST
def shift_record(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Take the leader's sheet: who came, who was late, who did not come."""
    shift = _led(request, shift_id)
    held = list(Assignment.objects.filter(shift=shift).select_related("person"))
    wanted = {each: request.POST.get(f"result_{each.pk}", "") for each in held}
    if "everybody" in request.POST:
        wanted = {each: result or CheckIn.Result.PRESENT for each, result in wanted.items()}
    wanted = {each: result for each, result in wanted.items() if result in CheckIn.Result.values}
    seen = {each: request.POST.get(f"seen_{each.pk}", "") for each in held}
    try:
        changed = services.record_shift(actor=request.user, shift=shift, wanted=wanted, seen=seen)
    except Conflict as conflict:
        chosen = "&".join(f"chosen_{each.pk}={result}" for each, result in wanted.items())
        messages.warning(request, str(conflict.message))
        return redirect(f"{reverse('roster:shift_detail', args=[shift_id])}?{chosen}")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Saved: %(n)d changed.") % {"n": changed})
    return redirect("roster:shift_detail", shift_id)


def sheet_of(request: HttpRequest, assignments: list[Assignment]) -> list[tuple[Assignment, str, str]]:
    """Return the leader's sheet: each assignment, what stands there, and what is chosen; a choice that met another is kept."""
    stands = {row.assignment_id: row.result for row in CheckIn.objects.filter(assignment__in=assignments)}
    return [(each, stands.get(each.pk, ""), request.GET.get(f"chosen_{each.pk}") or stands.get(each.pk, "")) for each in assignments]


def _own(assignment: Assignment) -> Own:
    row = next(iter(assignment.check_ins.all()), None)
    during, now = assignment.shift.during, clock.now()
    return Own(assignment, row, open=row is None and assignment.shift.post.branch.closed_at is None and during.lower - services.OPENS <= now < during.upper)


def _person_id(request: HttpRequest) -> int | None:
    found: int | None = getattr(request.user, "person_id", None)
    return found


def _led(request: HttpRequest, shift_id: UUID) -> Shift:
    shift: Shift = get_object_or_404(Shift.objects.visible_to(request.user).select_related("post__branch"), public_id=shift_id)
    if not access.can(request.user, Act.LEAD_SHIFTS, shift.post.branch):
        raise PermissionDenied
    return shift


def _drawn(text: str) -> SafeString:
    """Return a QR code as inline SVG: black on white in the dark scheme too, or a camera would not read it."""
    return mark_safe(segno.make(text, error="m").svg_inline(scale=6, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None))  # noqa: S308 - drawn from an address of our own
