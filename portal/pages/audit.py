"""The audit log as the auditor reads it; that it was read is in it too."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from branches import access
from branches.access import Act
from branches.forms import DayField
from portal.foundation import audit, clock
from portal.foundation.models import AuditEntry, PublicModel

PAGE_SIZE = 50
# What the log's actions say in words; one that is not here is shown as written.
ACTIONS: dict[str, str | Promise] = {
    "account.activated": _("account activated"),
    "account.changed": _("account changed"),
    "account.locked_out": _("account locked after failed sign-ins"),
    "account.password_changed": _("password changed"),
    "account.reset": _("account reset"),
    "account.sign_in_failed": _("sign-in failed"),
    "account.signed_in": _("signed in"),
    "account.signed_out": _("signed out"),
    "activation.issued": _("activation code issued"),
    "activation.refused": _("activation code refused"),
    "api.pulled": _("data pulled by another system"),
    "audit.exported": _("audit log exported"),
    "audit.read": _("audit log read"),
    "branch.added": _("branch added"),
    "branch.changed": _("branch changed"),
    "branch.dissolved": _("branch dissolved"),
    "branch.merged": _("branch merged"),
    "branch.moved": _("branch moved"),
    "branch.schedule_set": _("times of the report set"),
    "case.loaded": _("published case loaded"),
    "clerks.imported": _("branches and clerks imported"),
    "clerks.uploaded": _("workbook of branches and clerks uploaded"),
    "dashboard.exported": _("dashboard exported"),
    "demo.loaded": _("demo loaded"),
    "grant.given": _("grant given"),
    "grant.revoked": _("grant taken back"),
    "membership.added": _("somebody added to a branch"),
    "membership.ended": _("somebody left a branch"),
    "note.seen": _("notes seen"),
    "notes.searched": _("notes searched"),
    "office.given": _("office given"),
    "period_report.filed": _("report for a span of days filed"),
    "person.changed": _("person corrected"),
    "person.sensitive_seen": _("telephone numbers of a person seen"),
    "phone.called": _("duty phone called"),
    "region.added": _("region added"),
    "region.moved": _("region moved in the tree"),
    "report.accepted": _("report accepted"),
    "report.confirmed": _("report filed on behalf confirmed"),
    "report.filed": _("report filed"),
    "report.returned": _("report returned"),
    "report.withdrawn": _("report withdrawn"),
    "token.issued": _("API token issued"),
    "token.revoked": _("API token taken back"),
    "user.closed": _("sign-in closed"),
    "user.created": _("sign-in created"),
    "user.opened": _("sign-in opened again"),
    "work_unit.added": _("work unit added"),
}
_COLUMNS = ("at", "username", "name", "action", "kind", "object", "address", "details")


class AuditFilterForm(forms.Form):
    """Which rows of the log to read."""

    person = forms.CharField(label=_("Who"), required=False, max_length=100)
    # An action is noun and verb; the noun alone finds all that was done to such things.
    action = forms.CharField(label=_("Action"), required=False, max_length=60, widget=forms.TextInput(attrs={"placeholder": "report.filed", "list": "actions"}))
    kind = forms.ChoiceField(label=_("Kind of object"), required=False)
    first = DayField(label=_("From (date)"), required=False)
    last = DayField(label=_("To (date)"), required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind: Any = self.fields["kind"]
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
            found = found.filter(action__startswith=asked["action"].strip().lower())
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
    rows = form.rows()
    if before := form.cleaned_data.get("before"):
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE_SIZE + 1])
    audit.record(request.user, "audit.read", address=audit.address_of(request), filters=_asked(form))
    names = kinds()
    return render(
        request,
        "portal/audit_list.html",
        {
            "form": form,
            "rows": [(row, ACTIONS.get(row.action, ""), names.get(row.model, row.model), _in_words(row.details)) for row in found[:PAGE_SIZE]],
            "actions": ACTIONS,
            "older": found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
            "is_first": not before,
        },
    )


@require_safe
def audit_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Give the rows of the log, as filtered, as csv; that they were taken is in the log."""
    form = _form(request)
    if not form.is_valid():
        return render(request, "portal/audit_list.html", {"form": form, "rows": []}, status=422)
    audit.record(request.user, "audit.exported", address=audit.address_of(request), filters=_asked(form))
    response = StreamingHttpResponse(_csv(form.rows()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{clock.today():%Y-%m-%d}.csv"'
    return response


def kinds() -> dict[str, str]:
    """Return what kinds of objects the log speaks of, by the name that it writes, in the reader's language."""
    return {model._meta.model_name or "": str(model._meta.verbose_name) for model in apps.get_models() if issubclass(model, PublicModel)}


def _form(request: HttpRequest) -> AuditFilterForm:
    if not access.may(request.user, Act.READ_AUDIT):
        raise PermissionDenied
    form = AuditFilterForm(request.GET)
    form.full_clean()
    return form


def _asked(form: AuditFilterForm) -> dict[str, str]:
    return {name: str(value) for name, value in form.cleaned_data.items() if value and name != "before"}


def _in_words(details: dict[str, Any]) -> str:
    """Return what an entry adds, as `name: value`; nothing for what is empty."""
    return " · ".join(f"{name}: {_text(value)}" for name, value in details.items() if value not in ({}, [], "", None))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """Return the line."""
        return text


def _csv(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # The mark tells a spreadsheet that this is UTF-8.
    yield "\ufeff" + writer.writerow(_COLUMNS)
    for row in rows.iterator(chunk_size=1000):
        who = (row.actor.get_username(), str(row.actor)) if row.actor else ("", "")
        cells = (timezone.localtime(row.at).isoformat(), *who, row.action, row.model, row.object_id or "", row.address or "", json.dumps(row.details))
        yield writer.writerow([_plain(str(cell)) for cell in cells])


def _plain(cell: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
