"""Certificates of destruction: the list, one of them to read, check and print, and all of them as a file."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities.views.lists import sent
from branches import access
from branches.access import Act
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import Page, page_of
from portal.foundation.tables import Column, Kind, Listing
from portal.retention.declared import Declared, declared
from portal.retention.forms import ClaimForm
from portal.retention.models import Certificate, Hold
from portal.retention.naming import row_hash


@require_safe
def certificate_list(request: HttpRequest) -> HttpResponse:
    """List what was destroyed in the reader's area, the latest first, and the holds that stand."""
    _require_reader(request)
    page: Page[Certificate] = page_of(Certificate.objects.visible_to(request.user).defer("hashes").select_related("branch", "region"), request.GET.get("page"))
    context = {"page": page, "holds": Hold.objects.visible_to(request.user).in_force().count(), "may_hold": access.may(request.user, Act.HOLD_RECORDS)}
    return render(request, "retention/certificate_list.html", context)


@require_safe
def certificate_detail(request: HttpRequest, certificate_id: UUID) -> HttpResponse:
    """Show a certificate, whether it is as it was written, and whether a row was among those destroyed."""
    certificate = get_object_or_404(Certificate.objects.visible_to(request.user).select_related("branch", "region"), public_id=certificate_id)
    form = ClaimForm(request.GET or None)
    row = form.cleaned_data["row"] if form.is_bound and form.is_valid() else None
    fields = {each.name: each for each in declared()}
    context = {
        "certificate": certificate,
        "lines": [_line(name, number, fields.get(name)) for name, number in certificate.counts.items()],
        "form": form,
        "row": row,
        "was_among": row is not None and _among(certificate, row),
    }
    return render(request, "retention/certificate_detail.html", context, status=422 if form.is_bound and form.errors else 200)


@require_safe
@a_few_at_once
def certificate_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Give all certificates of the reader's area as csv or xlsx."""
    _require_reader(request)
    rows = Certificate.objects.visible_to(request.user).order_by().annotate(fields=Cast("counts", TextField()), ident=Cast("public_id", TextField()))
    columns = [
        Column("id", "ident", Kind.TEXT),
        Column(_("When"), "made_at", Kind.MOMENT),
        Column(_("Rule"), "rule", Kind.TEXT),
        Column(_("Branch"), "branch__name", Kind.TEXT),
        Column(_("Place"), "region__name", Kind.TEXT),
        Column(_("Rows"), "rows", Kind.NUMBER),
        Column(_("Values by field"), "fields", Kind.TEXT),
        Column("SHA-256", "sha256", Kind.TEXT),
    ]
    return sent(request, "certificates.exported", "certificates", Listing(columns, [rows], order=("pk",)), format)


def _line(name: str, number: int, known: Declared | None) -> dict[str, Any]:
    """Return a field with how many values of it went; one that the portal no longer has is called by its name."""
    title = str(known.model._meta.verbose_name_plural) if known else ""
    return {"field": known.words if known else name, "of": title, "number": number, "name": name}


def _among(certificate: Certificate, row: UUID) -> bool:
    models = {name.rpartition(".")[0] for name in certificate.counts}
    return any(certificate.holds(row_hash(model, row)) for model in models)


def _require_reader(request: HttpRequest) -> None:
    if not access.may(request.user, Act.READ_CERTIFICATES):
        raise PermissionDenied
