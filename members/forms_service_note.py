"""The form of words of merit."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.forms import DayField
from branches.models import Branch


class ServiceNoteForm(forms.Form):
    """What somebody did on a day; for one of the branches whose records the writer keeps."""

    branch = forms.ModelChoiceField(label=_("Branch"), queryset=Branch.objects.none(), to_field_name="public_id")
    day = DayField(label=_("Day"))
    words = forms.CharField(
        label=_("What deserves to be known"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The person and their work unit read it. Nobody is compared with anybody here; write what was done, without names of residents."),
    )
    uid = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any, branches: list[Branch], **initial: Any) -> None:
        """Offer `branches`, and no choice where there is but one; a new identifier each time that the form is opened."""
        super().__init__(data, initial={"uid": uuid4(), **initial})
        field: Any = self.fields["branch"]
        field.queryset = Branch.objects.filter(pk__in=[branch.pk for branch in branches])
        field.widget.choices = [(branch.public_id, branch.name) for branch in branches]
        if len(branches) == 1:
            field.widget = forms.HiddenInput()
            self.initial["branch"] = branches[0].public_id

    def taken_back(self) -> None:
        """Let the words be empty: that takes them back."""
        self.fields["words"].required = False
        self.fields["words"].help_text = _("Leave it empty to take the words back. What stood here before is kept.")
