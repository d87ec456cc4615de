"""Persons as other systems read them: masked unless a grant says otherwise."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from members.hours import in_hours
from members.models import DutyPost, HandOver, Membership, OfficerTerm, Person, Secondment, Shift, ShiftTime
from portal.foundation.api.fields import ClockField, DaysField, ExactField, IdField, ReferenceField, ReferenceSerializer, UrlField, link
from portal.foundation.text import mask_name, mask_phone

PERSONS = "members-api:person-list"
DUTY_POSTS = "members-api:duty-post-list"
SHIFTS = "members-api:shift-list"
HAND_OVERS = "members-api:hand-over-list"


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

    starts_at = ClockField(help_text=_("When it starts."))
    ends_at = ClockField(help_text=_("When it ends."))

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
    came = serializers.IntegerField(read_only=True, help_text=_("How many of them were checked in, on time or late."))
    late = serializers.IntegerField(read_only=True, help_text=_("How many of these came late."))
    absent = serializers.IntegerField(read_only=True, help_text=_("How many did not come; they are not on it any more."))

    class Meta:
        model = Shift
        fields = ["public_id", "url", "branch", "post", "business_date", "starts_at", "ends_at", "people", "on_duty", "came", "late", "absent"]


class HandOverSerializer(serializers.ModelSerializer[HandOver]):
    """The hand-over of a shift: whether and when it was signed, never what it says."""

    url = UrlField(HAND_OVERS)
    shift = IdField(SHIFTS, help_text=_("The shift that was handed over."))
    branch = ReferenceField(BRANCHES, source="shift.post.branch", help_text=_("The branch that staffs the post."))
    business_date = serializers.DateField(source="shift.business_date", help_text=_("The business date of the shift."))
    state = serializers.ChoiceField(choices=HandOver.STATES, help_text=_("Whether the next shift has signed."))

    class Meta:
        model = HandOver
        fields = ["public_id", "url", "shift", "branch", "business_date", "state", "outgoing_at", "incoming_at"]


class HoursSerializer(serializers.Serializer[Any]):
    """What the people of a work unit served in a branch on a business date."""

    business_date = serializers.DateField(source="day", help_text=_("The business date of the shifts' start."))
    branch = serializers.SerializerMethodField(help_text=_("The branch."))
    work_unit = serializers.SerializerMethodField(help_text=_("The work unit that had sent the people on that day; null for those whom nobody sent."))
    person_shifts = serializers.IntegerField(help_text=_("How many shifts they came to."))
    people = serializers.IntegerField(help_text=_("How many different people; do not add over days or branches."))
    hours = serializers.SerializerMethodField(help_text=_("Hours from the start of each shift, or a late arrival, to its end, to a tenth."))

    @extend_schema_field(ReferenceSerializer)
    def get_branch(self, row: Any) -> dict[str, Any]:
        """The branch."""
        return self._reference(BRANCHES, row.branch_id, row.branch_name)

    @extend_schema_field(ReferenceSerializer(allow_null=True))
    def get_work_unit(self, row: Any) -> dict[str, Any] | None:
        """The work unit, if one had sent them."""
        return self._reference(WORK_UNITS, row.unit_id, row.unit_name) if row.unit_id else None

    @extend_schema_field(ExactField)
    def get_hours(self, row: Any) -> str:
        """Hours as an exact number."""
        return ExactField().to_representation(in_hours(row.time))

    def _reference(self, resource: str, public_id: UUID, name: str) -> dict[str, Any]:
        return {"public_id": str(public_id), "name": name, "url": link(self.context, resource, public_id)}
