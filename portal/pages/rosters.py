"""The lists of the roster as files; the audit log says who took which."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from members.hours import with_name, with_unit
from members.models import CheckIn, DutyPost, HandOver, Person
from members.querysets import CheckInQuerySet, HandOverQuerySet, ShiftQuerySet
from members.views.hand_over import hand_overs_asked
from members.views.hours import hours_asked, lines_of
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
def hours_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send hours served as csv or xlsx, as on the page: by person, branch or work unit."""
    filters, rows = hours_asked(request)
    _require(filters.form, format)
    asked = filters.form.cleaned_data
    by_person = asked["group"] == "person"
    told_by = {"person": _("Person"), "branch": _("Branch"), "unit": _("Work unit")}[asked["group"]]
    header = [_("From"), _("Last day"), told_by, _("Person-shifts"), *([] if by_person else [_("People")]), _("Hours")]
    days, nobody = (asked["first_day"], asked["last_day"]), _("sent by nobody")
    lines = (
        (*days, line.name or nobody, line.served.shifts, *([] if by_person else [line.served.people]), line.served.hours)
        for line in lines_of(request, asked, rows)
    )
    return _sent(request, "hours", filters.form, Sheet(_("Hours served"), header, lines), format)


@require_GET
@a_few_at_once
def check_in_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the check-ins behind the hours, as filtered, as csv or xlsx; whoever does not lead the shifts gets first characters of names."""
    filters, rows = hours_asked(request)
    _require(filters.form, format)
    listing = _check_ins(request, rows)
    return _sent(request, "check_ins", filters.form, Sheet(_("Check-ins"), listing.header, listing), format)


@require_GET
@a_few_at_once
def hand_over_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the hand-overs of the days of the list, as filtered, as csv or xlsx: when each was signed, never what it says."""
    filters, rows = hand_overs_asked(request)
    _require(filters.form, format)
    listing = _hand_overs(rows)
    return _sent(request, "hand_overs", filters.form, Sheet(_("Hand-overs"), listing.header, listing), format)


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
        Column(_("Came"), "came", Kind.NUMBER),
        Column(_("Of these late"), "late", Kind.NUMBER),
        Column(_("Absent"), "absent", Kind.NUMBER),
        Column(_("Handed over at"), "outgoing_at", Kind.MOMENT),
        Column(_("Taken over at"), "incoming_at", Kind.MOMENT),
    ]
    return Listing(columns, [rows.with_cover().with_check_ins().with_hand_over()], order=("business_date", "pk"))


def _check_ins(request: HttpRequest, rows: CheckInQuerySet) -> Listing:
    """Return check-ins as a table, the newest day first; when somebody came is not among it."""
    shift = "assignment__shift__"
    columns = [
        Column(_("Business date"), f"{shift}business_date", Kind.DAY),
        Column(_("Branch"), f"{shift}post__branch__name"),
        Column(_("Post"), f"{shift}post__name"),
        Column(_("Starts at"), f"{shift}during__startswith", Kind.MOMENT),
        Column(_("Ends at"), f"{shift}during__endswith", Kind.MOMENT),
        Column(_("Person"), "name"),
        Column(_("Kind"), "assignment__person__kind", names={kind.value: str(kind.label) for kind in Person.Kind}),
        Column(_("Work unit"), "unit_name"),
        Column(_("Result"), "result", names={result.value: str(result.label) for result in CheckIn.Result}),
        Column(_("How it is known"), "means", names={means.value: str(means.label) for means in CheckIn.Means}),
    ]
    return Listing(columns, [with_unit(with_name(rows, request.user))], order=(f"{shift}business_date", "pk"))


def _hand_overs(rows: HandOverQuerySet) -> Listing:
    """Return hand-overs as a table, the newest day first."""
    columns = [
        Column(_("Business date"), "shift__business_date", Kind.DAY),
        Column(_("Branch"), "shift__post__branch__name"),
        Column(_("Post"), "shift__post__name"),
        Column(_("Starts at"), "shift__during__startswith", Kind.MOMENT),
        Column(_("Ends at"), "shift__during__endswith", Kind.MOMENT),
        Column(_("State"), "signed", names={True: str(dict(HandOver.STATES)["signed"]), False: str(dict(HandOver.STATES)["to_sign"])}),
        Column(_("Handed over at"), "outgoing_at", Kind.MOMENT),
        Column(_("Taken over at"), "incoming_at", Kind.MOMENT),
    ]
    return Listing(columns, [rows.annotate(signed=Q(incoming_at__isnull=False))], order=("shift__business_date", "pk"))
