"""Lists to choose from in a filter: short ones are read by eye, what is deeper is reached from a link."""

from typing import Any, Final

from django import forms
from django.db.models import QuerySet

_CHOICES: Final = 200


def shorten_choices(form: forms.Form, **choices: "QuerySet[Any]") -> None:
    """Offer the first of each list; what the address names stays chosen."""
    for name, seen in choices.items():
        chosen = form.cleaned_data.get(name)
        offered = list(seen[:_CHOICES])
        if chosen is not None and chosen not in offered:
            offered.append(chosen)
        field: Any = form.fields[name]
        field.widget.choices = [("", field.empty_label), *((one.public_id, one.name) for one in offered)]
