"""The request as views behind the sign-in wall get it, and the ways back from pages that stand in between."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.models import User
from portal.foundation.ways_back import is_ours


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User


def goal_of(request: HttpRequest, default: str = settings.LOGIN_REDIRECT_URL, name: str = "next") -> str:
    """Return where to go afterwards: `next` if it stays on this site, else `default`."""
    wanted = request.POST.get(name) or request.GET.get(name) or ""
    return wanted if is_ours(request, wanted) else resolve_url(default)


def page_of_form(request: HttpRequest) -> str:
    """Return the page on which a form was typed, or a link stood; empty when the browser does not say, or says another site's."""
    referrer = request.headers.get("Referer", "")
    if not _is_of_this_site(referrer, request):
        return ""
    parts = urlsplit(referrer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_of_this_site(address: str, request: HttpRequest) -> bool:
    """Say whether a whole address, as browsers send it, is one of this site's."""
    return bool(address) and url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
