"""A filed report that differs from its registers: corrected by one tap."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from activities import services
from activities.models import DailyReport, Measure
from activities.registers import differences
from activities.services import Figure
from activities.sheets import daily_sheet
from activities.views.filing import separator
from branches import access
from branches.access import Act
from portal.foundation.errors import Conflict


@require_POST
def report_from_registers(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """File the report again with what its registers say today; everything else stays as it is."""
    report = get_object_or_404(DailyReport.objects.visible_to(request.user).select_related("branch"), public_id=report_id)
    user: Any = request.user
    if not access.can(user, Act.FILE, report.branch):
        raise PermissionDenied
    sheet = daily_sheet(report.branch, report.business_date)
    version = sheet.latest
    measures = Measure.objects.filter(entry__version=version).select_related("metric")
    found = differences(version, measures) if version is not None and version.is_current else []
    if version is None or not found:
        messages.info(request, _("The report says what its registers say."))
        return redirect("activities:report_detail", report.public_id)
    figures = {code: held[0] for code, held in sheet.figures.items() if len(held) == 1}
    figures |= {each.metric.code: Figure(each.metric.code, each.now.value) for each in found}
    names = separator().join(each.metric.name for each in found)
    try:
        acknowledgement = services.file_daily_report(
            actor=user,
            branch=report.branch,
            day=report.business_date,
            works=sheet.works(figures),
            uid=uuid4(),
            base=_seen(request, version.number),
            reason=_("As in the registers: %(names)s") % {"names": names} if sheet.is_past_due else "",
            note=version.note,
        )
    except Conflict as conflict:
        messages.warning(request, str(conflict.message))
        return redirect("activities:report_detail", report.public_id)
    except ValidationError as error:
        messages.error(request, separator().join(error.messages))
        return redirect("activities:report_edit", report.branch.public_id, report.business_date)
    return redirect("activities:report_receipt", acknowledgement.version.public_id)


def _seen(request: HttpRequest, number: int) -> int:
    """Return the number of the version that was on the page: a newer one has not been looked at."""
    text = request.POST.get("base", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else number
