"""Forms of contact points: which site, who answers for it, and a visit with what is to be mended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.forms_inspections import ROOM, PointForm
from activities.models import ContactPoint
from activities.services.contacts import LeaderFacts, VisitFacts, branches_at
from activities.services.inspections import PointFacts
from branches.access import Act
from branches.forms import DayField, NamedField, TimeInput
from branches.models import Branch, Region, WorkUnit
from portal.foundation import clock

_CHOICES: Final = 200
_LINE: Final = {"rows": 2}


class LeaderForm(forms.Form):
    """Who answers for a site."""

    name = forms.CharField(label=pgettext_lazy("contact point", "Leader"), max_length=60)
    office = forms.CharField(label=_("Office of the leader"), required=False, max_length=60)
    unit = NamedField(label=_("Work unit of the leader"), required=False, help_text=_("The work unit's name."))
    duty_phone = forms.CharField(
        label=_("Duty phone"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("Reviewers and officials may call it; each call is logged."),
    )
    from_day = DayField(label=_("From"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("from_day", clock.today())
        unit: Any = self.fields["unit"]
        unit.among = WorkUnit.objects.all()

    def leader(self) -> LeaderFacts:
        """Return who it is."""
        return LeaderFacts(**{name: self.cleaned_data[name] for name in LeaderForm.base_fields})


class ContactPointForm(LeaderForm):
    """A new contact point, with who answers for it."""

    region = NamedField(label=pgettext_lazy("contact point", "Place"), help_text=_("Name or code of the compound, community or site."))
    spot = forms.CharField(label=_("Spot in it"), required=False, max_length=60, help_text=_("Where it is not the whole place, as a gate or a market."))
    uid = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ["region", "spot", *LeaderForm.base_fields, "uid"]

    def __init__(self, user: object, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        region: Any = self.fields["region"]
        region.among = Region.objects.visible_to(user, Act.KEEP_CONTACT_POINTS)


class CloseForm(forms.Form):
    """The last day on which somebody answers for a site."""

    last_day = DayField(label=_("Last day"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("last_day", clock.today())


class VisitForm(forms.Form):
    """When the leader came, and what was found."""

    visited_day = DayField(label=_("Day of the visit"))
    visited_time = forms.TimeField(label=_("Time"), widget=TimeInput())
    found = forms.CharField(label=_("What was found"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    stand_in = forms.CharField(label=_("Who came in the leader's place"), required=False, max_length=60)
    branch = forms.ModelChoiceField(
        label=_("Which branch mends what is to be mended"), queryset=Branch.objects.none(), to_field_name="public_id", required=False, empty_label=None
    )
    uid = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, point: ContactPoint, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        branches = list(branches_at(point).by_name()[:_CHOICES])
        field: Any = self.fields["branch"]
        field.queryset = Branch.objects.filter(pk__in=[branch.pk for branch in branches])
        field.widget.choices = [(branch.public_id, branch.name) for branch in branches]
        self.has_branches = bool(branches)
        if not branches:
            del self.fields["branch"]

    def facts(self) -> VisitFacts:
        """Return what was typed."""
        typed = self.cleaned_data
        moment = timezone.make_aware(datetime.combine(typed["visited_day"], typed["visited_time"]))
        return VisitFacts(moment, typed["found"], typed["stand_in"])


class FoundForm(PointForm):
    """Something to be mended; who of the branch sees to it, the branch says."""

    owner = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__([], *args, **options)

    @property
    def facts(self) -> PointFacts | None:
        """Return what was typed; None where nothing was."""
        return PointFacts(self.cleaned_data["what"], self.cleaned_data["due_on"]) if self.cleaned_data["what"] else None


def found_forms(data: Mapping[str, Any] | None) -> list[FoundForm]:
    """Return room for what is to be mended."""
    return [FoundForm(data, prefix=f"p{number}") for number in range(1, ROOM + 1)]
