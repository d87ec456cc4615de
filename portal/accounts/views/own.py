"""Sign-in, sign-out, activation, password and the own account."""

from datetime import datetime
from math import ceil
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import alerts, devices, services
from portal.accounts.forms import ActivationForm, PasswordChangeForm, ProfileForm, SignInForm
from portal.accounts.http import AuthenticatedRequest, goal_of
from portal.accounts.models import Alert, User
from portal.accounts.sessions import PROVED, SECURED, SPARED, session_of
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in, and go back to where the sign-in wall stood."""
    goal = goal_of(request)
    if request.user.is_authenticated and request.method == "GET":
        return redirect(goal)
    form = SignInForm(request, request.POST or None)
    if form.is_valid():
        return _signed_in(request, form.get_user(), goal, "account.signed_in")
    if request.method == "POST" and not getattr(request, "axes_locked_out", False):
        known = User.objects.filter(username=form.data.get("username", "").strip()[:150]).first()
        # What was typed for an account is not kept: now and then it is a password.
        audit.record(None, "account.sign_in_failed", known, address=audit.address_of(request))
    context = {
        "form": form,
        "next": goal if "next" in request.GET or "next" in request.POST else "",
        "ended": request.GET.get("ended", ""),
        "one_step": settings.DEMO and not settings.SECOND_FACTOR,
    }
    return render(request, "accounts/sign_in.html", context, status=422 if form.is_bound else 200)


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """Say until when this account is locked from this address, and what to do; called by django-axes."""
    username = (credentials or {}).get("username") or ""
    address = audit.address_of(request)
    attempt = AccessAttempt.objects.filter(username=username, ip_address=audit.sender_of(request)).order_by("-attempt_time").first()
    until = (attempt.attempt_time if attempt else clock.now()) + settings.AXES_COOLOFF_TIME
    known = User.objects.filter(username=username).first()
    audit.record(None, "account.locked_out", known, address=address)
    if known is not None and not alerts.was_told(known, Alert.Kind.LOCKED_OUT, since=until - settings.AXES_COOLOFF_TIME):
        alerts.tell(known, Alert.Kind.LOCKED_OUT, address=address)
    return _wait(request, "accounts/locked_out.html", until)


@require_POST
def sign_out(request: AuthenticatedRequest) -> HttpResponse:
    """Sign out on this device."""
    audit.record(request.user, "account.signed_out", request.user, address=audit.address_of(request))
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@login_not_required
@never_cache
@sensitive_post_parameters("password", "repeated", "code")
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest) -> HttpResponse:
    """Use an activation code: choose a password and be signed in."""
    form = ActivationForm(request.POST or None)
    if form.is_valid():
        try:
            user = services.activate(code=form.cleaned_data["code"], password=form.cleaned_data["password"], address=audit.address_of(request))
        except Conflict as conflict:
            return _wait(request, "accounts/activation_wait.html", conflict.current)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("You are signed in. Your account is %(account)s: from now on sign in with it and your password.") % {"account": user.username}
            )
            return _signed_in(request, user, resolve_url(settings.LOGIN_REDIRECT_URL), "account.signed_in")
    return render(request, "accounts/activate.html", {"form": form}, status=422 if form.is_bound else 200)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_change(request: AuthenticatedRequest) -> HttpResponse:
    """Change one's own password."""
    form = PasswordChangeForm(request.POST or None, request=request, user=request.user)
    goal = goal_of(request, "accounts:profile")
    if form.is_valid():
        try:
            services.change_password(user=request.user, password=form.cleaned_data["password"], address=audit.address_of(request), keep=session_of(request).row)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Your password is changed. Other devices are signed out."))
            return redirect(goal)
    return render(request, "accounts/password_change.html", {"form": form, "next": goal}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def profile(request: AuthenticatedRequest) -> HttpResponse:
    """Show the own account, with the grants held; change name and language."""
    user = request.user
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language or get_language()})
    if form.is_valid():
        services.change_profile(user=user, address=audit.address_of(request), **form.cleaned_data)
        response = redirect("accounts:profile")
        _speak(response, user.language)
        return response
    grants = user.grants.live(clock.today()).select_related("region", "work_unit", "branch").order_by("role", "pk")
    return render(request, "accounts/profile.html", {"form": form, "grants": grants}, status=422 if form.is_bound else 200)


def _signed_in(request: HttpRequest, user: User, goal: str, action: str) -> HttpResponse:
    address, words = audit.address_of(request), devices.words_of(request)
    # The first device of all surprises nobody.
    device = devices.known_device(request, user)
    is_new = device is None and user.devices.exists()
    login(request, user, backend=BACKEND)
    session = session_of(request)
    session.signed_in_from(address, words)
    if user.has_second_factor:
        # The password alone is no proof; a device that is remembered lets in, and no further.
        session[PROVED] = 0
        session[SECURED] = session[SPARED] = devices.is_trusted(device, user)
    audit.record(user, action, user, address=address, new_device=is_new)
    if is_new:
        alerts.tell(user, Alert.Kind.NEW_DEVICE, address=address, device=words)
    response = redirect(goal)
    devices.remember(request, response, user)
    # The language chosen on the sign-in page goes before the one in the profile.
    if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        _speak(response, user.language)
    return response


def _speak(response: HttpResponse, language: str) -> None:
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, secure=settings.HTTPS, httponly=True, samesite="Lax")


def _wait(request: HttpRequest, template: str, until: datetime) -> HttpResponse:
    seconds = max(1, ceil((until - clock.now()).total_seconds()))
    response = render(request, template, {"until": until}, status=429)
    response["Retry-After"] = str(seconds)
    return response
