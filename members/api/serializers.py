"""Persons as other systems read them: masked unless a grant says otherwise."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from members.models import Membership, OfficerTerm, Person, Secondment
from portal.foundation.api.fields import DaysField, ReferenceField, UrlField
from portal.foundation.text import mask_name, mask_phone

PERSONS = "members-api:person-list"


class OfficerTermSerializer(serializers.ModelSerializer[OfficerTerm]):
    """An office held in the branch."""

    during = DaysField(help_text=_("On which days."))

    class Meta:
        model = OfficerTerm
        fields = ["office", "during"]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """Time in a branch that the reader sees, with offices."""

    branch = ReferenceField(BRANCHES, help_text=_("The branch."))
    during = DaysField(help_text=_("On which days."))
    terms = OfficerTermSerializer(many=True, help_text=_("Offices held in that time."))

    class Meta:
        model = Membership
        fields = ["branch", "during", "terms"]


class SecondmentSerializer(serializers.ModelSerializer[Secondment]):
    """Which work unit sent the person."""

    home_unit = ReferenceField(WORK_UNITS, help_text=_("The work unit that sent the person."))
    region = ReferenceField(REGIONS, allow_null=True, help_text=_("Where to, if said."))
    during = DaysField(help_text=_("On which days."))

    class Meta:
        model = Secondment
        fields = ["home_unit", "region", "channel", "job", "during"]


class PersonSerializer(serializers.ModelSerializer[Person]):
    """A person. `sensitive_seen` on the row says whether the reader sees names and telephones in full."""

    url = UrlField(PERSONS)
    name = serializers.SerializerMethodField(help_text=_("The name; for another system without sight of personal fields, its first character."))
    phone = serializers.SerializerMethodField(help_text=_("The private telephone: in full, masked, or null."))
    duty_phone = serializers.SerializerMethodField(help_text=_("The duty telephone: in full, masked, or null. Calls are made from the pages."))
    masked = serializers.SerializerMethodField(help_text=_("Whether personal fields are masked or left out for you."))
    memberships = MembershipSerializer(many=True, help_text=_("Time in branches that you see."))
    secondments = SecondmentSerializer(many=True, help_text=_("Which work units sent the person."))

    class Meta:
        model = Person
        fields = ["public_id", "url", "name", "kind", "phone", "duty_phone", "masked", "memberships", "secondments"]

    def get_name(self, person: Any) -> str:
        """The name as the reader may see it."""
        return mask_name(person.name) if self.context["machine"] and not person.sensitive_seen else str(person.name)

    def get_phone(self, person: Any) -> str | None:
        """The private telephone as the reader may see it."""
        return self._telephone(person, person.phone)

    def get_duty_phone(self, person: Any) -> str | None:
        """The duty telephone as the reader may see it."""
        return self._telephone(person, person.duty_phone)

    def get_masked(self, person: Any) -> bool:
        """Whether something is hidden."""
        return not person.sensitive_seen

    def _telephone(self, person: Any, number: str) -> str | None:
        if person.sensitive_seen:
            return number or None
        return mask_phone(number) if number and not self.context["machine"] else None
