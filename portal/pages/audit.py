"""The audit log as the auditor reads it; that it was read is in it too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from branches import access
from branches.access import Act
from branches.forms import DayField
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.models import AuditEntry
from portal.foundation.paging import ByNumber, Counted, Turn
from portal.foundation.tables import CSV, Column, Kind, Listing, Sheet, csv_of
from portal.pages.audit_words import ACTIONS, Detail, action_choices, details_of, kinds, names_in

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_COLUMNS = ("at", "username", "name", "action", "kind", "object", "address", "details")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A row of the log in words; `name` is empty where the log tells only the identifier."""

    row: AuditEntry
    action: "StrOrPromise"
    kind: str
    name: str
    details: Sequence[Detail]


class AuditFilterForm(forms.Form):
    """Which rows of the log to read."""

    person = forms.CharField(label=_("Who"), required=False, max_length=100)
    # An action is noun and verb; the noun alone finds all that was done to such things.
    action = forms.ChoiceField(label=_("Action"), required=False)
    kind = forms.ChoiceField(label=_("Kind of object"), required=False)
    first = DayField(label=_("From (date)"), required=False)
    last = DayField(label=_("To (date)"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind: Any = self.fields["kind"]
        action: Any = self.fields["action"]
        action.choices = action_choices()
        kind.choices = [("", _("All kinds")), *sorted(kinds().items(), key=lambda pair: pair[1])]

    def rows(self) -> QuerySet[AuditEntry]:
        """Return the rows asked for, the newest first; none when a filter makes no sense."""
        if not self.is_valid():
            return AuditEntry.objects.none()
        asked = self.cleaned_data
        found = AuditEntry.objects.select_related("actor").order_by("-pk")
        if asked["person"]:
            found = found.filter(Q(actor__username__icontains=asked["person"]) | Q(actor__name__icontains=asked["person"]))
        if asked["action"]:
            found = found.filter(Q(action=asked["action"]) | Q(action__startswith=f"{asked['action']}."))
        if asked["kind"]:
            found = found.filter(model=asked["kind"])
        if asked["first"]:
            found = found.filter(at__gte=_midnight(asked["first"]))
        if asked["last"]:
            found = found.filter(at__lt=_midnight(asked["last"] + timedelta(days=1)))
        return found


@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    """Show the log, the newest rows first."""
    form = _form(request)
    page = ByNumber[AuditEntry]().page(Turn.read(request.GET), form.rows())
    counted = Counted.capped(form.rows())
    audit.record(request.user, "audit.read", address=audit.address_of(request), filters=_asked(form))
    named, names = kinds(), names_in(page.items)
    return render(
        request,
        "portal/audit_list.html",
        {
            "form": form,
            "rows": [line_of(row, named, names) for row in page.items],
            "page": page,
            "counted": counted,
        },
    )


@require_safe
@a_few_at_once
def audit_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Give the rows of the log, as filtered, as csv; that they were taken is in the log."""
    form = _form(request)
    if not form.is_valid():
        return render(request, "portal/audit_list.html", {"form": form, "rows": []}, status=422)
    audit.record(request.user, "audit.exported", address=audit.address_of(request), filters=_asked(form))
    response = StreamingHttpResponse(csv_of(_table(form.rows())), content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="audit-{clock.today():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def line_of(row: AuditEntry, named: Mapping[str, str], names: Mapping[str, str]) -> AuditLine:
    """Return a row in words, with kinds and names that were looked up for the whole page."""
    return AuditLine(
        row=row,
        action=ACTIONS.get(row.action, row.action),
        kind=named.get(row.model, row.model),
        name=names.get(str(row.object_id), ""),
        details=details_of(row, names),
    )


def _form(request: HttpRequest) -> AuditFilterForm:
    if not access.may(request.user, Act.READ_AUDIT):
        raise PermissionDenied
    form = AuditFilterForm(request.GET)
    form.full_clean()
    return form


def _asked(form: AuditFilterForm) -> dict[str, str]:
    return {name: str(value) for name, value in form.cleaned_data.items() if value}


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _table(rows: QuerySet[AuditEntry]) -> Sheet:
    """Return rows as a table, for machines too: everything as the log has it."""
    name = Coalesce(NullIf("actor__name", Value("")), F("actor__username"))
    address = Func("address", function="host", output_field=TextField())
    found = rows.annotate(name=name, object=Cast("object_id", TextField()), host=address, detail=Cast("details", TextField()))
    sources = {"username": "actor__username", "kind": "model", "address": "host", "details": "detail"}
    columns = [Column(title, sources.get(title, title), Kind.MOMENT if title == "at" else Kind.TEXT) for title in _COLUMNS]
    return Sheet("", list(_COLUMNS), Listing(columns, [found], order=("pk",)))
