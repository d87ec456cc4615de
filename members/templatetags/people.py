"""Filters about days and spans of days."""

from datetime import date, timedelta
from typing import Any

from django import template

register = template.Library()


@register.filter
def last_day(during: Any) -> date | None:
    """Return the last day of a range of days, whose upper end is the day after it; None when it has no end."""
    upper: date | None = during.upper
    return upper - timedelta(days=1) if upper is not None else None


@register.filter
def iso_day(text: str) -> date:
    """Return a day that the database wrote into JSON."""
    return date.fromisoformat(text)
