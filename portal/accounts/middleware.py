"""What stands before every page: sign-in and its limits, the second factor, a password of one's own, and once more who it is before some acts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from portal.accounts import devices, factors
from portal.accounts.http import page_of_form
from portal.accounts.limits import limits_of
from portal.accounts.models import Session, User
from portal.accounts.proof import FIELD, ProofForm, is_fresh
from portal.accounts.services import note_use
from portal.accounts.sessions import session_of
from portal.api.problems import problem_response
from portal.foundation import audit, clock
from portal.foundation.proof import is_spared, proof_before
from portal.requests import API

PASSWORD_PAGE: Final = "accounts:password_change"  # noqa: S105 - the name of a page
CODE_PAGE, ENROL_PAGE, PROOF_PAGE = "accounts:second_step", "accounts:second_enrol", "accounts:prove"
OPEN_BEFORE_THE_CODE: Final = frozenset({CODE_PAGE, ENROL_PAGE, PROOF_PAGE, "accounts:sign_out", "set_language", "healthz", "livez", "readyz", "security_txt"})
OPEN_BEFORE_THE_PASSWORD: Final = OPEN_BEFORE_THE_CODE | {PASSWORD_PAGE}
# How exactly it is known when a session was last seen: more would be a write for every page.
SEEN_EVERY: Final = timedelta(minutes=1)
# Why a session ended; the sign-in page says it.
IDLE, TOO_OLD = "idle", "old"


class SessionLimitsMiddleware(MiddlewareMixin):
    """End sessions that were idle or lasted too long; note that the others are in use."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any) -> None:
        """Sign out whoever is over a limit, before anybody is let in; what is asked for is then answered as to a stranger."""
        session, user = session_of(request), request.user
        if not isinstance(user, User) or session.row is None:
            return
        now, row, limits = clock.now(), session.row, limits_of(user)
        ended = IDLE if now - row.seen_at > limits.idle else TOO_OLD if now - row.started_at > limits.absolute else ""
        if ended:
            audit.record(user, "session.ended", user, address=audit.address_of(request), why=ended)
            logout(request)
            request.session_ended = ended  # type: ignore[attr-defined]
        elif now - row.seen_at >= SEEN_EVERY:
            if timezone.localdate(row.seen_at) != clock.today():
                note_use(user)
            row.seen_at = now
            Session.objects.filter(pk=row.pk).update(seen_at=now)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Lead whoever is not signed in to the sign-in page, and back to where they were."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Redirect to the sign-in page.

        A form sent after the session was lost comes back as the page it was typed on, where the browser has kept what was typed:
        the address it was sent to may answer POST alone.
        """
        back = request.get_full_path()
        if request.method not in {"GET", "HEAD"} and (page := page_of_form(request)):
            back = page
        answer = redirect_to_login(back, self.get_login_url(view_func))
        if ended := getattr(request, "session_ended", ""):
            answer["Location"] += f"&{urlencode({'ended': ended})}"
        return answer


class SecondFactorMiddleware(MiddlewareMixin):
    """Lead whoever has a second factor to its page after the password, and whoever needs one to where it is set up."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any) -> HttpResponse | None:
        """Let nobody on who has not shown it in this session, or on a device that is remembered; tell a program what there is to do."""
        user = request.user
        if not isinstance(user, User) or devices.is_secured(request, user):
            return None
        if not user.has_second_factor and not factors.is_required(user):
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN_BEFORE_THE_CODE:
            return None
        if request.path.startswith(API):
            return problem_response("second-factor-first", request)
        return redirect_to_login(_way_back(request), CODE_PAGE if user.has_second_factor else ENROL_PAGE)


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
        return redirect_to_login(_way_back(request), PASSWORD_PAGE)


class ProofMiddleware(MiddlewareMixin):
    """Ask once more who it is, before a view that is marked with `needs_proof`; a form that waits for it comes with its fields."""

    def process_view(self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any) -> HttpResponse | None:
        """Let pass whose last proof is of the last ten minutes, or comes with the form."""
        needed = proof_before(view_func, request.method or "")
        if not needed or not request.user.is_authenticated or is_spared(view_func, request) or is_fresh(request):
            return None
        if request.path.startswith(API):
            return problem_response("proof-needed", request)
        if request.method in {"GET", "HEAD"}:
            asked = {"next": request.get_full_path(), "back": page_of_form(request)}
            return redirect(f"{resolve_url(PROOF_PAGE)}?{urlencode(asked)}")
        form = ProofForm(request.POST if FIELD in request.POST else None, request=request)
        if form.is_valid():
            return None
        waiting = [(name, value) for name, values in request.POST.lists() if name not in {"csrfmiddlewaretoken", FIELD} for value in values]
        context = {"form": form, "waiting": waiting, "action": request.get_full_path(), "back": page_of_form(request)}
        return render(request, "accounts/prove.html", context, status=422 if form.is_bound else 403)


def _way_back(request: HttpRequest) -> str:
    return request.get_full_path() if request.method in {"GET", "HEAD"} else page_of_form(request) or "/"
