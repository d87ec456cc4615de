"""The form of a span of days."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from activities import services
from activities.form_state import Fields, typed_fields
from activities.forms import PeriodReportForm
from activities.sheets import period_sheet
from activities.views.keeping import forget, kept, kept_over_sign_in
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import clock
from portal.foundation.errors import Conflict

UNPROCESSABLE = 422
CONFLICT = 409


@kept_over_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def period_edit(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Fill in and file figures that a branch has only for a span of days."""
    branch = get_object_or_404(Branch.objects.visible_to(request.user).prefetch_related("schedules"), public_id=branch_id)
    access.require(request.user, Act.FILE, branch)
    sheet = period_sheet(branch, clock.today() + timedelta(days=1))
    if request.method != "POST":
        waiting = kept(request)
        form = PeriodReportForm(waiting[0] if waiting else _usual_span(), sheet=sheet)
        return _page(request, branch, form, uuid4())
    forget(request)
    checked = request.POST.get("action") != "edit"
    form, uid = PeriodReportForm(typed_fields(request.POST.dict()), sheet=sheet, typed=checked), _uid(request)
    if not checked:
        return _page(request, branch, form, uid)
    if not form.is_valid():
        return _page(request, branch, form, uid, status=UNPROCESSABLE)
    typed = form.cleaned_data
    try:
        acknowledgement = services.file_period_report(
            actor=_user(request),
            branch=branch,
            first_day=typed["first_day"],
            last_day=typed["last_day"],
            relation=typed["relation"],
            works=sheet.works(form.figures()),
            uid=uid,
            note=typed["note"].strip(),
        )
    except ValidationError as error:
        form.refuse(error)
        return _page(request, branch, form, uid, status=UNPROCESSABLE)
    except Conflict:
        form.add_error(None, _("You have filed this form already. Look your change through, then file it as a new version."))
        return _page(request, branch, form, uuid4(), status=CONFLICT)
    return redirect("activities:report_receipt", acknowledgement.version.public_id)


def _usual_span() -> Fields:
    """The seven days up to yesterday: a week that is over."""
    last = clock.today() - timedelta(days=1)
    first: date = last - timedelta(days=6)
    return {"first_day": first.isoformat(), "last_day": last.isoformat()}


def _uid(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("uid", ""))
    except ValueError:
        return uuid4()


def _page(request: HttpRequest, branch: Branch, form: PeriodReportForm, uid: UUID, *, status: int = 200) -> HttpResponse:
    return render(request, "activities/period_edit.html", {"branch": branch, "form": form, "uid": uid}, status=status)


def _user(request: HttpRequest) -> Any:
    return request.user
