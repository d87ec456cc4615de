"""Forms of inspections: what was found, point by point, and what is done about a point."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import InspectionPoint
from activities.services.inspections import InspectionFacts, PointFacts
from branches.forms import DayField
from branches.models import Branch
from members.models import Person
from portal.foundation import clock

# A list to choose from is read by eye.
_CHOICES: Final = 200
_LINE: Final = {"rows": 2}
# How many points the form has room for at first, how many more at a tap, and at most.
ROOM, MORE, MOST = 2, 3, 20
# How long a point usually has.
_USUAL: Final = timedelta(days=3)


class InspectionForm(forms.Form):
    """Who inspected a branch, when, what they looked at, and with what result."""

    business_date = DayField(label=_("Day of the inspection"))
    inspector = forms.CharField(label=_("Who inspected"), max_length=100, help_text=_("The office or the team, and who led it."))
    looked_at = forms.CharField(label=_("What was looked at"), max_length=500, widget=forms.Textarea(attrs=_LINE))
    result = forms.CharField(label=pgettext_lazy("inspection", "Result"), max_length=500, widget=forms.Textarea(attrs=_LINE))
    uid = forms.UUIDField(widget=forms.HiddenInput)

    def facts(self) -> InspectionFacts:
        """Return what was typed."""
        return InspectionFacts(**{name: value for name, value in self.cleaned_data.items() if name != "uid"})


class PointForm(forms.Form):
    """Something to be mended; left out where nothing is said."""

    what = forms.CharField(label=_("What is to be mended"), required=False, max_length=500, widget=forms.Textarea(attrs=_LINE))
    due_on = DayField(label=_("To be mended by"), required=False)
    owner = forms.ModelChoiceField(
        label=pgettext_lazy("point", "Who sees to it"),
        queryset=Person.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=pgettext_lazy("point", "the branch"),
    )

    def __init__(self, people: "list[Person]", *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("due_on", clock.today() + _USUAL)
        if "owner" in self.fields:
            _offer(self.fields["owner"], people)

    def clean(self) -> dict[str, Any]:
        """Ask for a day where something is to be mended."""
        typed = self.cleaned_data
        if typed.get("what") and typed.get("due_on") is None and "due_on" not in self.errors:
            self.add_error("due_on", _("Say by when it is to be mended."))
        return typed

    @property
    def facts(self) -> PointFacts | None:
        """Return what was typed; None where nothing was."""
        return PointFacts(**self.cleaned_data) if self.cleaned_data["what"] else None


def point_forms(people: list[Person], data: Mapping[str, Any] | None, room: int) -> list[PointForm]:
    """Return room for points, one after another."""
    return [PointForm(people, data, prefix=f"p{number}") for number in range(1, min(room, MOST) + 1)]


def people_of(branch: Branch, reader: object) -> list[Person]:
    """Return who is in a branch today, of those that the reader may see, to choose an owner from."""
    seen = Person.objects.visible_to(reader).values("pk")
    return list(Person.objects.members_of(branch, clock.today()).filter(pk__in=seen).order_by("name_key", "pk")[:_CHOICES])


def _offer(field: Any, people: list[Person]) -> None:
    """Offer people who were read already: a form has this choice many times."""
    field.queryset = Person.objects.filter(pk__in=[person.pk for person in people])
    field.widget.choices = [("", field.empty_label), *((person.public_id, person.name) for person in people)]


class DeedForm(forms.Form):
    """Something that is done about a point."""

    def __init__(self, point: InspectionPoint, reader: object, data: Mapping[str, Any] | None = None) -> None:
        self.point, self.reader = point, reader
        super().__init__(data, auto_id=f"id_{type(self).__name__}_%s")


class MendForm(DeedForm):
    """How a point was mended."""

    note = forms.CharField(label=pgettext_lazy("point", "What was done"), max_length=500, widget=forms.Textarea(attrs=_LINE))


class AssignForm(DeedForm):
    """Who of the branch sees to a point."""

    person = forms.ModelChoiceField(
        label=pgettext_lazy("point", "Who sees to it"),
        queryset=Person.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=pgettext_lazy("point", "the branch"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _offer(self.fields["person"], people_of(self.point.branch, self.reader))
        if self.point.owner is not None:
            self.initial.setdefault("person", self.point.owner.public_id)


class PassForm(DeedForm):
    """That a point is mended."""

    note = forms.CharField(label=_("What was seen"), required=False, max_length=500, widget=forms.Textarea(attrs=_LINE))


class SendBackForm(DeedForm):
    """What is still missing, and until when it may take."""

    note = forms.CharField(label=_("What is still missing"), max_length=500, widget=forms.Textarea(attrs=_LINE))
    due_on = DayField(label=_("To be mended by"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("due_on", clock.today() + _USUAL)


class WithdrawForm(forms.Form):
    """Why an inspection is withdrawn."""

    why = forms.CharField(label=_("Why it is withdrawn"), max_length=500, widget=forms.Textarea(attrs=_LINE))
