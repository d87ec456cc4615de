"""Proving once more who one is: with a code where the account has a second factor, otherwise with the password."""

from datetime import timedelta
from typing import Final

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.accounts import factors
from portal.accounts.models import User
from portal.accounts.sessions import session_of
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict

HOLDS: Final = timedelta(minutes=10)
# Beside the fields of the form that waits: no form of ours has a field of this name.
FIELD: Final = "proof_of_me"


class ProofForm(forms.Form):
    """A code, or the password."""

    def __init__(self, *args: object, request: HttpRequest, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.request = request
        assert isinstance(request.user, User)  # noqa: S101 - for the type checker
        self.user = request.user
        self.fields[FIELD] = _code_field() if self.user.has_second_factor else _password_field()

    def clean(self) -> dict[str, object]:
        """Check it; a right one holds for the session.

        Raises:
            ValidationError: it is wrong, or too many were.
        """
        if typed := self.cleaned_data.get(FIELD):
            prove(self.request, self.user, str(typed))
        return self.cleaned_data


def prove(request: HttpRequest, user: User, typed: str) -> None:
    """Take a code or the password of whoever is signed in; it counts for the session for ten minutes.

    Raises:
        ValidationError: by field: it is wrong, or too many were.
    """
    if user.has_second_factor:
        check_code(request, user, typed, FIELD)
    elif authenticate(request, username=user.username, password=typed) != user:
        audit.record(user, "account.proof_refused", user, address=audit.address_of(request))
        raise ValidationError({FIELD: _t("This is not your password.")})
    session_of(request).prove()


def check_code(request: HttpRequest, user: User, typed: str, field: str) -> None:
    """Take a code of the second factor.

    Raises:
        ValidationError: under `field`: it is wrong, or too many were.
    """
    try:
        factors.check(user=user, typed=typed, address=audit.address_of(request))
    except Conflict as conflict:
        minutes = max(1, -(-int((conflict.current - clock.now()).total_seconds()) // 60))
        raise ValidationError({field: _t("Too many wrong codes were typed. Try again in %(minutes)d minutes.") % {"minutes": minutes}}) from conflict
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error


def is_fresh(request: HttpRequest) -> bool:
    """Say whether the last proof is not older than ten minutes."""
    return clock.now() - session_of(request).proved_at < HOLDS


def _code_field() -> forms.CharField:
    return forms.CharField(
        label=pgettext_lazy("second factor", "Code"),
        max_length=40,
        help_text=_("Six digits from the app on your telephone, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}),
    )


def _password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autofocus": True, "autocomplete": "current-password"}),
    )
