"""The choices of a filter that may be too many for a list to choose from."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from branches.filters import regions_seen, units_seen
from branches.models import Level
from members.filters import branches_seen

# A list to choose from is read by eye; what is deeper is reached from a link.
_CHOICES: Final = 200


def shorten(form: Any, request: HttpRequest, **more: "QuerySet[Any, Any]") -> None:
    """Offer towns and what is above them, and the first branches, units and rows of `more`, by field; what the address names stays chosen."""
    choices: dict[str, QuerySet[Any]] = {
        "region": regions_seen(request).filter(level__in=Level.above(Level.COMMUNITY)).order_by("name_key", "pk"),
        "branch": branches_seen(request),
        "work_unit": units_seen(request).order_by("name_key", "pk"),
        **more,
    }
    for name in choices.keys() & form.fields.keys():
        chosen = form.cleaned_data.get(name)
        offered = list(choices[name][:_CHOICES])
        if chosen is not None and chosen not in offered:
            offered.append(chosen)
        field = form.fields[name]
        field.widget.choices = [("", field.empty_label), *((one.public_id, one.name) for one in offered)]
