"""Filters about spans of days."""

from datetime import date, timedelta
from typing import Any

from django import template

register = template.Library()


@register.filter
def last_day(during: Any) -> date | None:
    """Return the last day of a range of days, whose upper end is the day after it; None when it has no end."""
    upper: date | None = during.upper
    return upper - timedelta(days=1) if upper is not None else None
