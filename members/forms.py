"""Forms of an organiser: who joins, who leaves, who holds an office, and the end of a branch."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.forms import DayField, NamedField
from branches.models import Branch, WorkUnit
from members.models import Membership, OfficerTerm, Person
from members.services import PersonFacts
from portal.foundation import clock


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """Somebody who joins a branch."""

    home_unit = NamedField(label=_("Sent by"), required=False, help_text=_("The work unit's name."))
    from_day = DayField(label=_("From"))
    until_day = DayField(label=_("Last day"), required=False)

    class Meta:
        model = Person
        fields = ["name", "kind", "phone", "duty_phone"]
        # A person has 姓名; what the model calls the field is the word for things too.
        labels = {"name": _("Name")}
        widgets = {"phone": forms.TextInput(attrs={"inputmode": "tel"}), "duty_phone": forms.TextInput(attrs={"inputmode": "tel"})}
        help_texts = {
            "phone": _("Seen by the branch's organisers only; others see 138****1234."),
            "duty_phone": _("Reviewers and officials may call it; each call is logged."),
        }

    field_order = ["name", "kind", "home_unit", "from_day", "until_day", "phone", "duty_phone"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("from_day", clock.today())
        unit = self.fields["home_unit"]
        assert isinstance(unit, NamedField)  # noqa: S101 - declared above
        unit.among = WorkUnit.objects.all()

    def facts(self) -> PersonFacts:
        """Return who it is."""
        return PersonFacts(**{name: self.cleaned_data[name] for name in self._meta.fields or ()})


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is written down of a person; the private telephone is there only for who may see it."""

    class Meta:
        model = Person
        fields = ["name", "kind", "veteran", "duty_phone", "phone"]
        labels = MemberForm.Meta.labels
        widgets = MemberForm.Meta.widgets
        help_texts = MemberForm.Meta.help_texts

    def __init__(self, *args: Any, sees_phone: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not sees_phone:
            del self.fields["phone"]

    def _post_clean(self) -> None:
        """Leave the person as they are: the service writes, and names what changed."""


class MembershipEndForm(forms.Form):
    """The last day of somebody's time in a branch."""

    last_day = DayField(label=_("Last day"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("last_day", clock.today())


class OfficerForm(forms.Form):
    """An office in a branch, for one of its members."""

    membership = forms.ModelChoiceField(label=_("Who"), queryset=Membership.objects.none(), to_field_name="public_id")
    office = forms.ChoiceField(label=_("Office"), choices=OfficerTerm.Office.choices)
    from_day = DayField(label=_("From"))
    until_day = DayField(label=_("Last day"), required=False)

    def __init__(self, branch: Branch, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("from_day", clock.today())
        held = Membership.objects.filter(branch=branch).on(clock.today()).select_related("person").order_by("person__name_key", "pk")
        who: Any = self.fields["membership"]
        who.queryset = held
        who.label_from_instance = lambda membership: membership.person.name
