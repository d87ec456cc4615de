"""The import of daily reports from a table: upload, what was found, confirm, what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, Min, Q, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activities.imports import services
from activities.imports.checking import MAX_ROWS
from activities.imports.template import template
from activities.imports.words import BY_NAME
from activities.models import ImportedReport, ReportImport
from portal.foundation import attachments, audit
from portal.foundation.errors import Conflict
from portal.foundation.tables import CSV, WORKBOOK, Sheet, csv_of
from portal.foundation.uploads import takes

CONFLICT: Final = 409
UNPROCESSABLE: Final = 422
# Of refused cells, and of branches; all cells stand in the file to download.
SHOWN: Final = 200
_IMPORTS_SHOWN: Final = 20

State = ReportImport.State


class TableForm(forms.Form):
    """A table of figures."""

    table = forms.FileField(
        label=gettext_lazy("Table (.xlsx or .csv)"),
        help_text=format_lazy(
            gettext_lazy("At most {rows} rows and {megabytes} MB. Nothing is filed before you have seen what was found and confirmed."),
            rows=f"{MAX_ROWS:,}",
            megabytes=services.LIMIT // 1024**2,
        ),
        widget=forms.ClearableFileInput(attrs={"accept": f".xlsx,.csv,text/csv,{WORKBOOK}"}),
    )


@dataclass(frozen=True)
class OfBranch:
    """A branch's days of one state: how many, from when to when, and how many of them say something else than the portal."""

    name: str
    public_id: UUID
    reports: int
    figures: int
    first: date
    last: date
    differing: int


@takes(services.LIMIT)
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """Take a table in, and list those that this person has uploaded."""
    _require_importer(request)
    form = TableForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["table"]
        try:
            if file.size > services.LIMIT:
                raise ValidationError(attachments.too_large(services.LIMIT))
            imported = services.take_in(actor=_user(request), content=file.read(), name=file.name, address=audit.address_of(request))
            return redirect("activities:import_detail", imported.public_id)
        except ValidationError as error:
            form.add_error("table", error.messages)
    own = ReportImport.objects.filter(owner=_user(request)).select_related("file", "job")
    # Those of which something is still to become are all shown: too many of them are refused.
    imports = own.filter(Q(pk__in=own.values("pk")[:_IMPORTS_SHOWN]) | Q(state__in=ReportImport.UNFINISHED))
    return render(request, "activities/import_list.html", {"form": form, "imports": imports}, status=UNPROCESSABLE if form.errors else 200)


@require_safe
def import_template(request: HttpRequest) -> HttpResponse:
    """Download the empty table."""
    _require_importer(request)
    headers = {"Content-Disposition": 'attachment; filename="daily-reports.xlsx"', "Cache-Control": "no-store"}
    return HttpResponse(template(request.user), content_type=WORKBOOK, headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def import_detail(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Show how far an import is and what was found; file it on confirmation."""
    imported = _own(request, import_id)
    if request.method != "POST":
        return _detail(request, imported)
    try:
        if "discard" in request.POST:
            services.discard(imported=imported, address=audit.address_of(request))
            return redirect("activities:import_list")
        if imported.has_failed:
            services.try_again(imported=imported)
        else:
            services.confirm(imported=imported, shown=request.POST.get("shown", ""), address=audit.address_of(request))
        return redirect("activities:import_detail", imported.public_id)
    except Conflict as conflict:
        return _detail(request, _own(request, import_id), refusal=conflict.message, status=CONFLICT)


@require_safe
def import_refused(request: HttpRequest, import_id: UUID) -> StreamingHttpResponse:
    """Download all refused cells."""
    imported = _own(request, import_id)
    header = [_("Row"), _("Column"), _("Content"), _("What is wrong")]
    table = Sheet(_("Refused rows"), header, _refused_rows(imported))
    headers = {"Content-Disposition": 'attachment; filename="refused-rows.csv"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(csv_of(table), content_type=CSV, headers=headers)


def _detail(request: HttpRequest, imported: ReportImport, *, refusal: object = "", status: int = 200) -> HttpResponse:
    return render(request, "activities/import_detail.html", {"imported": imported, "refusal": refusal, **_found(imported)}, status=status)


def _refused_rows(imported: ReportImport) -> Iterator[list[Any]]:
    for cell in imported.refusals.order_by("line", "pk").iterator():
        yield [cell.line, _heading(cell.column), cell.content, cell.said]


def _found(imported: ReportImport) -> dict[str, Any]:
    """Return what the page shows of what was found."""
    if imported.state == State.REFUSED:
        return {"refusals": imported.refusals.all()[:1]}
    if imported.state not in (State.CHECKED, State.FILED, State.FILING):
        return {}
    cells = [(cell, _heading(cell.column)) for cell in imported.refusals.order_by("line", "pk")[:SHOWN]] if imported.counts["cells"] else []
    filed, present = (_by_branch(imported, state) for state in (ImportedReport.State.READY, ImportedReport.State.PRESENT))
    return {"counts": imported.counts, "cells": cells, "filed": filed, "present": present, "shown": SHOWN}


def _by_branch(imported: ReportImport, state: str) -> list[OfBranch]:
    """Return the first branches with reports of a state; those that say something else than the portal come first."""
    if not imported.counts[state]["reports"]:
        return []
    rows = imported.reports.filter(state=state).order_by().values("branch__name", "branch__public_id", "branch__name_key")
    counted = rows.annotate(
        reports=Count("pk"), rows=Sum("figures"), first=Min("business_date"), last=Max("business_date"), differing=Count("pk", filter=Q(differs=True))
    )
    return [
        OfBranch(row["branch__name"], row["branch__public_id"], row["reports"], row["rows"], row["first"], row["last"], row["differing"])
        for row in counted.order_by("-differing", "branch__name_key")[:SHOWN]
    ]


def _heading(column: str) -> str:
    if column not in BY_NAME:
        return ""
    return BY_NAME[column].english if get_language() == "en" else BY_NAME[column].chinese


def _require_importer(request: HttpRequest) -> None:
    if not services.may_import(request.user):
        raise PermissionDenied


def _own(request: HttpRequest, import_id: UUID) -> ReportImport:
    """Return an import of this person's; nobody else sees it, for its notes are not theirs to read."""
    imported: ReportImport = get_object_or_404(ReportImport.objects.select_related("file", "job"), public_id=import_id, owner=_user(request))
    _require_importer(request)
    return imported


def _user(request: HttpRequest) -> Any:
    return request.user
