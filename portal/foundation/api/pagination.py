"""Pages by keyset: a page goes on behind the last row that was read, whatever was added meanwhile."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from portal.foundation import epochs

if TYPE_CHECKING:
    # The framework reads this module while it builds the class.
    from rest_framework.views import APIView

CURSOR: Final = "cursor"
PAGE_SIZE: Final = "page_size"
DEFAULT_SIZE: Final = 100
LARGEST_SIZE: Final = 1000
_FORWARD, _BACK = "n", "p"


class Cursor(NamedTuple):
    """A place in a list: the keys of a row, whether what comes before it is wanted, and the epoch in which it was given out."""

    keys: tuple[int, ...]
    epoch: str
    back: bool = False

    def encode(self) -> str:
        """Return the cursor as clients hand it back; what is inside is not theirs to rely on."""
        text = ",".join([(_BACK if self.back else _FORWARD) + self.epoch, *map(str, self.keys)])
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, width: int) -> "Cursor":
        """Read a cursor of `width` keys.

        Raises:
            ValueError: this portal never gave out such a cursor.
        """
        begin, *keys = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(",")
        if begin[:1] not in {_FORWARD, _BACK} or len(keys) != width or not all(key.isdecimal() and len(key) <= 18 for key in keys):
            raise ValueError(text)
        return cls(tuple(int(key) for key in keys), begin[1:], begin[:1] == _BACK)


class KeysetPagination(BasePagination):
    """Rows in the order of `view.keyset` (whole numbers, together unique), so many a page, with links to the pages around."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: "APIView | None" = None) -> list[Any]:
        """Return the rows of the page that `request` asks for."""
        self.request = request
        self.keyset: Sequence[str] = getattr(view, "keyset", ("pk",))
        # Asked for on every page, whether it has links or not: a cost that depended on the number of rows would surprise.
        self.epoch = epochs.current()
        size, cursor = self._size(), self._cursor()
        back = cursor is not None and cursor.back
        rows = queryset.order_by(*(f"-{key}" if back else key for key in self.keyset))
        if cursor is not None:
            rows = rows.filter(_beyond(self.keyset, cursor))
        found = list(rows[: size + 1])
        more, found = len(found) > size, found[:size]
        if back:
            found.reverse()
        # Whoever came from a page can go back to it.
        self.has_next = bool(found) and (more or back)
        self.has_previous = bool(found) and (more if back else cursor is not None)
        self.rows = found
        return found

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page with its links."""
        return Response(self.envelope(data))

    def envelope(self, data: Any) -> dict[str, Any]:
        """Return what stands around the rows."""
        return {**self.links(), "results": data}

    def links(self) -> dict[str, str | None]:
        """Return the addresses of the pages around."""
        return {
            "next": self.link(self.place(self.rows[-1])) if self.has_next else None,
            "previous": self.link(self.place(self.rows[0], back=True)) if self.has_previous else None,
        }

    def get_written_response(self, rows: Iterable[str]) -> HttpResponse:
        """Return a page of rows that are JSON already."""
        links = json.dumps(self.links(), separators=(",", ":")).removesuffix("}")
        return HttpResponse(f'{links},"results":[{",".join(rows)}]}}', content_type="application/json")

    def place(self, row: Any, *, back: bool = False) -> Cursor:
        """Return the place behind a row, or before it."""
        return Cursor(tuple(int(getattr(row, key)) for key in self.keyset), self.epoch, back)

    def link(self, cursor: Cursor) -> str:
        """Return the address of this list at another place, with the same filters."""
        return str(replace_query_param(self.request.build_absolute_uri(), CURSOR, cursor.encode()))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        link = {"type": ["string", "null"], "format": "uri"}
        example = "https://portal.example/api/v1/branches/?cursor=biw0Mg"
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": str(_NEXT), "example": example},
                "previous": {**link, "description": str(_PREVIOUS), "example": None},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        """Describe the parameters of a page."""
        return [
            {"name": CURSOR, "in": "query", "required": False, "description": str(_CURSOR), "schema": {"type": "string"}},
            {
                "name": PAGE_SIZE,
                "in": "query",
                "required": False,
                "description": str(_SIZE),
                "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
            },
        ]

    def _size(self) -> int:
        text = self.request.query_params.get(PAGE_SIZE, str(DEFAULT_SIZE))
        if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= LARGEST_SIZE):
            raise ValidationError({PAGE_SIZE: [_("A page has 1 to %(most)d rows.") % {"most": LARGEST_SIZE}]}, code="page_size")
        return int(text)

    def _cursor(self) -> Cursor | None:
        text = self.request.query_params.get(CURSOR)
        if not text:
            return None
        try:
            cursor = Cursor.decode(text, len(self.keyset))
        except (ValueError, Base64Error):
            raise ValidationError({CURSOR: [_("This cursor is not one of ours. Follow the links “next” and “previous” as they are.")]}, code=CURSOR) from None
        if cursor.epoch != self.epoch:
            raise epochs.EpochOverError
        return cursor


_NEXT = gettext_lazy("The page after this one; null on the last.")
_PREVIOUS = gettext_lazy("The page before this one; null on the first.")
_CURSOR = gettext_lazy("A place in the list, taken from a link “next” or “previous” as it is.")
_SIZE = gettext_lazy("How many rows a page has.")


def _beyond(keyset: Sequence[str], cursor: Cursor) -> Q:
    """Return the filter for rows behind the cursor (before it, when it goes back), in the order of the keys."""
    compare = "lt" if cursor.back else "gt"
    *rest, (last, value) = zip(keyset, cursor.keys, strict=True)
    beyond = Q(**{f"{last}__{compare}": value})
    for key, value in reversed(rest):
        # The first condition lets the index find the place; the second is exact.
        beyond = Q(**{f"{key}__{compare}e": value}) & (Q(**{f"{key}__{compare}": value}) | beyond)
    return beyond
