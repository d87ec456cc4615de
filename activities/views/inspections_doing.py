"""Writing about inspections: recording one with its points, doing something about a point, withdrawing what was recorded by mistake."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from activities.forms_inspections import MORE, MOST, ROOM, InspectionForm, PointForm, WithdrawForm, people_of, point_forms
from activities.models import InspectionPoint
from activities.services import inspections as services
from activities.views.acting import Refused, revision_seen
from activities.views.inspections import FORMS, inspection_page, point_page, seen_inspection, seen_point
from branches import access
from branches.access import Act
from branches.forms import refusals_shown
from branches.models import Branch
from members.models import Person
from portal.foundation import clock
from portal.foundation.errors import Conflict

if TYPE_CHECKING:
    from portal.accounts.models import User

# What each act does, and the sentence when it is done.
DEEDS: Final[Mapping[str, tuple[Callable[..., InspectionPoint], Any]]] = {
    "mend": (services.mend, gettext_lazy("Reported as mended. It now waits to be checked.")),
    "assign": (services.assign, gettext_lazy("Saved.")),
    "pass": (services.let_pass, gettext_lazy("Checked: it is mended.")),
    "send_back": (services.send_back, gettext_lazy("Sent back to the branch.")),
}
_FORMS: Final = {act: given for forms in FORMS.values() for act, given in forms.items()}
_OFFERED: Final = 20
UNPROCESSABLE, CONFLICT = 422, 409


@require_safe
def inspection_new(request: HttpRequest) -> HttpResponse:
    """Choose which branch was inspected; where there is one alone, go on with it."""
    allowed = Branch.objects.visible_to(request.user, Act.RECORD_INSPECTIONS).still_open()
    if not access.may(request.user, Act.RECORD_INSPECTIONS):
        raise PermissionDenied
    words = request.GET.get("q", "")[:100]
    found = list((allowed.found_by(words) if words.strip() else allowed).by_name()[: _OFFERED + 1])
    if len(found) == 1 and not words:
        return redirect("inspections:inspection_record", found[0].public_id)
    context = {"words": words, "found": found[:_OFFERED], "is_more": len(found) > _OFFERED}
    return render(request, "activities/inspection_branch.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def inspection_record(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Record an inspection of a branch, with what it found to be mended."""
    branch = get_object_or_404(Branch.objects.visible_to(request.user), public_id=branch_id)
    access.require(request.user, Act.RECORD_INSPECTIONS, branch)
    people, room, data = people_of(branch, request.user), _room(request), request.POST or None
    if data and "more" in data:
        # Nothing is sent yet, and nothing said against what is not finished.
        form, points = _with_more_room(request, people, room)
        return _form_page(request, branch, form, points)
    form, points = InspectionForm(data, initial=_usual(request, branch)), point_forms(people, data, room)
    if data and all([form.is_valid(), *(point.is_valid() for point in points)]):
        try:
            with refusals_shown(form):
                return _recorded(request, branch, form, points)
        except Conflict as conflict:
            form.add_error(None, str(conflict.message))
    return _form_page(request, branch, form, points, status=UNPROCESSABLE if data else 200)


@require_POST
def inspection_withdraw(request: HttpRequest, inspection_id: UUID) -> HttpResponse:
    """Withdraw an inspection that was recorded by mistake."""
    inspection = seen_inspection(request, inspection_id)
    if not services.may_withdraw(request.user, inspection):
        raise PermissionDenied
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return inspection_page(request, inspection, Refused("withdraw", form), status=UNPROCESSABLE)
    try:
        services.withdraw(actor=_user(request), inspection=inspection, why=form.cleaned_data["why"])
    except Conflict as conflict:
        return inspection_page(request, seen_inspection(request, inspection_id), Refused("withdraw", form, str(conflict.message)), status=CONFLICT)
    messages.success(request, _("Withdrawn."))
    return redirect("inspections:inspection_detail", inspection_id)


@require_POST
def point_act(request: HttpRequest, point_id: UUID) -> HttpResponse:
    """Do something about a point: the field `act` says what; `seen` is the revision that the page showed."""
    point = seen_point(request, point_id)
    act = request.POST.get("act", "")
    if act not in DEEDS:
        raise Http404
    needed, form_class = _FORMS[act]
    if not access.can(request.user, needed, point.branch):
        raise PermissionDenied
    form = form_class(point, request.user, request.POST)
    if not form.is_valid():
        return point_page(request, point, Refused(act, form), status=UNPROCESSABLE)
    write, done = DEEDS[act]
    try:
        write(actor=_user(request), point=point, seen=revision_seen(request), **form.cleaned_data)
    except Conflict as conflict:
        return point_page(request, seen_point(request, point_id), Refused(act, form, str(conflict.message)), status=CONFLICT)
    except ValidationError as error:
        form.add_error(None, error)
        return point_page(request, point, Refused(act, form), status=UNPROCESSABLE)
    messages.success(request, done)
    return redirect("inspections:point_detail", point_id)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _form_page(request: HttpRequest, branch: Branch, form: InspectionForm, points: list[PointForm], status: int = 200) -> HttpResponse:
    context = {"branch": branch, "form": form, "points": points, "room": len(points), "is_full": len(points) >= MOST}
    return render(request, "activities/inspection_record.html", context, status=status)


def _usual(request: HttpRequest, branch: Branch) -> dict[str, Any]:
    """Return what usually stands in the form: today, and the name of whoever inspects; a branch writes down who came."""
    inspects = access.can(request.user, Act.CHECK_POINTS, branch)
    return {"business_date": branch.business_date_at(clock.now()), "inspector": str(_user(request)) if inspects else "", "uid": uuid4()}


def _room(request: HttpRequest) -> int:
    text = str(request.POST.get("room", ""))
    return max(int(text), ROOM) if text.isascii() and text.isdecimal() and len(text) < len("100") else ROOM


def _with_more_room(request: HttpRequest, people: list[Person], room: int) -> tuple[InspectionForm, list[PointForm]]:
    """Return the forms as typed, with room for more points."""
    points = point_forms(people, None, room + MORE)
    for point in points:
        typed = {name: f"{point.prefix}-{name}" for name in point.fields}
        point.initial.update({name: request.POST[key] for name, key in typed.items() if key in request.POST})
    return InspectionForm(initial={name: request.POST.get(name, "") for name in InspectionForm.base_fields}), points


def _recorded(request: HttpRequest, branch: Branch, form: InspectionForm, points: list[PointForm]) -> HttpResponse:
    found = [facts for facts in (point.facts for point in points) if facts is not None]
    record = services.record_inspection
    inspection, created = record(actor=_user(request), branch=branch, facts=form.facts(), points=found, uid=form.cleaned_data["uid"])
    messages.success(request, _("Recorded.") if created else _("This inspection was recorded already, a moment ago: it stands here once."))
    return redirect("inspections:inspection_detail", inspection.public_id)


def _user(request: HttpRequest) -> "User":
    return cast("User", request.user)
