"""What no request of a person may hold is refused before or behind every view, so that no page has to think of it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from portal.api.problems import invalid_parameters, problem_response
from portal.foundation.text import NUL, NUL_REFUSED
from portal.foundation.uploads import most_bytes

# The API reads its own bodies.
API: Final = "/api/"
UNPROCESSABLE: Final = 422


# Bytes; what nginx lets through. Whoever sends more than that meets a closed connection.
MOST_PASSED_OVER: Final = 32 * 1024 * 1024
BLOCK: Final = 64 * 1024


class BoundedMiddleware(MiddlewareMixin):
    """Refuse a body that is too large by what it announces; nothing of it is kept.

    It is read all the same, block by block: to whoever is still sending, an answer and a closed connection look like a connection that broke.
    A body that announces no length (sent in chunks) is an empty one to Django, so that nothing gets past this.
    """

    def process_view(self, request: HttpRequest, view: Any, arguments: Any, named: Any) -> HttpResponse | None:
        """Answer 413 to what is larger than the view takes."""
        announced = request.META.get("CONTENT_LENGTH") or "0"
        most = most_bytes(view)
        # Longer than any number that is worth reading.
        if len(announced) <= len(str(most)) and (not announced.isdecimal() or int(announced) <= most):
            return None
        if len(announced) <= len(str(MOST_PASSED_OVER)) and announced.isdecimal() and int(announced) <= MOST_PASSED_OVER:
            _pass_over(request)
        if request.path_info.startswith(API):
            return problem_response("too-large", request)
        return render(request, "413.html", {"most": most}, status=413)


def _pass_over(request: HttpRequest) -> None:
    # Whoever hangs up wants no answer either.
    with suppress(UnreadablePostError):
        while request.read(BLOCK):
            pass


class PlainTextMiddleware(MiddlewareMixin):
    """Read every request as UTF-8, and refuse NUL characters with a sentence beside each text that holds one.

    PostgreSQL stores no NUL and refuses to compare with one; an encoding that a request announces may be none of texts, or one that makes half
    characters. Both would be errors of ours, wherever such a text arrives. A form refuses a NUL itself, beside its field; this answers for the query,
    and for what a view reads without a form.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Read as UTF-8; nobody types a cookie, so it is no cookie with a NUL in it."""
        # Also for requests that announce nothing: the setter forgets what was announced.
        request.encoding = "utf-8"
        if any(NUL in text for text in request.COOKIES.values()):
            request.COOKIES = {name: text.replace(NUL, "") for name, text in request.COOKIES.items()}

    def process_view(self, request: HttpRequest, view: Any, arguments: Any, named: Any) -> HttpResponse | None:
        """Refuse a query with a NUL."""
        if not _holds_one(request.GET):
            return None
        if request.path_info.startswith(API):
            damaged = {name.replace(NUL, ""): str(NUL_REFUSED) for name, texts in request.GET.lists() if NUL in "".join([name, *texts])}
            return invalid_parameters(damaged, "null_characters_not_allowed", request)
        return _asked_again(request, request.GET, request.path)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Refuse a form with a NUL that the database would not take; what else was in it comes back."""
        # From the driver, which sends no such text; or from the server, of JSON.
        if not isinstance(error, ValueError | DataError) or request.path_info.startswith(API) or not _holds_one(request.POST):
            return None
        return _asked_again(request, request.POST, request.get_full_path())


def _holds_one(sent: QueryDict) -> bool:
    return any(NUL in name or any(NUL in str(text) for text in texts) for name, texts in sent.lists())


def _asked_again(request: HttpRequest, sent: QueryDict, address: str) -> HttpResponse:
    """Show what was sent as a form: each damaged text to be mended, with the sentence beside it; the others go along."""
    return render(request, "nul.html", {"sent": list(_texts(sent)), "sentence": NUL_REFUSED, "action": address}, status=UNPROCESSABLE)


def _texts(sent: QueryDict) -> Iterator[dict[str, str]]:
    for name, texts in sent.lists():
        # No field of ours is called so.
        if NUL in name or name == "csrfmiddlewaretoken":
            continue
        for text in map(str, texts):
            yield {"name": name, "text": text.replace(NUL, ""), "seen": text.replace(NUL, "□") if NUL in text else ""}
