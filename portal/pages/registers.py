"""The first page of the registers: which there are, and what waits in each."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.models import User
from portal.registers import numbers_of, opened_by


@require_safe
def registers(request: HttpRequest) -> HttpResponse:
    """Show the registers that the reader may open."""
    assert isinstance(request.user, User)  # noqa: S101 - nobody gets here without signing in
    opened = opened_by(request.user)
    if not opened:
        raise PermissionDenied
    return render(request, "portal/registers.html", {"registers": numbers_of(request.user, opened)})
