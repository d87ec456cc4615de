"""The lists of the roster as files; the audit log says who took which."""

from typing import Any

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from members.models import DutyPost
from members.querysets import ShiftQuerySet
from members.views.on_site import on_site_asked
from members.views.roster import shifts_asked, shifts_seen
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.tables import Column, Kind, Listing, Sheet, csv_of, workbook
from portal.pages.exports import TYPES


@require_GET
@a_few_at_once
def shift_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the shifts of the list, as filtered, as csv or xlsx, without names."""
    filters, rows = shifts_asked(request, shifts_seen(request))
    _require(filters.form, format)
    listing = _shifts(rows)
    return _sent(request, "shifts", filters.form, Sheet(_("Shifts"), listing.header, listing), format)


@require_GET
@a_few_at_once
def on_site_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send how many people live on site on a day, branch by branch, as filtered, as csv or xlsx."""
    filters, rows = on_site_asked(request)
    _require(filters.form, format)
    day = filters.day_asked
    found = rows.order_by("name_key", "pk").values_list("name", "on_site").iterator()
    sheet = Sheet(_("Living on site"), [_("Day"), _("Branch"), _("People")], ((day, *row) for row in found))
    return _sent(request, "on_site", filters.form, sheet, format)


def _require(form: Any, format: str) -> None:
    """Refuse what is no file, and filters that make no sense: the page says what is wrong, a file would pass for what was asked for."""
    if format not in TYPES or not form.is_valid():
        raise Http404


def _sent(request: HttpRequest, name: str, form: Any, sheet: Sheet, format: str) -> StreamingHttpResponse:
    asked: dict[str, Any] = {field: str(value) for field, value in form.cleaned_data.items() if value}
    audit.record(request.user, f"{name}.exported", address=audit.address_of(request), format=format, filters=asked)
    content = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="{name.replace("_", "-")}-{clock.today():%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=TYPES[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def _shifts(rows: ShiftQuerySet) -> Listing:
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
