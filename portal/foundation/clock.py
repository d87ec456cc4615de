"""Now and today, and moments as SQL writes them, in the portal's time zone."""

import re
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.utils import timezone

# Days of a case lie in a person's lifetime; further out, adding a day would leave the calendar.
DAWN: Final = date(1900, 1, 1)
DUSK: Final = date(2999, 12, 31)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def now() -> datetime:
    """Return the present moment, with its offset."""
    return timezone.now()


def today() -> date:
    """Return the calendar day in the portal's time zone."""
    return timezone.localdate()


def read_day(text: str) -> date | None:
    """Return the day that stands in an address, as 2020-03-06; None when it is none, or none that anybody can mean."""
    # Python would also read weeks, and days without hyphens.
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if DAWN <= day <= DUSK else None


def moment_sql(moment: str) -> str:
    """Return, in SQL, a moment as ISO 8601 writes it, to the microsecond; the portal's time zone lies east of Greenwich."""
    local = f"({moment} AT TIME ZONE '{settings.TIME_ZONE}')"
    ahead = f"({local} - {moment} AT TIME ZONE 'UTC')"
    return f"""to_char({local}, 'YYYY-MM-DD"T"HH24:MI:SS.US') || to_char({ahead}, '"+"HH24:MI')"""
