"""Resources that are read: a list, each object by its public identifier, and of some all at once."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.viewsets import GenericViewSet

from portal.foundation import audit, epochs
from portal.foundation.api.pagination import CURSOR, Cursor, KeysetPagination
from portal.foundation.api.schema import NDJSON
from portal.foundation.change_log import settled_before
from portal.foundation.copying import copied
from portal.foundation.proof import needs_proof

# As csv of one column, of which nothing is ever quoted: JSON has no such characters, and no line breaks.
_AS_LINES: Final = r"(FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')"

# Words that somebody searched for may be a name: the audit log keeps that they searched.
_PRIVATE_PARAMETERS = frozenset({"name"})


def record_pull(request: Request, resource: str, **details: Any) -> None:
    """Write to the audit log that another system read a list: what it asked for and, of a list, how many rows it got; nothing personal.

    Of people signed in to the pages, only the sight of sensitive fields is kept, a search by name (`shown`), and that they took everything.
    """
    if request.auth is None and not details.get("sensitive") and not details.get("whole") and "shown" not in details:
        return
    asked = {name: "…" if name in _PRIVATE_PARAMETERS else value for name, value in request.query_params.items() if name != CURSOR}
    audit.record(request.user, "api.pulled", address=audit.address_of(request._request), resource=resource, parameters=asked, **details)


class ReadViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Any], ABC):
    """A list with filters and cursor, and one object; pulls of lists are audited.

    Attributes:
        parameters: query parameters beside those of the FilterSet.
        keyset: fields that order the list; whole numbers, together unique.
        sight: what the audit log calls it when somebody was shown what is sensitive in one of them.
    """

    lookup_field = "public_id"
    parameters: ClassVar[frozenset[str]] = frozenset()
    keyset: ClassVar[tuple[str, ...]] = ("pk",)
    sight: ClassVar[str] = ""
    queryset: QuerySet[Any, Any]

    def get_queryset(self) -> QuerySet[Any, Any]:
        """Return what whoever asks may see; nothing while the schema is drawn."""
        return self.queryset.none() if getattr(self, "swagger_fake_view", False) else self.seen()

    @abstractmethod
    def seen(self) -> QuerySet[Any, Any]:
        """Return what whoever asks may see."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of the list."""
        rows: list[Model] = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        data = self.get_serializer(rows, many=True).data
        record_pull(request, self.resource, rows=len(rows), **self.pull_details(rows))
        return self.get_paginated_response(data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one object; that what is sensitive in it was shown is audited."""
        one = self.get_object()
        if self.sight and self.sensitive_in([one]):
            audit.record(request.user, self.sight, one, address=audit.address_of(request._request), **self.sight_details())
        return Response(self.get_serializer(one).data)

    @property
    def resource(self) -> str:
        """The name of what is listed, for the audit log."""
        return str(self.queryset.model._meta.model_name)

    def pull_details(self, rows: Sequence[Model]) -> dict[str, Any]:
        """Return what else the audit log says of a pull."""
        return {"sensitive": self.sensitive_in(rows)} if self.sight else {}

    def sensitive_in(self, rows: Sequence[Any]) -> int:
        """Return in how many rows whoever asks is shown something sensitive."""
        return 0

    def sight_details(self) -> dict[str, Any]:
        """Return what else the audit log says of such a sight."""
        return {}


class NdjsonRenderer(JSONRenderer):
    """Lets clients ask for lines of JSON; an error is one of them."""

    media_type = NDJSON
    format = "ndjson"


class PullThrottle(UserRateThrottle):
    """So many whole pulls a minute: each keeps a thread of the server and a connection busy for long."""

    scope = "pull"


class WrittenViewSet(ReadViewSet):
    """A resource whose JSON PostgreSQL writes: rows have it as `written`. One text, whether one is read, a page, or all of them."""

    paginator: KeysetPagination

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override] # it need not be rendered any more
        """Return a page of the list."""
        found = self.filter_queryset(self.get_queryset()).values_list(*self.keyset, "written", named=True)
        rows: Any = self.paginate_queryset(found)
        record_pull(request, self.resource, rows=len(rows), **self.pull_details(rows))
        return self.paginator.get_written_response(row.written for row in rows)

    @needs_proof
    def pull(self, request: Request) -> HttpResponseBase:
        """Send every row of the list without its pages, a line each, and where the changes begin that they do not show.

        The last line says how many there were: without it something is missing, whatever the connection says.
        """
        # In no order: sorting them would hold back the first until the last is written.
        rows = self.filter_queryset(self.get_queryset()).order_by().values_list("written")
        # Asked before the rows are: what ends in between is among them and among the changes, and nothing is in neither.
        since = Cursor((settled_before(), 0), epochs.current()).encode()
        changes = f"{request.build_absolute_uri(reverse('api-changes'))}?{CURSOR}={since}"
        record_pull(request, self.resource, whole=True)
        lines = _lines(rows, changes) if request.method == "GET" else ()
        return StreamingHttpResponse(lines, content_type=NDJSON, headers={"Cache-Control": "no-store"})

    def get_renderers(self) -> Any:
        """Return what a pull answers with, or everything else."""
        return [NdjsonRenderer(), *super().get_renderers()] if self.action == "pull" else super().get_renderers()

    def get_throttles(self) -> Any:
        """Return the throttles of everything, and of pulls."""
        return [*super().get_throttles(), *([PullThrottle()] if self.action == "pull" else [])]


def _lines(rows: QuerySet[Any, Any], changes: str) -> Iterator[bytes]:
    count = 0
    try:
        statement, params = rows.query.sql_with_params()
    except EmptyResultSet:
        pass
    else:
        for chunk in copied(f"COPY ({statement}) TO STDOUT {_AS_LINES}", params):
            count += chunk.count(b"\n")
            yield chunk
    yield json.dumps({"rows": count, "changes": changes}).encode() + b"\n"
