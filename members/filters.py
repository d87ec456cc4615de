"""What pages and API filter people by."""

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from branches.filters import units_seen
from branches.models import Branch, WorkUnit
from members.models import Person
from members.querysets import PersonQuerySet
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
