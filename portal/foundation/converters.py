"""Path converters: what may stand in an address."""

from datetime import date

from django.urls import register_converter
from django.urls.converters import get_converters

from portal.foundation import clock


class IsoDateConverter:
    """A calendar day as 2020-03-06. An impossible one, such as 2020-02-30, matches no address: 404."""

    regex = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the day; ValueError, which Django takes as no match, when there is none."""
        day = clock.read_day(value)
        if day is None:
            raise ValueError(value)
        return day

    def to_url(self, value: date | str) -> str:
        """Return the day as it stands in an address."""
        return value if isinstance(value, str) else value.isoformat()


def register() -> None:
    """Make `<iso-date:...>` known; a module of addresses calls it before its paths."""
    if "iso-date" not in get_converters():
        register_converter(IsoDateConverter, "iso-date")
