"""Forms of suggestions: writing one down, and what is done with it afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.models import Suggestion
from activities.services.suggestions import SuggestionFacts, Target, scopes_above
from branches.access import Act
from branches.models import Branch

# A list to choose from is read by eye.
_CHOICES: Final = 200
_LINES: Final = {"rows": 4}


class FactsForm(forms.Form):
    """What is suggested."""

    topic = forms.ChoiceField(label=_("What is it about?"), choices=Suggestion.Topic.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("What is suggested"),
        max_length=1000,
        widget=forms.Textarea(attrs=_LINES),
        help_text=_("Write the matter, not who said it: no names, households or telephones."),
    )
    voice = forms.ChoiceField(label=_("Who says so?"), choices=Suggestion.Voice.choices, widget=forms.RadioSelect)

    def facts(self) -> SuggestionFacts:
        """Return what was typed."""
        return SuggestionFacts(**{name: self.cleaned_data[name] for name in FactsForm.base_fields})


class SuggestionForm(FactsForm):
    """A suggestion that is being written down, for one of the branches that whoever types records for."""

    branch = forms.ModelChoiceField(label=_("Branch"), queryset=Branch.objects.none(), to_field_name="public_id")
    uid = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ["branch", *FactsForm.base_fields, "uid"]

    def __init__(self, user: object, data: Mapping[str, Any] | None, *, branch: UUID | None = None) -> None:
        """Offer the branches of `user`, and no choice where there is but one; a new identifier each time that the form is opened."""
        mine = Branch.objects.visible_to(user, Act.RECORD_SUGGESTIONS).filter(state=Branch.State.ACTIVE).by_name()
        offered = list(mine[:_CHOICES])
        chosen = next((one for one in offered if one.public_id == branch), offered[0] if len(offered) == 1 else None)
        super().__init__(data, initial={"voice": Suggestion.Voice.RESIDENTS, "uid": uuid4(), "branch": chosen.public_id if chosen else None})
        field: Any = self.fields["branch"]
        field.queryset = mine
        field.widget.choices = [("", "—"), *((one.public_id, one.name) for one in offered)]
        self.sole = offered[0] if len(offered) == 1 else None
        if self.sole is not None:
            field.widget = forms.HiddenInput()


class DeedForm(forms.Form):
    """Something that is done with a suggestion."""

    def __init__(self, suggestion: Suggestion, data: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.suggestion = suggestion
        super().__init__(data, auto_id=f"id_{type(self).__name__}_%s", **options)

    def given(self) -> dict[str, Any]:
        """Return what the service is given."""
        return self.cleaned_data


class PassForm(DeedForm):
    """Where a suggestion goes: to what lies above where it is."""

    to = forms.ChoiceField(label=_("Pass it to"))
    note = forms.CharField(label=_("What they should know"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, suggestion: Suggestion, *args: Any, **options: Any) -> None:
        super().__init__(suggestion, *args, **options)
        regions, units = scopes_above(suggestion)
        groups: list[tuple[Any, Sequence[Target]]] = [(_("Upwards"), regions), (_("Work units"), units)]
        self._targets = {_code(target): target for _title, targets in groups for target in targets}
        field: Any = self.fields["to"]
        field.choices = [("", "—"), *((title, [(_code(target), target.name) for target in targets]) for title, targets in groups if targets)]

    def clean_to(self) -> Target:
        """Return what was chosen."""
        return self._targets[self.cleaned_data["to"]]


class AnswerForm(DeedForm):
    """The answer, and who may read it."""

    answer = forms.CharField(label=_("The answer"), max_length=1000, widget=forms.Textarea(attrs=_LINES))
    for_all = forms.BooleanField(
        label=_("For all below"),
        required=False,
        help_text=_("All branches below read the topic and this answer; the words of the suggestion, and whose it is, stay with those who have them."),
    )


class GiveBackForm(DeedForm):
    """Why a suggestion comes back to its branch."""

    note = forms.CharField(label=_("Why it comes back"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class LayAsideForm(DeedForm):
    """Why a suggestion is laid aside."""

    note = forms.CharField(label=_("Why it is laid aside"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class CorrectForm(DeedForm, FactsForm):
    """Other words, while the suggestion is at its branch."""

    field_order = list(FactsForm.base_fields)

    def __init__(self, suggestion: Suggestion, *args: Any, **options: Any) -> None:
        super().__init__(suggestion, *args, **options)
        self.initial = {name: getattr(suggestion, name) for name in FactsForm.base_fields}

    def given(self) -> dict[str, Any]:
        """Return the facts."""
        return {"facts": self.facts()}


def _code(target: Target) -> str:
    return f"{target._meta.model_name}:{target.public_id}"


def records_somewhere(user: object) -> bool:
    """Say whether `user` records suggestions for any branch."""
    return Branch.objects.visible_to(user, Act.RECORD_SUGGESTIONS).still_open().exists()
