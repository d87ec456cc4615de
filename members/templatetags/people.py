"""Filters about days and spans of days."""

from datetime import date, timedelta
from typing import Any, Final

from django import template
from django.utils.translation import pgettext_lazy

register = template.Library()

# One character in Chinese: seven of them stand beside each other on a phone.
_WEEKDAYS: Final = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)


@register.filter
def last_day(during: Any) -> date | None:
    """Return the last day of a range of days, whose upper end is the day after it; None when it has no end."""
    upper: date | None = during.upper
    return upper - timedelta(days=1) if upper is not None else None


@register.filter
def iso_day(text: str) -> date:
    """Return a day that the database wrote into JSON."""
    return date.fromisoformat(text)


@register.filter
def weekday(day: date) -> str:
    """Return the day of the week, as short as it is written."""
    return str(_WEEKDAYS[day.weekday()])
