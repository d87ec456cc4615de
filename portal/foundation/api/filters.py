"""The filter backend of every list."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from portal.foundation.api.pagination import CURSOR, PAGE_SIZE

if TYPE_CHECKING:
    # The framework reads this module while it builds the class.
    from rest_framework.views import APIView

# `format` is the framework's own, for clients that cannot set headers.
ALWAYS = frozenset({"format"})
OF_PAGES = frozenset({CURSOR, PAGE_SIZE})
LISTS = frozenset({"list", "pull"})


def refuse_unknown(request: Request, known: frozenset[str], *, paged: bool = True) -> None:
    """Refuse query parameters that mean nothing here: a misspelt filter must not give everything.

    Raises:
        ValidationError: by parameter.
    """
    unknown = sorted(set(request.query_params) - known - ALWAYS - (OF_PAGES if paged else frozenset()))
    if unknown:
        raise ValidationError({name: [_("There is no such parameter here.")] for name in unknown}, code="unknown")


class FilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """Filters lists by the view's FilterSet, and refuses parameters that it does not know."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> QuerySet[Any]:
        """Return the rows that the parameters ask for."""
        action = getattr(view, "action", None)
        if action not in LISTS:
            refuse_unknown(request, frozenset(getattr(view, "parameters", ())))
            return queryset
        filters = self.get_filterset_class(view, queryset)
        known = frozenset(filters.base_filters) if filters is not None else frozenset[str]()
        refuse_unknown(request, known | frozenset(getattr(view, "parameters", ())), paged=action == "list")
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found
