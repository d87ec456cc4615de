"""What pages and API filter people and shifts by."""

from datetime import date
from typing import Any, Final

import django_filters
from django import forms
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from branches.access import Act
from branches.filters import regions_seen, units_seen
from branches.forms import DayInput
from branches.models import Branch, Region, WorkUnit
from branches.querysets import BranchQuerySet
from members.models import CheckIn, DutyPost, HandOver, OnSiteStay, Person, Shift
from members.querysets import CheckInQuerySet, DutyPostQuerySet, HandOverQuerySet, PersonQuerySet, ShiftQuerySet
from portal.foundation import clock


def branches_seen(request: HttpRequest | None) -> QuerySet[Branch]:
    """Return the branches that whoever asks may filter by."""
    return Branch.objects.visible_to(request.user).by_name() if request is not None else Branch.objects.none()


class PersonFilter(django_filters.FilterSet):  # type: ignore[misc]
    """People by name, kind, branch and the work unit that sent them."""

    name = django_filters.CharFilter(label=_("Name or initials"), method="by_words", max_length=100)
    branch = django_filters.ModelChoiceFilter(
        label=_("In the branch today"), queryset=branches_seen, to_field_name="public_id", method="in_branch", empty_label=_("All branches")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Sent by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Person.Kind.choices, empty_label=_("All kinds"))

    class Meta:
        model = Person
        fields: list[str] = []

    def by_words(self, queryset: PersonQuerySet, name: str, value: str) -> PersonQuerySet:
        """Keep people found by every word, in simplified or traditional characters or by initials."""
        return queryset.found_by(value)

    def in_branch(self, queryset: PersonQuerySet, name: str, value: Branch) -> PersonQuerySet:
        """Keep members of a branch today."""
        return queryset.members_of(value, clock.today())

    def of_unit(self, queryset: PersonQuerySet, name: str, value: WorkUnit) -> PersonQuerySet:
        """Keep people whom a work unit or a unit below it sent, at any time."""
        return queryset.sent_by(value)


def rosters_seen(request: HttpRequest | None) -> QuerySet[Branch]:
    """Return the branches whose roster whoever asks may see."""
    return Branch.objects.visible_to(request.user, Act.SEE_ROSTER).by_name() if request is not None else Branch.objects.none()


class DutyPostFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Posts by branch, duty and day."""

    branch = django_filters.ModelChoiceFilter(label=_("Branch"), queryset=rosters_seen, to_field_name="public_id")
    duty = django_filters.ChoiceFilter(label=_("Duty"), choices=DutyPost.Duty.choices)
    staffed_on = django_filters.DateFilter(label=_("Staffed on this day"), method="by_day")

    class Meta:
        model = DutyPost
        fields: list[str] = []

    def by_day(self, queryset: DutyPostQuerySet, name: str, value: date) -> DutyPostQuerySet:
        """Keep posts that are staffed on a day."""
        return queryset.on(value)


SHORT: Final = (("yes", _("short of people")), ("soon", _("short of people now and in the next 24 hours")))


class ShiftFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Shifts by place, work unit, branch, business date, and whether they are short of people."""

    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=rosters_seen, to_field_name="public_id", field_name="post__branch", empty_label=_("All branches")
    )
    first_day = django_filters.DateFilter(label=_("From"), field_name="business_date", lookup_expr="gte", widget=DayInput)
    last_day = django_filters.DateFilter(label=_("Up to"), field_name="business_date", lookup_expr="lte", widget=DayInput)
    short = django_filters.ChoiceFilter(label=_("People"), choices=SHORT, method="by_cover", empty_label=_("All shifts"))

    class Meta:
        model = Shift
        fields: list[str] = []

    def in_region(self, queryset: ShiftQuerySet, name: str, value: Region) -> ShiftQuerySet:
        """Keep shifts of branches hosted at or below a region today."""
        return queryset.filter(post__branch__in=Branch.objects.within(value, clock.today()))

    def of_unit(self, queryset: ShiftQuerySet, name: str, value: WorkUnit) -> ShiftQuerySet:
        """Keep shifts of branches to which a work unit or a unit below it sends people."""
        return queryset.filter(post__branch__in=Branch.objects.served_by(value))

    def by_cover(self, queryset: ShiftQuerySet, name: str, value: str) -> ShiftQuerySet:
        """Keep shifts with fewer people than they need; of now and the next 24 hours, if so asked."""
        return queryset.short_soon(clock.now()) if value == "soon" else queryset.uncovered()


class HoursForm(forms.Form):
    """Takes today where no day is asked for, and wants the first before the last."""

    def clean(self) -> dict[str, Any]:
        """Return what is asked for, with what goes without saying."""
        asked = super().clean() or {}
        last = asked.get("last_day") or clock.today()
        first = asked.get("first_day") or min(last, clock.today())
        if first > last:
            self.add_error("last_day", _("The end is before the start."))
        return {**asked, "group": asked.get("group") or "person", "first_day": first, "last_day": last}


class CheckInFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Check-ins by place, work unit, branch and business date."""

    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=rosters_seen, to_field_name="public_id", field_name="assignment__shift__post__branch", empty_label=_("All branches")
    )
    first_day = django_filters.DateFilter(label=_("From"), field_name="assignment__shift__business_date", lookup_expr="gte", widget=DayInput)
    last_day = django_filters.DateFilter(label=_("Last day"), field_name="assignment__shift__business_date", lookup_expr="lte", widget=DayInput)

    class Meta:
        model = CheckIn
        fields: list[str] = []

    def in_region(self, queryset: CheckInQuerySet, name: str, value: Region) -> CheckInQuerySet:
        """Keep check-ins of branches hosted at or below a region today."""
        return queryset.filter(assignment__shift__post__branch__in=Branch.objects.within(value, clock.today()))

    def of_unit(self, queryset: CheckInQuerySet, name: str, value: WorkUnit) -> CheckInQuerySet:
        """Keep check-ins of branches to which a work unit or a unit below it sends people."""
        return queryset.filter(assignment__shift__post__branch__in=Branch.objects.served_by(value))


class HoursFilter(CheckInFilter):
    """The same for the page of hours, which says by what they are told."""

    group = django_filters.ChoiceFilter(
        label=_("Told by"), choices=[("person", _("Person")), ("branch", _("Branch")), ("unit", _("Work unit"))], method="as_rows", empty_label=None
    )

    class Meta(CheckInFilter.Meta):
        form = HoursForm

    def as_rows(self, queryset: CheckInQuerySet, name: str, value: str) -> CheckInQuerySet:
        """Leave the rows as they are: it is said what they are grouped by."""
        return queryset


class HandOverFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Hand-overs by place, work unit, branch, business date of the shift and whether the next one has signed."""

    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=rosters_seen, to_field_name="public_id", field_name="shift__post__branch", empty_label=_("All branches")
    )
    first_day = django_filters.DateFilter(label=_("From"), field_name="shift__business_date", lookup_expr="gte", widget=DayInput)
    last_day = django_filters.DateFilter(label=_("Up to"), field_name="shift__business_date", lookup_expr="lte", widget=DayInput)
    state = django_filters.ChoiceFilter(label=_("State"), choices=HandOver.STATES, method="in_state", empty_label=_("All states"))

    class Meta:
        model = HandOver
        fields: list[str] = []

    def in_region(self, queryset: HandOverQuerySet, name: str, value: Region) -> HandOverQuerySet:
        """Keep hand-overs of branches hosted at or below a region today."""
        return queryset.filter(shift__post__branch__in=Branch.objects.within(value, clock.today()))

    def of_unit(self, queryset: HandOverQuerySet, name: str, value: WorkUnit) -> HandOverQuerySet:
        """Keep hand-overs of branches to which a work unit or a unit below it sends people."""
        return queryset.filter(shift__post__branch__in=Branch.objects.served_by(value))

    def in_state(self, queryset: HandOverQuerySet, name: str, value: str) -> HandOverQuerySet:
        """Keep what the next shift has signed, or has still to sign."""
        return queryset.filter(incoming_at__isnull=value != "signed")


class OnSiteFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Branches from which people live on site on a day, by place and work unit; each with how many, as `on_site`."""

    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    day = django_filters.DateFilter(label=_("On the day"), method="left_for_later", widget=DayInput)

    class Meta:
        model = Branch
        fields: list[str] = []

    @property
    def day_asked(self) -> date:
        """The day asked for, or today."""
        return (self.form.cleaned_data.get("day") if self.form.is_valid() else None) or clock.today()

    def filter_queryset(self, queryset: BranchQuerySet) -> BranchQuerySet:
        """Apply each filter, and count who lives on site."""
        on_site = OnSiteStay.objects.on(self.day_asked).filter(branch=OuterRef("pk")).order_by().values("branch")
        found: BranchQuerySet = super().filter_queryset(queryset)
        counted: BranchQuerySet = found.annotate(on_site=Subquery(on_site.values(number=Count("pk")))).filter(on_site__gt=0)
        return counted

    def in_region(self, queryset: BranchQuerySet, name: str, value: Region) -> BranchQuerySet:
        """Keep branches hosted today at or below a region."""
        return queryset.within(value, clock.today())

    def of_unit(self, queryset: BranchQuerySet, name: str, value: WorkUnit) -> BranchQuerySet:
        """Keep branches to which a work unit or a unit below it sends people."""
        return queryset.served_by(value)

    def left_for_later(self, queryset: BranchQuerySet, name: str, value: date) -> BranchQuerySet:
        """Leave the day to `filter_queryset`."""
        return queryset
