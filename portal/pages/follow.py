"""A resident's own page: how a need stands, by the code that was given out. Open to whoever has one; the code is sent by POST and stands in no address."""

from math import ceil
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from activities.models import Need
from activities.services import following
from branches.forms import refusals_shown
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict


class FollowForm(forms.Form):
    """The code from the slip."""

    code = forms.CharField(
        label=_("Code from your slip"),
        max_length=40,
        help_text=_("Twelve letters and digits; capitals and hyphens do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class ConfirmForm(forms.Form):
    """The code once more, and the telephone's last digits, by which a resident confirms that a need is solved."""

    code = forms.CharField(widget=forms.HiddenInput, max_length=40)
    digits = forms.CharField(
        label=_("Last four digits of the telephone that you left"), max_length=4, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )


@login_not_required
@never_cache
@sensitive_post_parameters("code", "digits")
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for the code; with one, say how the need stands, and let the resident confirm that it is solved."""
    form = FollowForm(request.POST or None)
    confirm = ConfirmForm(request.POST) if "digits" in request.POST else None
    need, address = None, audit.address_of(request)
    try:
        if form.is_valid():
            with refusals_shown(form):
                need = following.follow(code=form.cleaned_data["code"], address=address)
        if need is not None and confirm is not None and confirm.is_valid():
            with refusals_shown(confirm):
                need = following.confirm_solved(code=confirm.cleaned_data["code"], digits=confirm.cleaned_data["digits"], address=address)
    except Conflict as conflict:
        return _conflict(request, form, conflict)
    status = 422 if form.errors or (confirm is not None and confirm.errors) else 200
    return render(request, "portal/follow.html", {"form": form, **_shown(request, need, confirm)}, status=status)


def _shown(request: HttpRequest, need: Need | None, confirm: ConfirmForm | None) -> dict[str, Any]:
    """Return what the page says of a need: never what it is about."""
    if need is None:
        return {"need": None}
    solved = need.is_resolved and following.answered_solved(need)
    may_confirm = need.is_resolved and not solved and len(need.phone) >= following.DIGITS
    return {"need": need, "solved": solved, "confirm": (confirm or ConfirmForm(initial={"code": request.POST["code"]})) if may_confirm else None}


def _conflict(request: HttpRequest, form: FollowForm, conflict: Conflict) -> HttpResponse:
    if conflict.code != "wait":
        form.add_error(None, ValidationError(str(conflict.message)))
        return render(request, "portal/follow.html", {"form": form, "need": None}, status=409)
    response = render(request, "portal/follow.html", {"form": FollowForm(), "need": None, "until": conflict.current, "waits": conflict.message}, status=429)
    response["Retry-After"] = str(max(1, ceil((conflict.current - clock.now()).total_seconds())))
    return response
