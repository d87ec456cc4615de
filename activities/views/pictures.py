"""Pictures and documents of what an inspection found: looked at, added, taken away."""

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from activities.forms_pictures import PointFileForm
from activities.models import PointFile
from activities.services import pictures as services
from activities.views.inspections import point_page, seen_point
from branches import access
from branches.access import Act
from branches.forms import refusals_told
from portal.foundation import attachments, audit, pictures
from portal.foundation.errors import Conflict
from portal.foundation.uploads import takes

if TYPE_CHECKING:
    from portal.accounts.models import User

UNPROCESSABLE, CONFLICT = 422, 409


@require_safe
def file_show(request: HttpRequest, file_id: UUID) -> FileResponse:
    """Send a picture to be shown, or a document to be saved; each look is in the audit log."""
    row = _seen(request, file_id)
    if row.is_gone:
        raise Http404
    audit.record(request.user, "point_file.seen", row, address=audit.address_of(request))
    return attachments.answer_with(row.file, shown=row.is_picture)


@takes(pictures.LIMIT)
@require_POST
def file_add(request: HttpRequest, point_id: UUID) -> HttpResponse:
    """Add a picture or a document to a point."""
    point = seen_point(request, point_id)
    if not access.can(request.user, Act.SEE_PICTURES, point.branch):
        raise PermissionDenied
    form = PointFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return point_page(request, point, picture=_again(form), status=UNPROCESSABLE)
    file, typed = form.cleaned_data["file"], form.cleaned_data
    try:
        services.add_file(actor=_user(request), point=point, content=file.read(), name=file.name, shows=typed["shows"], uid=typed["uid"])
    except ValidationError as error:
        form.add_error(None, error)
        return point_page(request, point, picture=_again(form), status=UNPROCESSABLE)
    except Conflict as conflict:
        form.add_error(None, str(conflict.message))
        return point_page(request, point, picture=_again(form), status=CONFLICT)
    messages.success(request, _("Added."))
    return redirect("inspections:point_detail", point_id)


@require_POST
def file_take_away(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Take a picture or a document away."""
    row = _seen(request, file_id)
    if not services.may_take_away(request.user, row.point.branch)(row):
        raise PermissionDenied
    with refusals_told(request):
        services.take_away(actor=_user(request), row=row)
        messages.success(request, _("Taken away. What it showed is no longer kept."))
    return redirect("inspections:point_detail", row.point.public_id)


def _seen(request: HttpRequest, file_id: UUID) -> PointFile:
    rows = PointFile.objects.visible_to(request.user).select_related("file", "point__branch")
    found: PointFile = get_object_or_404(rows, public_id=file_id)
    return found


def _again(form: Any) -> Any:
    """Return a refused form for another try: the file has to be chosen again, and is another one then."""
    form.data = form.data.copy()
    form.data["uid"] = str(uuid4())
    return form


def _user(request: HttpRequest) -> "User":
    return cast("User", request.user)
