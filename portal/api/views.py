"""What belongs to the API as a whole: its schema, its documentation, its problems, and giving back a token."""

from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.problems import KINDS, describe
from portal.foundation import audit
from portal.foundation.api.schema import example

# The documentation's script draws with markup, inline styles and pictures in its stylesheet. Scripts stay our own.
DOCS_POLICY = {"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"], "require-trusted-types-for": None, "trusted-types": None}


@cache
def drawn_schema(language: str) -> dict[str, Any]:
    """Return the schema in a language; it changes only with the code."""
    with override(language):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        return schema


class SchemaView(APIView):
    """The schema, open: as JSON, or as YAML for whoever accepts that."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer, JSONRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the schema in the reader's language."""
        return Response(drawn_schema(get_language() or "zh-hans"))


@login_not_required
@require_safe
@csp_replace(DOCS_POLICY)
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show the documentation, open."""
    return render(request, "portal/api_docs.html")


PROBLEM_KIND = inline_serializer(
    "ProblemKind",
    {"type": serializers.CharField(), "status": serializers.IntegerField(), "title": serializers.CharField(), "detail": serializers.CharField()},
)


class ProblemView(APIView):
    """What a kind of problem means, open: the address in `type`."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes: list[Any] = []

    @extend_schema(
        summary=_("Read what a problem means"),
        description=_("The address in the field “type” of each error."),
        responses=PROBLEM_KIND,
        examples=[example({"type": "/api/v1/problems/stale/", "status": 409, "title": "Somebody else filed meanwhile", "detail": "…"}, response_only=True)],
        tags=["problems"],
        auth=[{}],  # type: ignore[list-item]
    )
    def get(self, request: Request, slug: str) -> Response:
        """Describe a kind of problem."""
        if slug not in KINDS:
            raise Http404
        return Response(describe(KINDS[slug]))


class TokenView(APIView):
    """The token that a request was sent with."""

    @extend_schema(
        summary=_("Give back the token"),
        description=_("Ends the token that the request was sent with, at once. Do so when it may have been seen by others; new ones are issued on the pages."),
        request=None,
        responses={204: OpenApiResponse(description=_("The token is no longer valid."))},
        tags=["token"],
    )
    def delete(self, request: Request) -> Response:
        """End the token; somebody signed in to the pages has none."""
        token: Any = request.auth
        if token is None:
            raise Http404
        audit.record(request.user, "token.revoked", address=audit.address_of(request._request), token=token.token_key[:8])
        token.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
