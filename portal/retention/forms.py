"""Forms of retention."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches import access
from branches.access import Act
from branches.forms import DayField
from branches.models import Branch
from portal.accounts.forms import ScopeField
from portal.accounts.models import User
from portal.retention.models import DataRequest


class BranchField(ScopeField):
    """A branch by its name, or by its name and place in brackets; places and work units are not found."""

    def _labelled(self, words: str, limit: int | None = None) -> Iterator[tuple[str, Any]]:
        for label, scope in super()._labelled(words, limit):
            if not isinstance(scope, Branch):
                return
            yield label, scope


class HoldForm(forms.Form):
    """A branch of which nothing may be erased, why, and until when."""

    reason = forms.CharField(label=pgettext_lazy("hold", "Reason"), max_length=300, help_text=_("The file number, or what is looked into; names nobody."))
    until = DayField(label=pgettext_lazy("hold", "Until"), required=False, help_text=_("The last day; empty: until it is lifted."))

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["branch"] = BranchField(
            label=_("Branch"),
            reach=access.reach(actor, Act.HOLD_RECORDS),
            max_length=220,
            widget=forms.TextInput(attrs={"list": "scopes", "autocomplete": "off"}),
        )
        self.order_fields(["branch", "reason", "until"])

    def suggestions(self) -> list[str]:
        """Return labels for the list of suggestions."""
        field = self.fields["branch"]
        assert isinstance(field, ScopeField)  # noqa: S101 - for the type checker
        return field.suggestions()


class ClaimForm(forms.Form):
    """The identifier of a row of which somebody says that it was, or was not, destroyed."""

    row = forms.CharField(label=_("Identifier of a row"), max_length=36, required=False)

    def clean_row(self) -> UUID | None:
        """Return the identifier."""
        typed = str(self.cleaned_data["row"]).strip()
        if not typed:
            return None
        try:
            return UUID(typed)
        except ValueError as error:
            raise ValidationError(_("This is no identifier: it has 32 digits and letters from a to f.")) from error


class AskForm(forms.Form):
    """What somebody asks about their own data, in their words."""

    words = forms.CharField(
        label=pgettext_lazy("request", "In your words"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, needs_words: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["words"].required = needs_words
        help_text = _("What is wrong, and how it should be.") if needs_words else _("What else should go, if anything.")
        self.fields["words"].help_text = help_text


class AnswerForm(forms.Form):
    """How a request is answered."""

    outcome = forms.ChoiceField(
        label=pgettext_lazy("request", "Answer"),
        choices=[("done", pgettext_lazy("request", "It is done")), ("refused", pgettext_lazy("request", "It is refused"))],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=pgettext_lazy("request", "What was done, or why not"),
        help_text=_("Where it is refused: which rule asks for the data, and until when."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class WriteDownForm(forms.Form):
    """What somebody without an account asks: a resident, a volunteer, whoever is named in words."""

    kind = forms.ChoiceField(label=pgettext_lazy("request", "What they ask"), choices=DataRequest.Kind.choices)
    subject = forms.CharField(label=pgettext_lazy("request", "Who asks"), max_length=60)
    contact = forms.CharField(label=pgettext_lazy("request", "How to reach them"), max_length=100, required=False)
    words = forms.CharField(label=pgettext_lazy("request", "In their words"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["branch"] = BranchField(
            label=_("Branch"),
            reach=access.reach(actor, Act.ANSWER_REQUESTS),
            max_length=220,
            widget=forms.TextInput(attrs={"list": "scopes", "autocomplete": "off"}),
        )
        self.order_fields(["branch", "kind", "subject", "contact", "words"])

    def suggestions(self) -> list[str]:
        """Return labels for the list of suggestions."""
        field = self.fields["branch"]
        assert isinstance(field, ScopeField)  # noqa: S101 - for the type checker
        return field.suggestions()
