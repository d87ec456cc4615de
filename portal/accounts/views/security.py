"""The own account as others could misuse it: what happened, where it is signed in, which devices it knows."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.accounts import alerts, factors, services
from portal.accounts.http import AuthenticatedRequest
from portal.accounts.limits import limits_of
from portal.accounts.models import Device, Session
from portal.accounts.sessions import session_of
from portal.foundation import audit, clock

ALERTS_SHOWN = 20


@require_safe
@never_cache
def security(request: AuthenticatedRequest) -> HttpResponse:
    """Show what happened around the own account, and where it is signed in."""
    user, now = request.user, clock.now()
    limits = limits_of(user)
    live = user.sessions.filter(expire_date__gt=now, seen_at__gte=now - limits.idle, started_at__gte=now - limits.absolute)
    context = {
        "alerts": user.alerts.order_by("-at")[:ALERTS_SHOWN],
        "sessions": live.order_by("-seen_at"),
        "own": session_of(request).row,
        "devices": user.devices.order_by("-seen_at"),
        "now": now,
        "limits": limits,
        "required": factors.is_required(user),
        "codes_left": user.recovery_codes.filter(used_at=None).count() if user.has_second_factor else 0,
    }
    return render(request, "accounts/security.html", context)


@require_POST
def alerts_read(request: AuthenticatedRequest) -> HttpResponse:
    """Note that what happened was read."""
    alerts.mark_read(request.user)
    return redirect("accounts:security")


@require_POST
def session_end(request: AuthenticatedRequest, session_id: UUID) -> HttpResponse:
    """End one session of one's own."""
    session = get_object_or_404(Session, public_id=session_id, account=request.user)
    services.end_session(user=request.user, session=session, address=audit.address_of(request))
    if session == session_of(request).row:
        logout(request)
        return redirect(settings.LOGOUT_REDIRECT_URL)
    messages.success(request, _("That device is signed out."))
    return redirect("accounts:security")


@require_POST
def sessions_end(request: AuthenticatedRequest) -> HttpResponse:
    """End all sessions of one's own but this one."""
    row = session_of(request).row
    ended = services.end_other_sessions(user=request.user, keep=row, address=audit.address_of(request)) if row else 0
    messages.success(request, ngettext("%(count)d other device is signed out.", "%(count)d other devices are signed out.", ended) % {"count": ended})
    return redirect("accounts:security")


@require_POST
def device_forget(request: AuthenticatedRequest, device_id: UUID) -> HttpResponse:
    """Forget a device of one's own."""
    device = get_object_or_404(Device, public_id=device_id, account=request.user)
    services.forget_device(user=request.user, device=device, address=audit.address_of(request))
    messages.success(request, _("The device is forgotten. Its next sign-in counts as one from a new device."))
    return redirect("accounts:security")
