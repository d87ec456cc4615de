"""The shifts of a list as files."""

from typing import Any

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from members.models import DutyPost
from members.querysets import ShiftQuerySet
from members.views.roster import shifts_asked, shifts_seen
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.tables import Column, Kind, Listing, Sheet, csv_of, workbook
from portal.pages.exports import TYPES


@require_GET
@a_few_at_once
def shift_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the shifts of the list, as filtered, as csv or xlsx, without names; the audit log says who took which."""
    filters, rows = shifts_asked(request, shifts_seen(request))
    if format not in TYPES or not filters.form.is_valid():
        raise Http404
    asked: dict[str, Any] = {name: str(value) for name, value in filters.form.cleaned_data.items() if value}
    audit.record(request.user, "shifts.exported", address=audit.address_of(request), format=format, filters=asked)
    listing = _listing(rows)
    sheet = Sheet(_("Shifts"), listing.header, listing)
    content = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="shifts-{clock.today():%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=TYPES[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def _listing(rows: ShiftQuerySet) -> Listing:
    """Return shifts as a table, the newest first."""
    columns = [
        Column(_("Business date"), "business_date", Kind.DAY),
        Column(_("Branch"), "post__branch__name"),
        Column(_("Post"), "post__name"),
        Column(_("Duty"), "post__duty", names={duty.value: str(duty.label) for duty in DutyPost.Duty}),
        Column(_("Starts at"), "during__startswith", Kind.MOMENT),
        Column(_("Ends at"), "during__endswith", Kind.MOMENT),
        Column(_("People needed"), "people", Kind.NUMBER),
        Column(_("People on it"), "on_duty", Kind.NUMBER),
    ]
    return Listing(columns, [rows.with_cover()], order=("business_date", "pk"))
