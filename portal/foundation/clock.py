"""Now and today, in the portal's time zone."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """Return the present moment, with its offset."""
    return timezone.now()


def today() -> date:
    """Return the calendar day in the portal's time zone."""
    return timezone.localdate()
