"""Forms of the ledger of needs: recording in a few taps, and what is done with a need afterwards."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from activities.models import Need, NeedEvent
from activities.services.needs import NeedFacts, Target
from branches.access import Act
from branches.models import Branch, Level, Region
from members.models import Membership, Person
from portal.foundation import clock

# A list to choose from is read by eye.
_CHOICES: Final = 200
_LINE: Final = {"rows": 2}


class FactsForm(forms.Form):
    """What a resident asks for."""

    category = forms.ChoiceField(label=_("What is it about?"), choices=Need.Category.choices, widget=forms.RadioSelect)
    words = forms.CharField(label=_("What is needed"), required=False, max_length=500, widget=forms.Textarea(attrs=_LINE))
    urgency = forms.ChoiceField(label=_("How soon?"), widget=forms.RadioSelect)
    channel = forms.ChoiceField(label=_("How did it come?"), choices=Need.Channel.choices, widget=forms.RadioSelect)
    household = forms.CharField(label=_("Household"), required=False, max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    phone = forms.CharField(label=_("Phone"), required=False, max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}))
    contact = forms.CharField(label=_("Name"), required=False, max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    residents = forms.IntegerField(
        label=_("For how many residents"), min_value=1, max_value=999, required=False, initial=1, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        urgency: Any = self.fields["urgency"]
        hours = {urgency: int(allowed.total_seconds() // 3600) for urgency, allowed in Need.ALLOWED.items()}
        urgency.choices = [(each.value, _("%(urgency)s (within %(hours)s h)") % {"urgency": each.label, "hours": hours[each]}) for each in Need.Urgency]

    def clean_residents(self) -> int:
        """Take nothing for one."""
        return self.cleaned_data["residents"] or 1

    def clean_phone(self) -> str:
        """Leave out what people put between the digits, so that one telephone is written in one way."""
        return "".join(character for character in str(self.cleaned_data["phone"]) if character not in " -–—()（）")

    def clean_household(self) -> str:
        """Leave out spaces, so that one household is written in one way."""
        return "".join(str(self.cleaned_data["household"]).split())

    def values(self) -> dict[str, Any]:
        """Return what was typed, by field of the need."""
        return {name: self.cleaned_data[name] for name in FactsForm.base_fields}


class NeedForm(FactsForm):
    """A need that is being recorded, for one of the branches that whoever types records for."""

    branch = forms.ModelChoiceField(label=_("Branch"), queryset=Branch.objects.none(), to_field_name="public_id")
    result = forms.CharField(
        label=_("Solved at once? Write how"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs=_LINE),
        help_text=_("Leave it empty when somebody still has to see to it."),
    )
    uid = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ["branch", *FactsForm.base_fields, "result", "uid"]

    def __init__(self, user: object, data: Mapping[str, Any] | None, *, branch: UUID | None = None) -> None:
        """Offer the branches of `user`, and no choice where there is but one; a new identifier each time that the form is opened."""
        mine = Branch.objects.visible_to(user, Act.RECORD_NEEDS).filter(state=Branch.State.ACTIVE).by_name()
        offered = list(mine[:_CHOICES])
        chosen = next((one for one in offered if one.public_id == branch), offered[0] if len(offered) == 1 else None)
        last_channel = Need.Channel.PHONE
        initial = {"urgency": Need.Urgency.SOON, "channel": last_channel, "uid": uuid4(), "branch": chosen.public_id if chosen else None}
        super().__init__(data, initial=initial)
        field: Any = self.fields["branch"]
        field.queryset = mine
        field.widget.choices = [("", "—"), *((one.public_id, one.name) for one in offered)]
        self.sole = offered[0] if len(offered) == 1 else None
        if self.sole is not None:
            field.widget = forms.HiddenInput()

    def facts(self) -> NeedFacts:
        """Return what was typed."""
        return NeedFacts(**self.values())


class DeedForm(forms.Form):
    """Something that is done with a need."""

    def __init__(self, need: Need, data: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.need = need
        super().__init__(data, auto_id=f"id_{type(self).__name__}_%s", **options)


class ResolveForm(DeedForm):
    """The result with which a need is resolved."""

    result = forms.CharField(label=_("What was done"), max_length=500, widget=forms.Textarea(attrs=_LINE))


class AssignForm(DeedForm):
    """Who sees to a need: somebody who is in the branch today."""

    person = forms.ModelChoiceField(
        label=_("Who sees to it"), queryset=Person.objects.none(), to_field_name="public_id", required=False, empty_label=_("nobody in particular")
    )

    def __init__(self, need: Need, *args: Any, **options: Any) -> None:
        super().__init__(need, *args, **options)
        field: Any = self.fields["person"]
        here = Membership.objects.filter(branch=need.branch).on(clock.today()).values("person")
        field.queryset = Person.objects.filter(pk__in=here).order_by("name_key", "pk")
        if need.assignee is not None:
            self.initial.setdefault("person", need.assignee.public_id)


class HandOnForm(DeedForm):
    """Where a need goes that the branch cannot resolve alone: up to its community or street, to a work unit that sends people here, to a neighbour."""

    to = forms.ChoiceField(label=_("To whom"))
    note = forms.CharField(label=_("What they should know"), required=False, max_length=500, widget=forms.Textarea(attrs=_LINE))

    def __init__(self, need: Need, *args: Any, **options: Any) -> None:
        super().__init__(need, *args, **options)
        groups = [(str(title), list(targets)) for title, targets in targets_of(need.branch)]
        self._targets = {code_of(target): target for _title, targets in groups for target in targets}
        field: Any = self.fields["to"]
        field.choices = [("", "—"), *((title, [(code_of(target), target.name) for target in targets]) for title, targets in groups if targets)]

    def clean_to(self) -> Target:
        """Return what was chosen."""
        target: Target = self._targets[self.cleaned_data["to"]]
        return target


class TakeBackForm(DeedForm):
    """Why a need comes back to its branch."""

    note = forms.CharField(label=_("Why it comes back"), max_length=500, widget=forms.Textarea(attrs=_LINE))


class CallBackForm(DeedForm):
    """What the resident said when asked."""

    answer = forms.ChoiceField(label=_("What the resident said"), choices=NeedEvent.Answer.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("In the resident's words"), required=False, max_length=500, widget=forms.Textarea(attrs=_LINE))


class ReopenForm(DeedForm):
    """Why a need is opened again."""

    note = forms.CharField(label=_("Why it is opened again"), max_length=500, widget=forms.Textarea(attrs=_LINE))


class CorrectForm(DeedForm, FactsForm):
    """Other facts of a need."""

    field_order = list(FactsForm.base_fields)

    def __init__(self, need: Need, *args: Any, **options: Any) -> None:
        super().__init__(need, *args, **options)
        self.initial = {name: getattr(need, name) for name in FactsForm.base_fields}


class ManyDoneForm(forms.Form):
    """Needs ticked in a list, each with the revision that the list showed, and the one result of all."""

    result = forms.CharField(label=_("What was done with all of them"), max_length=500)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.ticked: list[str] = data.getlist("need") if data is not None else []

    def chosen(self) -> dict[UUID, int]:
        """Return the revision seen of each need, by its identifier.

        Raises:
            ValidationError: nothing is ticked, or what came is no tick of this list.
        """
        try:
            found = {UUID(name): int(revision) for name, _dot, revision in (tick.partition(".") for tick in self.ticked)}
        except ValueError as error:
            raise ValidationError(_("Tick the needs in the list.")) from error
        if not found:
            raise ValidationError(_("Tick the needs that are done."))
        return found


def code_of(target: Target) -> str:
    """Return how a choice names what a need goes to."""
    return f"{target._meta.model_name}:{target.public_id}"


def targets_of(branch: Branch) -> Iterator[tuple[Any, Any]]:
    """Yield groups of what a branch may hand needs on to."""
    today: date = clock.today()
    above = list(Region.objects.above(branch.region, today))
    near = [region for region in (*above, branch.region) if Level(region.level).rank >= Level.COUNTY.rank]
    yield _("Upwards"), near[::-1]
    yield _("Work units"), branch.sending_units.order_by("name_key", "pk")[:_CHOICES]
    street = next((region for region in near if Level(region.level).rank >= Level.TOWNSHIP.rank), branch.region)
    at_work = Branch.objects.within(street, today).filter(state=Branch.State.ACTIVE)
    yield _("Other branches here"), at_work.exclude(pk=branch.pk).by_name()[:_CHOICES]


def records_somewhere(user: object) -> bool:
    """Say whether `user` records needs for any branch."""
    return Branch.objects.visible_to(user, Act.RECORD_NEEDS).still_open().exists()
