"""What pages and API filter needs by."""

from typing import Any, Final

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import Need
from activities.querysets import NeedQuerySet
from branches.filters import regions_seen, units_seen
from branches.models import Branch, Region, WorkUnit
from members.filters import branches_seen
from portal.foundation import clock

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

STATES: Final = (
    ("open", pgettext_lazy("need", "Open")),
    ("overdue", _("Overdue")),
    ("handed_on", _("Handed on")),
    ("resolved", _("Resolved")),
)
# As the figures of a day count them: by the branch that recorded a need, or the one that resolved it.
COUNTED: Final = (("recorded", _("recorded in these days")), ("resolved", _("resolved in these days")))


def in_state(needs: NeedQuerySet, state: str) -> NeedQuerySet:
    """Keep needs of a state; overdue ones wherever they are."""
    return needs.overdue(clock.now()) if state == "overdue" else needs.filter(state=state)


class NeedFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Needs by words, state, span of days, branch, region, work unit, category, urgency and channel.

    `counted` says what days and branch are about: when and by whom a need was recorded, or resolved; so a figure of a day opens its needs.
    """

    q = django_filters.CharFilter(label=_("In the words of the need"), method="by_words", max_length=100)
    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, method="left_for_later", empty_label=_("All states"))
    category = django_filters.ChoiceFilter(label=_("Category"), choices=Need.Category.choices, empty_label=_("All categories"))
    urgency = django_filters.ChoiceFilter(label=_("Urgency"), choices=Need.Urgency.choices, empty_label=_("All of them"))
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=Need.Channel.choices, empty_label=_("All channels"))
    counted = django_filters.ChoiceFilter(label=_("Days are those when needs were"), choices=COUNTED, method="left_for_later", empty_label=_("recorded"))
    since = django_filters.DateFilter(label=_("From (date)"), widget=_DAY, method="left_for_later")
    until = django_filters.DateFilter(label=_("To (date)"), widget=_DAY, method="left_for_later")
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=branches_seen, to_field_name="public_id", method="left_for_later", empty_label=_("All branches")
    )
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Branch served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )

    class Meta:
        model = Need
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> NeedQuerySet:
        """Apply each filter."""
        state = self.form.cleaned_data.get("state")
        found = self.of_every_state(queryset)
        return in_state(found, state) if state else found

    def of_every_state(self, queryset: Any) -> NeedQuerySet:
        """Apply each filter but the state, and days and branch together with what they are said to be about."""
        asked = self.form.cleaned_data
        found: NeedQuerySet = super().filter_queryset(queryset)
        resolved = asked.get("counted") == "resolved"
        day = "resolved_on" if resolved else "recorded_on"
        if resolved:
            found = found.filter(state=Need.State.RESOLVED)
        # As pages and as the API call them.
        if first := asked.get("since") or asked.get("from"):
            found = found.filter(**{f"{day}__gte": first})
        if last := asked.get("until") or asked.get("to"):
            found = found.filter(**{f"{day}__lte": last})
        if branch := asked.get("branch"):
            by = {"recorded": Q(origin=branch), "resolved": Q(branch=branch)}
            found = found.filter(by.get(asked.get("counted") or "", Q(branch=branch) | Q(origin=branch)))
        return found

    def by_words(self, queryset: NeedQuerySet, name: str, value: str) -> NeedQuerySet:
        """Keep needs in whose words every word stands; of those alone whose words whoever asks may read."""
        return queryset.told_to(self.request.user).telling(value) if self.request is not None else queryset.none()

    def left_for_later(self, queryset: NeedQuerySet, name: str, value: Any) -> NeedQuerySet:
        """Leave a filter that means nothing by itself to `filter_queryset`."""
        return queryset

    def in_region(self, queryset: NeedQuerySet, name: str, value: Region) -> NeedQuerySet:
        """Keep needs of branches hosted today at or below a region."""
        return queryset.filter(branch__in=Branch.objects.within(value, clock.today()))

    def of_unit(self, queryset: NeedQuerySet, name: str, value: WorkUnit) -> NeedQuerySet:
        """Keep needs of branches to which a work unit sends people, and those handed on to the unit."""
        return queryset.filter(Q(branch__in=Branch.objects.served_by(value)) | Q(with_unit=value))
