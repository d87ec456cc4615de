"""The page of hours served: person-shifts and hours of some business dates, by person, branch or work unit."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from branches import access
from branches.access import Act
from branches.filters import regions_seen, units_seen
from members.filters import HoursFilter, rosters_seen
from members.hours import Served, check_ins_seen, hours_by, hours_of
from members.models import CheckIn, Person
from members.querysets import CheckInQuerySet
from members.views.choices import shorten_choices
from portal.foundation.text import mask_name

_SHOWN: Final = 500


@dataclass(frozen=True)
class Line:
    """What somebody, or somebody's people, served; `key` is the identifier of what has a page that the reader may open."""

    name: str
    key: Any
    served: Served


@require_safe
def hours(request: HttpRequest) -> HttpResponse:
    """Show person-shifts and hours of some business dates, by person, branch or work unit, in the order of names."""
    filters, rows = hours_asked(request)
    context: dict[str, Any] = {"form": filters.form, "lines": [], "total": None}
    if filters.form.is_valid():
        asked = filters.form.cleaned_data
        lines = list(lines_of(request, asked, rows, _SHOWN + 1))
        context |= {
            "lines": lines[:_SHOWN],
            "more": len(lines) > _SHOWN,
            "total": hours_of(rows, asked["first_day"], asked["last_day"]),
            "group": asked["group"],
            "first_day": asked["first_day"],
            "last_day": asked["last_day"],
            "query": urlencode({name: value for name, value in request.GET.items() if name in filters.form.fields and value}),
        }
    shorten_choices(
        filters.form,
        region=regions_seen(request).order_by("name_key", "pk"),
        work_unit=units_seen(request).order_by("name_key", "pk"),
        branch=rosters_seen(request),
    )
    return render(request, "members/hours.html", context, status=422 if filters.form.errors else 200)


def hours_asked(request: HttpRequest) -> tuple[HoursFilter, CheckInQuerySet]:
    """Return the filters that an address asks for, and the check-ins that fit; none when a filter makes no sense."""
    if not access.may(request.user, Act.SEE_ROSTER):
        raise PermissionDenied
    filters = HoursFilter(request.GET.copy(), queryset=check_ins_seen(request.user), request=request)
    rows: CheckInQuerySet = filters.qs if filters.form.is_valid() else CheckIn.objects.none()
    return filters, rows


def lines_of(request: HttpRequest, asked: dict[str, Any], rows: CheckInQuerySet, most: int | None = None) -> list[Line]:
    """Return what was served, line by line; whoever does not lead somebody's shifts sees the first character of the name.

    Who is not in the reader's scope has no line: their hours are in the sums.
    """
    group = asked["group"]
    named = rows.filter(assignment__person__in=Person.objects.visible_to(request.user)) if group == "person" else rows
    found = list(hours_by(group, named, asked["first_day"], asked["last_day"])[:most])
    if group != "person":
        return [Line(row["title"] or "", row["public"], _served(row)) for row in found]
    told = set(Person.objects.told_to(request.user).filter(pk__in=[row["group"] for row in found]).values_list("pk", flat=True))
    return [Line(row["title"], row["public"], _served(row)) if row["group"] in told else Line(mask_name(row["title"]), None, _served(row)) for row in found]


def _served(row: dict[str, Any]) -> Served:
    return Served(row["shifts"], row["people"], row["time"])
