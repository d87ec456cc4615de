"""What no request of a person holds is taken out before anything reads it, so that no page has to think of it."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.deprecation import MiddlewareMixin

NUL: Final = "\0"
# The API reads its own bodies.
API: Final = "/api/"


class PlainTextMiddleware(MiddlewareMixin):
    """Read every request as UTF-8 and without NUL characters.

    PostgreSQL stores no NUL and refuses to compare with one; an encoding that a request announces may be none of texts, or one that makes half
    characters. Both would be errors of ours, wherever such a text arrives.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Clean the query and the cookies."""
        # Also for requests that announce nothing: the setter forgets what was announced.
        request.encoding = "utf-8"
        # Again and again: taking one out of `%0%000` makes another.
        while "%00" in request.META.get("QUERY_STRING", ""):
            request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "")
        if any(NUL in text for text in request.COOKIES.values()):
            request.COOKIES = {name: text.replace(NUL, "") for name, text in request.COOKIES.items()}

    def process_view(self, request: HttpRequest, view: Any, arguments: Any, named: Any) -> HttpResponse | None:
        """Clean a form."""
        if (
            request.method == "POST"
            and not request.path_info.startswith(API)
            and any(NUL in name or NUL in "".join(texts) for name, texts in request.POST.lists())
        ):
            request.POST = _cleaned(request.POST)  # type: ignore[assignment]
        return None


def _cleaned(posted: QueryDict) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, texts in posted.lists():
        found.setlist(name.replace(NUL, ""), [str(text).replace(NUL, "") for text in texts])
    return found
