"""Entries as a nested Django REST framework ModelSerializer writes them: a page, and all as lines. The same scope, filters, pages, token and audit."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import StreamingHttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from activities.api.filters import EntryFilter
from activities.api.serializers import EntrySerializer, period_of
from activities.models import Entry, EntryParticipant, Measure
from branches.access import Act
from branches.api.base import ScopedViewSet, notes_seen
from members.models import Person
from portal.foundation.api.schema import NDJSON
from portal.foundation.api.views import record_pull

# Rows whose figures are fetched at once.
_CHUNK = 1_000


class PlainEntrySerializer(EntrySerializer):
    """An entry with its figures and people, each field written by itself."""

    note = serializers.SerializerMethodField()  # type: ignore[assignment]
    period = serializers.SerializerMethodField()  # type: ignore[assignment]

    def get_note(self, entry: Any) -> str | None:
        """The note, if the reader may see it."""
        return str(entry.note) if entry.notes_seen else None

    def get_period(self, entry: Entry) -> dict[str, str] | None:
        """The days of a period report."""
        return period_of(entry.version)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Write the fields."""
        written: dict[str, Any] = serializers.ModelSerializer.to_representation(self, instance)
        return written


class PlainEntryViewSet(ScopedViewSet):
    """Entries."""

    act = Act.SEE_REPORTS
    queryset = Entry.objects.all()
    serializer_class = PlainEntrySerializer
    filterset_class = EntryFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the entries in scope."""
        return plain_entries(self.request.user)

    def pull(self, request: Request) -> StreamingHttpResponse:
        """Send all, a line each."""
        rows = self.filter_queryset(self.get_queryset()).order_by("pk")
        record_pull(request, self.resource, whole=True)
        return StreamingHttpResponse(self._lines(rows), content_type=NDJSON)

    def _lines(self, rows: QuerySet[Any, Any]) -> Iterator[bytes]:
        serializer, renderer = self.get_serializer(), JSONRenderer()
        for row in rows.iterator(chunk_size=_CHUNK):
            yield renderer.render(serializer.to_representation(row)) + b"\n"


def plain_entries(user: Any) -> QuerySet[Any, Any]:
    """Return entries in scope with all that is written of them, fetched in a fixed number of queries."""
    measures = Measure.objects.select_related("metric__unit", "unit_entered").order_by("metric__position", "pk")
    people = EntryParticipant.objects.filter(person__in=Person.objects.visible_to(user)).select_related("person", "home_unit").order_by("pk")
    rows: QuerySet[Any, Any] = Entry.objects.visible_to(user).annotate(notes_seen=notes_seen(user))
    return rows.select_related("branch", "place", "version__period_report").prefetch_related(Prefetch("measures", measures), Prefetch("participants", people))


# The portal's own site map, with these beside it.
urlpatterns = [
    path("api/v1/plain/entries/", PlainEntryViewSet.as_view({"get": "list"})),
    path("api/v1/plain/entries/all/", PlainEntryViewSet.as_view({"get": "pull"})),
    path("", include("portal.urls")),
]
