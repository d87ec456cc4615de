"""Forms of the way to a branch's end."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.forms_needs import code_of, targets_of
from branches.forms import DayField, NamedField
from branches.models import Branch
from portal.foundation import clock

_ROWS = {"rows": 3}


class BeginForm(forms.Form):
    """When a branch ends, and into which other it goes, if into any."""

    last_day = DayField(label=_("Last day"), help_text=_("The last day on which the branch is at work."))
    merged_into = NamedField(
        label=_("Merged into"), required=False, help_text=_("Name of the branch that it goes into; leave empty when the branch is dissolved.")
    )

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("last_day", clock.today())
        into = self.fields["merged_into"]
        assert isinstance(into, NamedField)  # noqa: S101 - declared above
        into.among = Branch.objects.visible_to(user)


class HandOnForm(forms.Form):
    """To whom all open needs go: a neighbour at work, the community or street, a unit that sends people here."""

    to = forms.ChoiceField(label=_("To whom"))

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        groups = [(str(title), list(targets)) for title, targets in targets_of(branch)]
        self._targets = {code_of(target): target for _title, targets in groups for target in targets}
        field: Any = self.fields["to"]
        field.choices = [("", "—"), *((title, [(code_of(target), target.name) for target in targets]) for title, targets in groups if targets)]

    def clean_to(self) -> Any:
        """Return what was chosen."""
        return self._targets[self.cleaned_data["to"]]


class ReasonForm(forms.Form):
    """Why what is ticked stays as it is."""

    reason = forms.CharField(label=_("Why it stays as it is"), max_length=300, help_text=_("Kept with the end of the branch, and part of the pack."))


class StockForm(forms.Form):
    """Where goods and equipment went."""

    stock = forms.CharField(
        label=_("What went to whom"),
        max_length=1000,
        widget=forms.Textarea(attrs=_ROWS),
        help_text=_("There is no register of stock: say it in words, also when nothing was left."),
    )


class NarrativeForm(forms.Form):
    """The branch's story."""

    narrative = forms.CharField(label=_("The branch's story"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 14}))


class LettersForm(forms.Form):
    """The date that stands on the letters."""

    on = DayField(label=_("Date of the letters"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("on", clock.today())


class ConfirmForm(forms.Form):
    """That somebody has read what happens."""

    sure = forms.BooleanField(label=_("I have read what happens, and it is to happen now."))


class ReopenForm(forms.Form):
    """Why a dissolved branch is opened again."""

    reason = forms.CharField(label=_("Why it is opened again"), max_length=300, widget=forms.Textarea(attrs=_ROWS))
