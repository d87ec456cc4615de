"""The import of branches and clerks: upload, preview, confirm, print."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from portal.accounts import clerk_import, importing
from portal.accounts.clerk_import import Reading
from portal.accounts.forms import UploadForm
from portal.accounts.http import AuthenticatedRequest
from portal.foundation import attachments, audit
from portal.foundation.errors import Conflict
from portal.foundation.models import Attachment
from portal.foundation.proof import needs_proof
from portal.foundation.uploads import takes


@takes(attachments.LIMIT)
@require_http_methods(["GET", "POST"])
def upload(request: AuthenticatedRequest) -> HttpResponse:
    """Take a workbook: show every bad cell, or go on to the preview."""
    _require_administrator(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    reading = Reading()
    if form.is_valid():
        file = form.cleaned_data["workbook"]
        try:
            if file.size > attachments.LIMIT:
                raise ValidationError(attachments.too_large())
            content = file.read()
            reading = clerk_import.read(content, request.user)
            if not reading.bad:
                kept = importing.keep_workbook(actor=request.user, content=content, name=file.name)
                return redirect("accounts:import_detail", kept.public_id)
        except ValidationError as error:
            form.add_error("workbook", error.messages)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/import_upload.html", {"form": form, "reading": reading}, status=status)


@require_safe
def template(request: AuthenticatedRequest) -> HttpResponse:
    """Download the empty workbook."""
    _require_administrator(request)
    headers = {"Content-Disposition": 'attachment; filename="branches-and-clerks.xlsx"'}
    return HttpResponse(clerk_import.template(), content_type=importing.XLSX, headers=headers)


@needs_proof
@require_http_methods(["GET", "POST"])
@never_cache
def preview(request: AuthenticatedRequest, attachment_id: UUID) -> HttpResponse:
    """Show what would be stored; store it on confirmation, and show the sheet of codes, once."""
    workbook = _workbook(request, attachment_id)
    if request.method == "POST":
        try:
            return _sheet(request, importing.import_clerks(actor=request.user, workbook=workbook, address=audit.address_of(request)))
        except Conflict as conflict:
            messages.warning(request, str(conflict.message))
            return redirect("accounts:import_detail", workbook.public_id) if conflict.code == "done" else redirect("accounts:import")
    stored = list(importing.branches_of(workbook).select_related("region"))
    if stored:
        return render(request, "accounts/import_done.html", {"workbook": workbook, "branches": stored})
    if workbook.thrown_away_at is not None:
        raise Http404
    with attachments.open_content(workbook) as file:
        reading = clerk_import.read(file.read(), request.user)
    return render(request, "accounts/import_preview.html", {"workbook": workbook, "reading": reading})


@needs_proof
@require_POST
@never_cache
def code_print(request: AuthenticatedRequest, attachment_id: UUID) -> HttpResponse:
    """Print new codes for the clerks of an import who have not activated their account."""
    slips = importing.reissue_codes(actor=request.user, workbook=_workbook(request, attachment_id), address=audit.address_of(request))
    return _sheet(request, slips)


def _require_administrator(request: AuthenticatedRequest) -> None:
    if not access.administers_regions(request.user):
        raise PermissionDenied


def _workbook(request: AuthenticatedRequest, attachment_id: UUID) -> Attachment:
    workbook = get_object_or_404(Attachment, public_id=attachment_id, model=importing.IMPORT, added_by=request.user)
    _require_administrator(request)
    return workbook


def _sheet(request: AuthenticatedRequest, slips: list[importing.Slip]) -> HttpResponse:
    return render(request, "accounts/codes_print.html", {"slips": slips})
