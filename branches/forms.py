"""Forms of an administrator: a branch's facts, times and place; regions and work units."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, BranchSchedule, Region, WorkUnit
from branches.services import administers_everything, regions_administered
from portal.foundation import clock
from portal.foundation.errors import Conflict
from portal.foundation.text import fold

# More names than this say nothing to who has to choose.
_NAMED = 5
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 12, 31)


class DayInput(forms.DateInput):
    """The browser's own calendar; it sends and takes ISO dates in every language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own clock."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class DayField(forms.DateField):
    """A day, as ISO date, in a year that a branch may have seen: the day after the last one that a date can hold is none."""

    widget = DayInput

    def __init__(self, **options: Any) -> None:
        sentence = _("Choose a day between the years 1900 and 2100.")
        bounds = [MinValueValidator(_EARLIEST, sentence), MaxValueValidator(_LATEST, sentence)]
        super().__init__(input_formats=["%Y-%m-%d"], validators=bounds, **options)


class NamedField(forms.CharField):
    """One object by name or code: typed, because a province has more places than a list can hold.

    `among` is set by the form: the objects that whoever types may name.
    """

    among: "QuerySet[Any]"

    def prepare_value(self, value: Any) -> Any:
        """Show an object by its name."""
        return value.name if isinstance(value, Region | WorkUnit | Branch) else value

    def clean(self, value: Any) -> Any:
        """Return the object, None for nothing; refuse a name that fits none or several."""
        text = super().clean(value)
        return self.named(text) if text else None

    def named(self, text: str) -> Any:
        """Return the object that `text` names: exactly, or as the only one that it fits."""
        found = list(self.among.found_by(text).order_by("name_key", "pk")[:20])  # type: ignore[attr-defined]
        exact = [one for one in found if fold(text) in {fold(one.name), getattr(one, "code", "") or None}]
        chosen = exact if exact else found
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise ValidationError(_("Several fit: %(names)s. Type the whole name or the code."), params={"names": _names(chosen)})
        raise ValidationError(_("Nothing within your area is called “%(text)s”."), params={"text": text})


class NamedListField(NamedField):
    """Several objects by name or code, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """Show each object's name on a line of its own."""
        return value if isinstance(value, str) or value is None else "\n".join(one.name for one in value)

    def clean(self, value: Any) -> Any:
        """Return the objects, each once, in the order typed."""
        text = forms.CharField.clean(self, value)
        return list(dict.fromkeys(self.named(line) for line in text.splitlines() if line.strip()))


def _names(found: list[Any]) -> str:
    names = ", ".join(f"{one.name} {one.code}".strip() if isinstance(one, Region) else str(one.name) for one in found[:_NAMED])
    return f"{names}…" if len(found) > _NAMED else names


class BranchForm(forms.ModelForm):  # type: ignore[type-arg]
    """A branch's facts. Its host region changes from a day on, in `MoveForm`."""

    covers = NamedListField(label=_("Covers"), required=False, help_text=_("Compounds, communities or sites, one a line."))
    sending_units = NamedListField(label=_("Members come from"), required=False, help_text=_("Work units, one a line."))

    class Meta:
        model = Branch
        fields = ["name", "kind", "guided_by", "established_on", "started_work_on", "reports_daily", "reports_from"]
        field_classes = {"established_on": DayField, "started_work_on": DayField, "reports_from": DayField}

    field_order = ["name", "kind", "guided_by", "established_on", "started_work_on", "covers", "sending_units", "reports_daily", "reports_from"]

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _among(self, "covers", Region.objects.all() if self.instance.pk else regions_administered(user))
        _among(self, "sending_units", WorkUnit.objects.all())
        if self.instance.pk:
            self.initial["covers"] = list(self.instance.covers.all())
            self.initial["sending_units"] = list(self.instance.sending_units.all())

    def facts(self) -> dict[str, Any]:
        """Return the branch's own fields, as typed."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def _post_clean(self) -> None:
        """Leave the branch as it is: the service writes it, and names what changed."""


class NewBranchForm(BranchForm):
    """A new branch, with the region that hosts it."""

    region = NamedField(label=_("Host region"), help_text=_("Name or code of the community, compound or site."))
    field_order = ["name", "kind", "region", *BranchForm.field_order[2:]]

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(user, *args, **options)
        _among(self, "region", regions_administered(user))


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """When the day ends and the report is due, from a day on."""

    from_day = DayField(label=_("From"))

    class Meta:
        model = BranchSchedule
        fields = ["day_ends_at", "due_time", "due_next_day"]
        widgets = {"day_ends_at": TimeInput(), "due_time": TimeInput()}
        help_texts = {"day_ends_at": _("A day that ends before noon runs into the next morning.")}

    field_order = ["from_day", "day_ends_at", "due_time", "due_next_day"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("from_day", clock.today())

    def _post_clean(self) -> None:
        """Leave the schedule in force as it is: the service ends it and begins another."""


class MoveForm(forms.Form):
    """The region that hosts a branch, from a day on."""

    region = NamedField(label=_("New host region"), help_text=_("Name or code of the community, compound or site."))
    from_day = DayField(label=_("From"))

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _among(self, "region", regions_administered(user))
        self.initial.setdefault("from_day", clock.today())


class RegionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new region below one that the administrator keeps."""

    parent = NamedField(label=_("Lies in"), help_text=_("Name or code of the region above."))

    class Meta:
        model = Region
        fields = ["name", "level", "code", "households", "residents"]

    field_order = ["name", "level", "parent", "code", "households", "residents"]

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _among(self, "parent", regions_administered(user))
        # The first region of an empty deployment lies in none.
        self.fields["parent"].required = not administers_everything(user)

    def facts(self) -> dict[str, Any]:
        """Return the region's own fields, as typed."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    def _post_clean(self) -> None:
        """Leave validation across rows to the database."""


class WorkUnitForm(forms.Form):
    """A new work unit."""

    name = forms.CharField(label=_("Name"), max_length=100)
    parent = NamedField(label=_("Belongs to"), required=False)

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _among(self, "parent", WorkUnit.objects.visible_to(user))


@contextmanager
def refusals_shown(form: forms.BaseForm) -> Iterator[None]:
    """Show what a service refuses in the form, beside its field where it names one; the page is then drawn again with all that was typed."""
    try:
        yield
    except ValidationError as refusal:
        beside = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        for field, sentences in beside.items():
            for sentence in sentences:
                form.add_error(field if field in form.fields else None, sentence)


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """Say above the page what a button could not do, because it is refused or somebody was there before."""
    try:
        yield
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    except Conflict as conflict:
        messages.warning(request, str(conflict.message))


def _among(form: forms.BaseForm, name: str, objects: "QuerySet[Any]") -> None:
    field = form.fields[name]
    assert isinstance(field, NamedField)  # noqa: S101 - ours, by name
    field.among = objects
