"""What the pages of a register's lists have in common: the page that an address asks for, its filters, and all rows as a file."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import Http404, HttpRequest, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _

from portal.foundation import audit, clock
from portal.foundation.paging import TURNS, Keyset, Turn
from portal.foundation.tables import CSV, WORKBOOK, Listing, Sheet, csv_of, workbook

_TYPES: Final = {"csv": CSV, "xlsx": WORKBOOK}


def turn_of(request: HttpRequest, order: Keyset[Any]) -> Turn:
    """Return which page of a list is asked for.

    Raises:
        Http404: its mark names no place in this order.
    """
    turn = Turn.read(request.GET)
    if not turn.is_readable(order):
        raise Http404
    return turn


def filters_of(request: HttpRequest) -> str:
    """Return the query of a list without the page of it: what its files have too."""
    return _without_turns(request.GET).urlencode()


def _without_turns(query: QueryDict) -> QueryDict:
    asked = query.copy()
    for name in TURNS:
        asked.pop(name, None)
    return asked


def sent(request: HttpRequest, action: str, name: str, listing: Listing, format: str) -> StreamingHttpResponse:
    """Send a list as csv or xlsx; the audit log says, as `action`, who took which.

    Raises:
        Http404: there is no such format.
    """
    if format not in _TYPES:
        raise Http404
    audit.record(request.user, action, address=audit.address_of(request), of=name, format=format, filters=audit.told(_without_turns(request.GET)).urlencode())
    sheet = Sheet(_("Records"), listing.header, listing)
    content: Iterator[bytes] = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="{name}-{clock.today():%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=_TYPES[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})
