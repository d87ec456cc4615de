"""The second factor: asked for after the password, set up, its codes for when the telephone is lost; and proving once more who one is."""

import segno
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import devices, factors
from portal.accounts.http import AuthenticatedRequest, goal_of
from portal.accounts.proof import FIELD, ProofForm, check_code
from portal.accounts.sealing import seal, unseal
from portal.accounts.sessions import session_of
from portal.foundation import audit
from portal.foundation.errors import Conflict
from portal.foundation.proof import FILE, needs_proof, proof_before

_PENDING = "pending_secret"
_GROUP = 4


class CodeForm(forms.Form):
    """A code after the password."""

    code = forms.CharField(
        label=pgettext_lazy("second factor", "Code"),
        max_length=40,
        help_text=gettext_lazy("Six digits from the app on your telephone, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class StepForm(CodeForm):
    """A code, and whether this device is spared it for a while."""

    remember = forms.BooleanField(label=gettext_lazy("Ask for no code on this device for 30 days"), required=False)


class EnrolForm(CodeForm):
    """The first code of a new app."""

    code = forms.CharField(
        label=gettext_lazy("The six digits that the app shows"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}),
    )


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_step(request: AuthenticatedRequest) -> HttpResponse:
    """Ask for the code after the password."""
    user, session, goal = request.user, session_of(request), goal_of(request)
    if devices.is_secured(request, user) or not user.has_second_factor:
        return redirect(goal)
    form = StepForm(request.POST or None)
    if not devices.may_be_trusted(user):
        del form.fields["remember"]
    if form.is_valid():
        try:
            check_code(request, user, form.cleaned_data["code"], "code")
        except ValidationError as error:
            form.add_error(None, error)
        else:
            session.secure()
            session.prove()
            response = redirect(goal)
            if form.cleaned_data.get("remember"):
                devices.remember(request, response, user, trusted=True)
                audit.record(user, "device.trusted", user, address=audit.address_of(request))
            return response
    return render(request, "accounts/second_step.html", {"form": form, "next": goal}, status=422 if form.is_bound else 200)


@needs_proof
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def second_enrol(request: AuthenticatedRequest) -> HttpResponse:
    """Set up a second factor: show the secret to scan or to type, and take it once the app shows a right code."""
    user, session, goal = request.user, session_of(request), goal_of(request, "accounts:security")
    if user.has_second_factor:
        return redirect(goal)
    if _PENDING not in session:
        session[_PENDING] = seal(factors.new_secret(), _PENDING)
    secret = unseal(session[_PENDING], _PENDING)
    form = EnrolForm(request.POST if "code" in request.POST else None)
    if form.is_valid():
        try:
            codes = factors.enrol(user=user, secret=secret, typed=form.cleaned_data["code"], address=audit.address_of(request))
        except ValidationError as error:
            form.add_error(None, error)
        except Conflict:
            return redirect(goal)
        else:
            del session[_PENDING]
            session.secure()
            session.prove()
            return _shown(request, codes, goal)
    issuer = _("Branch Workbench")
    context = {
        "form": form,
        "next": goal,
        "qr": _qr_of(factors.address_of(secret, user, issuer)),
        "key": [secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP)],
        "required": factors.is_required(user),
    }
    return render(request, "accounts/second_enrol.html", context, status=422 if form.is_bound else 200)


@needs_proof
@require_POST
@never_cache
def recovery_renew(request: AuthenticatedRequest) -> HttpResponse:
    """Make new recovery codes and show them once."""
    return _shown(request, factors.renew_recovery_codes(user=request.user, address=audit.address_of(request)), goal_of(request, "accounts:security"))


@needs_proof
@require_POST
def second_remove(request: AuthenticatedRequest) -> HttpResponse:
    """Take one's own second factor away, where no role asks for one."""
    factors.remove(user=request.user, address=audit.address_of(request))
    messages.success(request, _("The second factor is taken away. From now on the password alone lets you in."))
    return redirect("accounts:security")


@never_cache
@sensitive_post_parameters(FIELD)
@require_http_methods(["GET", "POST"])
def prove(request: AuthenticatedRequest) -> HttpResponse:
    """Ask once more who it is, and go on to what was wanted; where that is a file, offer the way back beside it."""
    goal, back = goal_of(request), goal_of(request, name="back")
    form = ProofForm(request.POST or None, request=request)
    if not form.is_valid():
        waiting = [("next", goal), ("back", back)]
        return render(request, "accounts/prove.html", {"form": form, "waiting": waiting, "action": "", "back": back}, status=422 if form.is_bound else 200)
    if _answers_with_a_file(goal):
        return render(request, "accounts/proved.html", {"goal": goal, "back": back})
    return redirect(goal)


def _answers_with_a_file(address: str) -> bool:
    try:
        return proof_before(resolve(address.partition("?")[0]).func, "GET") == FILE
    except Resolver404:
        return False


def _shown(request: AuthenticatedRequest, codes: list[str], goal: str) -> HttpResponse:
    return render(request, "accounts/recovery_codes.html", {"codes": codes, "next": goal})


def _qr_of(text: str) -> SafeString:
    drawn = segno.make(text, micro=False, error="m").svg_inline(border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - black and white squares; the library writes no text into it
