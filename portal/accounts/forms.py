"""Forms of sign-in, users, grants and tokens."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from branches import access
from branches.access import Act, Role
from branches.forms import DayField
from branches.models import Branch, Region, WorkUnit
from portal.accounts.models import User
from portal.accounts.services import TOKEN_DAYS, Scope, Terms
from portal.foundation import clock
from portal.foundation.text import fold

SUGGESTED_SCOPES = 300


def _password_rules() -> str:
    """The rules of AUTH_PASSWORD_VALIDATORS in one sentence."""
    lengths = [validator.min_length for validator in get_default_password_validators() if isinstance(validator, MinimumLengthValidator)]
    return gettext("At least %(length)d characters, not digits alone, no common password, and unlike your name and account.") % {
        "length": max(lengths, default=1)
    }


password_rules = lazy(_password_rules, str)


class SignInForm(AuthenticationForm):
    """Account and password."""

    # No account is longer, and the log of failed sign-ins has no room for more.
    username = UsernameField(
        label=_("Account"), max_length=150, widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none", "autocomplete": "username"})
    )
    password = forms.CharField(label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    error_messages = {
        "invalid_login": _("Account and password do not match, or the account is closed. Check upper and lower case."),
        "inactive": _("Account and password do not match, or the account is closed. Check upper and lower case."),
    }


class NewPasswordForm(forms.Form):
    """A new password, twice, with the rules beside it."""

    password = forms.CharField(
        label=_("New password"), strip=False, max_length=128, help_text=password_rules(), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    repeated = forms.CharField(
        label=_("New password once more"), strip=False, max_length=128, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_repeated(self) -> str:
        """Refuse a second password unlike the first."""
        repeated: str = self.cleaned_data["repeated"]
        if repeated != self.cleaned_data.get("password", repeated):
            raise ValidationError(_("The two passwords are not the same."))
        return repeated


class ActivationForm(NewPasswordForm):
    """The code from the slip, and the password to have."""

    code = forms.CharField(
        label=_("Activation code"),
        max_length=40,
        help_text=_("Twelve letters and digits from the slip that you were given; capitals and hyphens do not matter."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    field_order = ["code", "password", "repeated"]


class PasswordChangeForm(NewPasswordForm):
    """The present password and the new one."""

    present = forms.CharField(
        label=_("Present password"), strip=False, max_length=128, widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
    )
    field_order = ["present", "password", "repeated"]

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_present(self) -> str:
        """Refuse when it is not the user's password; tries are counted with those of the sign-in page, and lock as they do."""
        present: str = self.cleaned_data["present"]
        if authenticate(self.request, username=self.user.username, password=present) != self.user:
            raise ValidationError(_("This is not your present password."))
        return present


class ProfileForm(forms.Form):
    """What users change about themselves."""

    name = forms.CharField(label=_("Name"), max_length=60, required=False)
    # Each language in its own words: whoever reads the wrong one must find theirs.
    language = forms.ChoiceField(label=_("Language"), choices=[("zh-hans", "简体中文"), ("en", "English")])


class TokenForm(forms.Form):
    """How long a token holds."""

    days = forms.TypedChoiceField(label=_("Holds for"), coerce=int, choices=[(days, format_lazy("{} {}", days, _("days"))) for days in TOKEN_DAYS])


class ScopeField(forms.CharField):
    """A region, work unit or branch by its name, or a region by its code; empty is everything.

    Only what lies within the giver's reach is found. Names that several share are written with the region in brackets, as the
    suggestions are: 某某临时党支部（詹家墩社区）.
    """

    def __init__(self, *, reach: access.Reach, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reach = reach

    def suggestions(self) -> list[str]:
        """Return the first labels that can be named: branches, then regions, then work units."""
        return [label for label, _scope in self._labelled("", SUGGESTED_SCOPES)][:SUGGESTED_SCOPES]

    def clean(self, value: Any) -> Any:
        """Return the scope meant."""
        wanted = fold(super().clean(value))
        if not wanted:
            return None
        # The search column narrows it down; what is in brackets is not part of the name.
        found = [scope for label, scope in self._labelled(re.split(r"[（(]", wanted)[0]) if wanted in _spellings(label, scope)]
        if not found:
            raise ValidationError(_("Nothing of this name lies in your area. Take one of the suggestions, or type the code of a region."))
        if len(found) > 1:
            raise ValidationError(_("Several have this name: add the region in brackets, as in the suggestions."))
        return found[0]

    def _labelled(self, words: str, limit: int | None = None) -> Iterator[tuple[str, Scope]]:
        reach = self.reach
        territorial = access.Reach(everything=reach.everything, regions=reach.regions, branches=reach.branches)
        regions = Q() if reach.everything else Q(pk__in=access.regions_below(reach.regions))
        units = Q() if reach.everything else Q(pk__in=access.units_below(reach.work_units))
        for branch in Branch.objects.filter(access.branches_within(territorial)).select_related("region").found_by(words)[:limit]:
            yield f"{branch.name}（{branch.region.name}）", branch
        for region in Region.objects.filter(regions).found_by(words)[:limit]:
            yield f"{region.name}（{region.get_level_display()}）", region
        for unit in WorkUnit.objects.filter(units).found_by(words)[:limit]:
            yield unit.name, unit


def _spellings(label: str, scope: Scope) -> set[str]:
    names = {fold(label), fold(scope.name)}
    return names | {scope.code} - {""} if isinstance(scope, Region) else names


class GrantForm(forms.Form):
    """A role over a scope, from a day until a day; over everything only when that is ticked."""

    role = forms.ChoiceField(label=_("Role"))
    first = DayField(label=pgettext_lazy("grant", "From"))
    last = DayField(
        label=pgettext_lazy("grant", "Until"),
        required=False,
        help_text=_("The last day, a year from now at most; empty: half a year, for readers of figures a year."),
    )

    def __init__(self, *args: Any, giver: User, is_machine: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_machine = is_machine
        reach = access.reach(giver, Act.GIVE_GRANTS)
        given = access.roles_given_by(giver)
        roles = [(role.value, role.label) for role in Role if role in given]
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=[("", _("Choose a role")), *roles])
        self.fields["scope"] = ScopeField(
            label=pgettext_lazy("grant", "Over"),
            reach=reach,
            required=not reach.everything,
            max_length=220,
            help_text=_("A branch, region or work unit by name, or a region by code. It holds for all below."),
            widget=forms.TextInput(attrs={"list": "scopes", "autocomplete": "off"}),
        )
        if reach.everything:
            self.fields["everything"] = forms.BooleanField(label=_("Over everything, instead of one place"), required=False)
        if access.may(giver, Act.GIVE_ANY_ROLE):
            self.fields["sensitive"] = forms.BooleanField(
                label=_("With sensitive fields"), required=False, help_text=_("Private phones and notes, also in exports and through the API.")
            )
        self.initial.setdefault("first", clock.today().isoformat())
        self.order_fields(["username", "name", "role", "scope", "everything", "first", "last", "sensitive"])

    def clean(self) -> dict[str, Any]:
        """Name everything that speaks against the grant at once, also when a field alone is wrong."""
        data = self.cleaned_data
        everything = data.get("everything", False)
        if everything and data.get("scope") is not None:
            self.add_error("everything", _("Either one place or everything: take one of the two out."))
        elif not everything and "scope" in data and data["scope"] is None:
            self.add_error("scope", _("Name a branch, region or work unit, or tick “over everything”."))
        if data.get("role"):
            terms = Terms(role=data["role"], scope=data.get("scope"), first=data.get("first") or date.min, last=data.get("last"))
            for name, message in terms.refusals(is_machine=self.is_machine).items():
                # Of an empty scope it is said once, beside what was ticked.
                if name != "scope" or everything:
                    self.add_error("everything" if name == "scope" else name, message)
        return data

    def suggestions(self) -> list[str]:
        """Return labels for the list of suggestions."""
        field = self.fields["scope"]
        assert isinstance(field, ScopeField)  # noqa: S101 - for the type checker
        return field.suggestions()

    def terms(self) -> Terms:
        """Return what was asked for."""
        data = self.cleaned_data
        return Terms(role=data["role"], scope=data["scope"], first=data["first"], last=data["last"], sensitive=data.get("sensitive", False))


class AccountField(UsernameField):
    """A name to sign in with that nobody has yet."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Account"),
            max_length=150,
            help_text=_("Letters, digits and . _ - @ +; what is typed to sign in."),
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def clean(self, value: Any) -> Any:
        """Check the name as the account itself does, beside the other fields and not after them."""
        username = super().clean(value)
        user, others = User(username=username), {field.name for field in User._meta.get_fields()} - {"username"}
        try:
            user.clean_fields(exclude=others)
            user.validate_unique(exclude=others)
        except ValidationError as error:
            raise ValidationError(error.message_dict["username"]) from error
        return username


class UserForm(forms.Form):
    """A new account, by a keeper of accounts: no grant yet."""

    username = AccountField()
    name = forms.CharField(label=_("Name"), max_length=60, required=False)
    is_machine = forms.BooleanField(label=_("Another system, which signs in with tokens"), required=False)


class UserWithGrantForm(GrantForm):
    """A new account with its first grant, by an administrator."""

    username = AccountField()
    name = forms.CharField(label=_("Name"), max_length=60)


class UploadForm(forms.Form):
    """A workbook of branches and clerks."""

    workbook = forms.FileField(
        label=_("Workbook (.xlsx)"),
        help_text=_("At most 2,000 rows and 5 MB. Nothing is stored before you have seen the rows and confirmed."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}),
    )
