"""Requests about people's own data, as those who answer them see them: the list, one of them, and writing one down for somebody without an account."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches import access
from branches.access import Act
from portal.accounts.models import User
from portal.foundation import audit
from portal.foundation.errors import Conflict
from portal.foundation.paging import Page, page_of
from portal.retention.forms import AnswerForm, WriteDownForm
from portal.retention.models import DataRequest
from portal.retention.services import requesting

_FETCHED = ("branch", "region", "person", "account", "recorded_by", "answered_by")


@require_safe
def request_list(request: HttpRequest) -> HttpResponse:
    """List what people asked, what is due first above the rest."""
    if not (access.may(request.user, Act.ANSWER_REQUESTS) or access.may(request.user, Act.KEEP_ACCOUNTS)):
        raise PermissionDenied
    seen = DataRequest.objects.visible_to(request.user)
    page: Page[DataRequest] = page_of(seen.by_urgency().select_related(*_FETCHED), request.GET.get("page"))
    if page.items:
        # Who wants something erased is nobody else's to know; those without an account stand here by name.
        audit.record(request.user, "data_request.listed", address=audit.address_of(request), rows=len(page.items))
    context = {"page": page, "waiting": seen.waiting().count(), "may_write": access.may(request.user, Act.ANSWER_REQUESTS)}
    return render(request, "retention/request_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def request_detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Show a request; that it was read is in the audit log. Answered by a form: done, or refused with a reason."""
    actor = cast("User", request.user)
    asked = get_object_or_404(DataRequest.objects.visible_to(actor).select_related(*_FETCHED), public_id=request_id)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            requesting.answer(actor=actor, request=asked, done=form.cleaned_data["outcome"] == "done", words=form.cleaned_data["words"])
        except Conflict as conflict:
            messages.warning(request, str(conflict.message))
        else:
            messages.success(request, _("The answer is recorded; whoever asked reads it on their page."))
        return redirect("retention:request_detail", asked.public_id)
    audit.record(actor, "data_request.seen", asked, address=audit.address_of(request))
    return render(request, "retention/request_detail.html", {"asked": asked, "form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def request_add(request: HttpRequest) -> HttpResponse:
    """Write down what somebody without an account asks."""
    actor = cast("User", request.user)
    if not access.may(actor, Act.ANSWER_REQUESTS):
        raise PermissionDenied
    form = WriteDownForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            asked = requesting.write_down(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The request is recorded. It is to be answered within 15 days."))
            return redirect("retention:request_detail", asked.public_id)
    return render(request, "retention/request_add.html", {"form": form, "suggestions": form.suggestions()}, status=422 if form.is_bound else 200)
