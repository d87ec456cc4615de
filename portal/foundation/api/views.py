"""Resources that are read: a list and each object by its public identifier."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from portal.foundation import audit

# Words that somebody searched for may be a name: the audit log keeps that they searched.
_PRIVATE_PARAMETERS = frozenset({"name"})


def record_pull(request: Request, resource: str, rows: int, **details: Any) -> None:
    """Write to the audit log that another system read a list: what it asked for and how many rows it got, nothing personal.

    Of people signed in to the pages, only the sight of sensitive fields is kept.
    """
    if request.auth is None and not details.get("sensitive"):
        return
    asked = {name: "…" if name in _PRIVATE_PARAMETERS else value for name, value in request.query_params.items() if name != "cursor"}
    audit.record(request.user, "api.pulled", address=audit.address_of(request._request), resource=resource, parameters=asked, rows=rows, **details)


class ReadViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Any]):
    """A list with filters and cursor, and one object; pulls of lists are audited.

    Attributes:
        parameters: query parameters beside those of the FilterSet.
        keyset: fields that order the list; whole numbers, together unique.
    """

    lookup_field = "public_id"
    parameters: ClassVar[frozenset[str]] = frozenset()
    keyset: ClassVar[tuple[str, ...]] = ("pk",)
    queryset: QuerySet[Any, Any]

    def get_queryset(self) -> QuerySet[Any, Any]:
        """Return what whoever asks may see; nothing while the schema is drawn."""
        return self.queryset.none() if getattr(self, "swagger_fake_view", False) else self.seen()

    def seen(self) -> QuerySet[Any, Any]:
        """Return what whoever asks may see."""
        raise NotImplementedError

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of the list."""
        rows: list[Model] = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        data = self.get_serializer(rows, many=True).data
        record_pull(request, self.resource, len(rows), **self.pull_details(rows))
        return self.get_paginated_response(data)

    @property
    def resource(self) -> str:
        """The name of what is listed, for the audit log."""
        return str(self.queryset.model._meta.model_name)

    def pull_details(self, rows: Sequence[Model]) -> dict[str, Any]:
        """Return what else the audit log says of a pull."""
        return {}
