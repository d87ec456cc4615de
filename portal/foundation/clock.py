"""Now and today, and moments as SQL writes them, in the portal's time zone."""

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """Return the present moment, with its offset."""
    return timezone.now()


def today() -> date:
    """Return the calendar day in the portal's time zone."""
    return timezone.localdate()


def moment_sql(moment: str) -> str:
    """Return, in SQL, a moment as ISO 8601 writes it, to the microsecond; the portal's time zone lies east of Greenwich."""
    local = f"({moment} AT TIME ZONE '{settings.TIME_ZONE}')"
    ahead = f"({local} - {moment} AT TIME ZONE 'UTC')"
    return f"""to_char({local}, 'YYYY-MM-DD"T"HH24:MI:SS.US') || to_char({ahead}, '"+"HH24:MI')"""
