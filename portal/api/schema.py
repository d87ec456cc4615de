"""OpenAPI 3.1: what the generator needs to know beyond the views, and each operation's problems."""

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from portal.api.problems import KINDS, MEDIA_TYPE, ProblemSerializer

_ALWAYS: Final = ("not-signed-in", "forbidden", "not-acceptable", "throttled", "server")
# What is asked of a region, a work unit or a branch may lie outside the reader's scope; and a format that nobody writes is not there.
_READING_MANY: Final = ("validation", "epoch-over", "not-found")
_READING_ONE: Final = ("not-found", "validation")
# Without a body: on an object that is named by the address.
_ACTING: Final = ("not-found", "state", "closed")
_WRITING: Final = ("malformed", "not-found", "stale", "reused-uid", "state", "closed", "too-large", "media-type", "validation")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "portal.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe the header."""
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Authorization: Token …"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The cookie of the pages."""

    target_class = "portal.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Describe the cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class ProblemSchema(AutoSchema):
    """Operations with the problems that each may answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation with its problems, an example each."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        reference = self.resolve_serializer(ProblemSerializer, "response").ref
        for slug in self._problems(operation):
            kind = KINDS[slug]
            answer = operation["responses"].setdefault(str(kind.status), {"description": str(kind.title), "content": {}})
            body = answer["content"].setdefault(MEDIA_TYPE, {"schema": reference, "examples": {}})
            body["examples"][slug] = {"summary": str(kind.title), "value": _example(slug, self.path)}
        return operation

    def _problems(self, operation: dict[str, Any]) -> tuple[str, ...]:
        if not operation.get("security") or {} in operation["security"]:
            return ("not-found",) if "{" in self.path else ()
        if self.method != "GET":
            return (*_ALWAYS, *(_WRITING if "requestBody" in operation else _ACTING if "{" in self.path else ()))
        if "{" in self.path:
            return (*_ALWAYS, *_READING_ONE)
        return (*_ALWAYS, *_READING_MANY)


def _example(slug: str, path: str) -> dict[str, Any]:
    kind = KINDS[slug]
    body: dict[str, Any] = {"type": kind.uri, "title": str(kind.title), "status": kind.status, "detail": str(kind.advice), "instance": path}
    if slug == "validation":
        body["errors"] = [{"pointer": "#/figures/0/value", "code": "negative", "detail": str(kind.title)}]
    return body
