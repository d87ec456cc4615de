"""Persons as other systems read them: masked unless a grant says otherwise."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from members.models import DutyPost, Membership, OfficerTerm, Person, Secondment, Shift, ShiftTime
from portal.foundation.api.fields import DaysField, ReferenceField, UrlField
from portal.foundation.text import mask_name, mask_phone

PERSONS = "members-api:person-list"
DUTY_POSTS = "members-api:duty-post-list"
SHIFTS = "members-api:shift-list"


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


class ShiftTimeSerializer(serializers.ModelSerializer[ShiftTime]):
    """A shift of a post's day."""

    class Meta:
        model = ShiftTime
        fields = ["starts_at", "ends_at"]


class DutyPostSerializer(serializers.ModelSerializer[DutyPost]):
    """Something that a branch staffs in shifts."""

    url = UrlField(DUTY_POSTS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that staffs it."))
    times = ShiftTimeSerializer(many=True, help_text=_("The shifts of its day; one that ends no later than it starts runs over midnight."))
    during = DaysField(help_text=_("On which days it is staffed."))

    class Meta:
        model = DutyPost
        fields = ["public_id", "url", "branch", "name", "duty", "people", "times", "during"]


class ShiftSerializer(serializers.ModelSerializer[Shift]):
    """A post to be staffed from a moment until a moment; who serves is not told."""

    url = UrlField(SHIFTS)
    branch = ReferenceField(BRANCHES, source="post.branch", help_text=_("The branch that staffs the post."))
    post = ReferenceField(DUTY_POSTS, help_text=_("The post."))
    business_date = serializers.DateField(help_text=_("The business date in force at its start."))
    starts_at = serializers.DateTimeField(read_only=True, help_text=_("When it starts."))
    ends_at = serializers.DateTimeField(read_only=True, help_text=_("When it ends."))
    on_duty = serializers.IntegerField(read_only=True, help_text=_("How many people are on it."))

    class Meta:
        model = Shift
        fields = ["public_id", "url", "branch", "post", "business_date", "starts_at", "ends_at", "people", "on_duty"]
