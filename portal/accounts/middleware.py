"""Sign-in is required everywhere; a password that somebody else chose is replaced before anything else."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme

from portal.api.problems import problem_response
from portal.requests import API

PASSWORD_PAGE: Final = "accounts:password_change"  # noqa: S105 - the name of a page
OPEN_BEFORE_THE_PASSWORD: Final = frozenset({PASSWORD_PAGE, "accounts:sign_out", "set_language", "healthz"})


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Lead whoever is not signed in to the sign-in page, and back to where they were."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Redirect to the sign-in page.

        A form sent after the session was lost comes back as the page it was typed on, where the browser has kept what was typed:
        the address it was sent to may answer POST alone.
        """
        if request.method not in {"GET", "HEAD"} and (page := _page_of_form(request)):
            return redirect_to_login(page, self.get_login_url(view_func))
        return super().handle_no_permission(request, view_func)


def _page_of_form(request: HttpRequest) -> str:
    referrer = request.headers.get("Referer", "")
    if not referrer or not url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(referrer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class PasswordFirstMiddleware(MiddlewareMixin):
    """Lead a user who must choose a password to that page first."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any) -> HttpResponse | None:
        """Redirect to the password page, with the way back; tell a program what there is to do."""
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN_BEFORE_THE_PASSWORD:
            return None
        if request.path.startswith(API):
            return problem_response("password-first", request)
        back = request.get_full_path() if request.method in {"GET", "HEAD"} else _page_of_form(request) or "/"
        return redirect_to_login(back, PASSWORD_PAGE)
