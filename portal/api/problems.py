"""Every error of the API as problem details (RFC 9457), in words that a person understands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as Refusal
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.encoding import iri_to_uri
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from activities.api.rows import versions
from activities.api.serializers import VersionSerializer
from activities.models import ReportVersion
from portal.foundation.epochs import EpochOverError
from portal.foundation.errors import Conflict

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "/api/v1/problems/"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name in `type`, its status, what it is and what to do about it."""

    slug: str
    status: int
    title: str | Promise
    advice: str | Promise

    @property
    def uri(self) -> str:
        """The problem's type; the same whatever the host is called."""
        return f"{TYPES}{self.slug}/"


KINDS: Final[Mapping[str, Kind]] = {
    kind.slug: kind
    for kind in (
        Kind("malformed", 400, gettext_lazy("The request cannot be read"), gettext_lazy("Send well-formed JSON in UTF-8.")),
        Kind(
            "not-signed-in",
            401,
            gettext_lazy("Sign in first"),
            gettext_lazy("Send “Authorization: Token …” with a token that is valid; ask the keeper of accounts for one."),
        ),
        Kind("forbidden", 403, gettext_lazy("This is not yours to do"), gettext_lazy("You may see it, but your role does not allow this.")),
        Kind("csrf", 403, gettext_lazy("The security token is missing"), gettext_lazy("Send the page's security token, or use an API token.")),
        Kind(
            "password-first",
            403,
            gettext_lazy("Choose a password of your own first"),
            gettext_lazy("Somebody else chose this one. Choose your own on the pages of the portal; then the session is accepted here too."),
        ),
        Kind(
            "second-factor-first",
            403,
            gettext_lazy("Show your second factor first"),
            gettext_lazy("Type the code, or set the second factor up, on the pages of the portal; then the session is accepted here too."),
        ),
        Kind(
            "proof-needed",
            403,
            gettext_lazy("Prove once more who you are"),
            gettext_lazy("Your last code or password is older than ten minutes. Type it at /account/prove/, then ask again; tokens need none."),
        ),
        Kind("not-found", 404, gettext_lazy("Nothing is here"), gettext_lazy("There is no such thing, or it lies outside your scope.")),
        Kind("method", 405, gettext_lazy("This cannot be done here"), gettext_lazy("Use one of the methods that the header Allow names.")),
        Kind("not-acceptable", 406, gettext_lazy("There is no such format"), gettext_lazy("Answers are JSON: accept application/json.")),
        Kind(
            "stale", 409, gettext_lazy("Somebody else filed meanwhile"), gettext_lazy("Read the version in “current”, then file again with its number as base.")
        ),
        Kind(
            "reused-uid",
            409,
            gettext_lazy("This identifier was used for something else"),
            gettext_lazy("Make a new uid for new content; keep the uid only to send the same content again."),
        ),
        Kind("state", 409, gettext_lazy("Things have moved on"), gettext_lazy("Read the version in “current” and decide again.")),
        Kind(
            "epoch-over",
            410,
            gettext_lazy("The portal was restored from a backup"),
            gettext_lazy("Places in lists from before no longer hold: throw away what you copied, and read everything again, without a cursor."),
        ),
        Kind(
            "closed",
            409,
            gettext_lazy("The branch has ended"),
            gettext_lazy("Its records are closed: nothing in them is changed or added any more. Ask its administrator if something has to be corrected."),
        ),
        Kind("too-large", 413, gettext_lazy("The request is too large"), gettext_lazy("Send it in smaller parts.")),
        Kind("media-type", 415, gettext_lazy("This kind of content is not read"), gettext_lazy("Send JSON with Content-Type: application/json.")),
        Kind("validation", 422, gettext_lazy("Some of it cannot be accepted"), gettext_lazy("“errors” names each place in the request and what to change.")),
        Kind("throttled", 429, gettext_lazy("Too many requests"), gettext_lazy("Wait as many seconds as the header Retry-After says.")),
        Kind(
            "server",
            500,
            gettext_lazy("Something went wrong on our side"),
            gettext_lazy("Nothing was stored. Try again later; send filings with the same uid."),
        ),
        Kind(
            "unavailable",
            503,
            gettext_lazy("The portal is resting for a moment"),
            gettext_lazy("Wait as many seconds as the header Retry-After says, then send it again with the same uid."),
        ),
    )
}

# The framework's exceptions that say no more than what kind they are: their own words are for programmers.
_BY_EXCEPTION: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Http404, "not-found"),
    (exceptions.NotFound, "not-found"),
    (exceptions.NotAuthenticated, "not-signed-in"),
    (exceptions.AuthenticationFailed, "not-signed-in"),
    (exceptions.PermissionDenied, "forbidden"),
    (PermissionDenied, "forbidden"),
    (RequestDataTooBig, "too-large"),
    (exceptions.ParseError, "malformed"),
    (exceptions.MethodNotAllowed, "method"),
    (exceptions.NotAcceptable, "not-acceptable"),
    (exceptions.UnsupportedMediaType, "media-type"),
    (exceptions.Throttled, "throttled"),
    (EpochOverError, "epoch-over"),
)
_BY_STATUS: Final = {413: "too-large"}
# What these say was written for the caller, and says more than their kind.
_OWN_WORDS: Final = ("forbidden", "csrf", "malformed", "too-large")


class ErrorSerializer(serializers.Serializer[Any]):
    """One thing that cannot be accepted."""

    pointer = serializers.CharField(required=False, help_text=gettext_lazy("Where in the request: a JSON pointer, as in #/figures/0/value."))
    parameter = serializers.CharField(required=False, help_text=gettext_lazy("Or which query parameter."))
    code = serializers.CharField(help_text=gettext_lazy("A word for programs."))
    detail = serializers.CharField(help_text=gettext_lazy("A sentence for people."))


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details of RFC 9457."""

    type = serializers.CharField(help_text=gettext_lazy("Which problem; the address describes it."))
    title = serializers.CharField(help_text=gettext_lazy("The problem in a few words."))
    status = serializers.IntegerField(help_text=gettext_lazy("The status code again."))
    detail = serializers.CharField(help_text=gettext_lazy("What happened here and what to do."))
    instance = serializers.CharField(help_text=gettext_lazy("The address that was asked."))
    errors = ErrorSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text=gettext_lazy("With a validation problem: each thing that cannot be accepted.")
    )
    current = VersionSerializer(required=False, help_text=gettext_lazy("With a conflict: the version as it stands now."))


def problem(kind: Kind, request: HttpRequest, detail: str = "", **more: Any) -> dict[str, Any]:
    """Return the body of a problem."""
    return {
        "type": kind.uri,
        "title": str(kind.title),
        "status": kind.status,
        "detail": detail or str(kind.advice),
        "instance": iri_to_uri(request.path),
        **more,
    }


def problem_response(slug: str, request: HttpRequest, status: int | None = None) -> JsonResponse:
    """Answer with a problem outside of the framework's views."""
    kind = KINDS[slug]
    return JsonResponse(problem(kind, request), status=status or kind.status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False})


def problem_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; None for what nobody foresaw, which the server's own handler answers and logs."""
    request: HttpRequest = context["request"]._request
    if isinstance(error, Conflict):
        kind, more = KINDS[error.code.replace("_", "-")], _current(error, context)
        return _respond(problem(kind, request, f"{error.message} {kind.advice}", **more), kind, {})
    if isinstance(error, Refusal):
        return _invalid(list(_refused(error, getattr(context["view"], "pointers", {}))), request)
    if isinstance(error, exceptions.ValidationError):
        in_query = request.method in {"GET", "HEAD", "OPTIONS"}
        return _invalid(list(_flat(error.get_full_details(), in_query=in_query)), request)
    slug = next((slug for cause, slug in _BY_EXCEPTION if isinstance(error, cause)), _BY_STATUS.get(getattr(error, "status_code", 0)))
    if slug is None:
        return None
    detail = getattr(error, "detail", None) or (str(error) if isinstance(error, PermissionDenied) else "")
    if getattr(detail, "code", "") == "csrf":
        slug = "csrf"
    set_rollback()
    kind = KINDS[slug]
    return _respond(problem(kind, request, str(detail) if slug in _OWN_WORDS else ""), kind, _headers(error))


def _respond(body: dict[str, Any], kind: Kind, headers: dict[str, str]) -> Response:
    return Response(body, status=kind.status, headers=headers, content_type=MEDIA_TYPE)


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def _current(error: Conflict, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the version as it stands now, for whoever meets a conflict over it."""
    if not isinstance(error.current, ReportVersion):
        return {}
    version = versions(context["request"]).get(pk=error.current.pk)
    return {"current": VersionSerializer(version, context={"request": context["request"]}).data}


def _invalid(errors: list[dict[str, str]], request: HttpRequest) -> Response:
    kind = KINDS["validation"]
    # The sentences stand in the detail too: people read that first.
    detail = " ".join(dict.fromkeys(error["detail"] for error in errors))
    return _respond(problem(kind, request, detail, errors=errors), kind, {})


def invalid_parameters(sentences: Mapping[str, str], code: str, request: HttpRequest) -> JsonResponse:
    """Answer, outside of the framework's views, that parameters of a query cannot be accepted: a sentence by the name of each."""
    kind = KINDS["validation"]
    errors = [{"parameter": name, "code": code, "detail": sentence} for name, sentence in sentences.items()]
    body = problem(kind, request, " ".join(dict.fromkeys(sentences.values())), errors=errors)
    return JsonResponse(body, status=kind.status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False})


def _refused(error: Refusal, pointers: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the refusals of the services; they are named by metric or field, and `pointers` says where those were sent."""
    by_name = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for name, refusals in by_name.items():
        for refusal in refusals:
            sentence = " ".join(refusal.messages)
            yield {"pointer": pointers.get(name, "#"), "code": str(refusal.code or "invalid"), "detail": sentence}


def _flat(details: Any, *, in_query: bool, path: str = "") -> Iterator[dict[str, str]]:
    """Yield the leaves of the framework's nested errors with where each stands."""
    if isinstance(details, dict) and "message" in details and "code" in details and not isinstance(details["message"], dict | list):
        where = {"parameter": path.lstrip("/")} if in_query else {"pointer": f"#{path}"}
        yield {**where, "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for key, inner in details.items():
            step = "" if key in {api_settings.NON_FIELD_ERRORS_KEY, NON_FIELD_ERRORS} else f"/{_escaped(key)}"
            yield from _flat(inner, in_query=in_query, path=path + step)
    else:
        # A list is either of messages about one place, or of the rows of a list, the good ones empty.
        rows = bool(details) and all(isinstance(inner, dict) and "message" not in inner for inner in details)
        for number, inner in enumerate(details):
            yield from _flat(inner, in_query=in_query, path=f"{path}/{number}" if rows else path)


def _escaped(key: Any) -> str:
    """Return a step of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


def describe(kind: Kind) -> dict[str, Any]:
    """Return what the address in `type` answers."""
    return {"type": kind.uri, "status": kind.status, "title": str(kind.title), "detail": _("What to do: %(advice)s") % {"advice": kind.advice}}
