"""What a search is narrowed by."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from branches import access
from branches.access import Act
from branches.forms import DayField, NamedField
from branches.models import Region

LONGEST_QUERY: Final = 100
# What can be looked for; notes only by those who may read them.
BRANCHES, PEOPLE, PLACES, UNITS, NOTES = "branches", "people", "places", "units", "notes"
WHAT: Final = {BRANCHES: _("Branches"), PEOPLE: _("People"), PLACES: _("Places"), UNITS: _("Work units"), NOTES: _("Notes")}


class SearchForm(forms.Form):
    """Words, and what narrows the search: a kind of thing, a region, the days of notes."""

    q = forms.CharField(
        label=_("Look for"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "maxlength": LONGEST_QUERY, "autocomplete": "off", "enterkeyhint": "search"}),
    )
    what = forms.ChoiceField(label=_("Among"), required=False, widget=forms.HiddenInput)
    region = NamedField(label=_("In the region"), required=False, max_length=100)
    since = DayField(label=_("Notes from (date)"), required=False)
    until = DayField(label=_("Notes to (date)"), required=False)

    def __init__(self, data: Any, *, reader: Any) -> None:
        super().__init__(data, auto_id="search-%s")
        self.reads_notes = access.may(reader, Act.SEE_SENSITIVE)
        what = self.fields["what"]
        assert isinstance(what, forms.ChoiceField)  # noqa: S101 - declared above
        what.choices = [(name, label) for name, label in WHAT.items() if name != NOTES or self.reads_notes]
        region = self.fields["region"]
        assert isinstance(region, NamedField)  # noqa: S101 - declared above
        region.among = Region.objects.visible_to(reader)
        if not self.reads_notes:
            del self.fields["since"], self.fields["until"]

    def clean_q(self) -> str:
        """Cut the words to a length that somebody may have meant."""
        words: str = self.cleaned_data["q"]
        return words[:LONGEST_QUERY].strip()

    def clean(self) -> dict[str, Any]:
        """Refuse days that run backwards."""
        super().clean()
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The end is before the start."))
        return self.cleaned_data

    @property
    def is_narrowed(self) -> bool:
        """Whether a region or days narrow the search."""
        return any(self.data.get(name) for name in self.fields if name not in ("q", "what"))
