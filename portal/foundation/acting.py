"""Who acts, in answer to which request, by what means: for logs, for the audit, and for the database, which is told with each write.

A request of the web server, a job of the worker and a command of `manage.py` each begin one `Acting`. Where none began, in a shell say, nobody is named.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject, empty

HEADER: Final = "X-Request-ID"
# The setting of the database that holds it, for as long as a transaction.
SETTING: Final = "portal.acting"
# What may come to rows. A query with a WITH may write too.
_WRITES: Final = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH|CALL)\b", re.IGNORECASE)
_NO_WORD: Final = re.compile(r"[^0-9a-z_:.-]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Acting:
    """Something that is being done.

    Attributes:
        means: `web`, `api`, `job:<kind>` or `command:<name>`; letters, digits and `_:.-` only.
        request_id: the same for all that comes of one request; of a job it is the job's identifier.
        who: returns the primary key of the account, None for the machine itself or while nobody has signed in.
    """

    means: str
    request_id: UUID
    who: Callable[[], int | None]

    def __str__(self) -> str:
        """Return it as the database is told: account, request and means, with bars between."""
        return f"{self.who() or ''}|{self.request_id}|{_NO_WORD.sub('', self.means)[:60]}"


_current: ContextVar[Acting | None] = ContextVar("acting", default=None)


def current() -> Acting | None:
    """Return what is being done, None where nothing began."""
    return _current.get()


def request_id() -> str:
    """Return the identifier of the request or job at hand, or nothing."""
    now = _current.get()
    return str(now.request_id) if now else ""


@contextmanager
def acting(means: str, *, who: int | None = None, request_id: UUID | None = None) -> Iterator[Acting]:
    """Do what follows in the name of `who`, None for the machine itself."""
    begun = Acting(means, request_id or uuid4(), lambda: who)
    token = _current.set(begun)
    try:
        yield begun
    finally:
        _current.reset(token)


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Begin with each request; the answer bears its identifier."""

    def answer(request: HttpRequest) -> HttpResponse:
        means = "api" if request.path_info.startswith("/api/") else "web"
        begun = Acting(means, _identifier(request), lambda: _account_of(request))
        token = _current.set(begun)
        try:
            response = get_response(request)
        finally:
            _current.reset(token)
        response.headers.setdefault(HEADER, str(begun.request_id))
        return response

    return answer


def tell(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Send what is being done to the database before a statement that may write, in the same round trip: an execute wrapper of every connection.

    It holds until the transaction ends, so that it is nobody else's behind a pooler; and it comes with each write, because one that was told inside a
    savepoint is forgotten with it.
    """
    now = _current.get()
    # A cursor with a name is declared by the driver, for one statement alone.
    if now is None or not isinstance(sql, str) or not _WRITES.match(sql) or getattr(context["cursor"].cursor, "name", None):
        return execute(sql, params, many, context)
    return execute(f"SELECT set_config('{SETTING}', '{now}', true); {sql}", params, many, context)


def _identifier(request: HttpRequest) -> UUID:
    """Return what a proxy of ours named the request, else a new identifier: whoever asks does not choose it."""
    if settings.PROXY_COUNT:
        try:
            return UUID(request.headers.get(HEADER, ""))
        except ValueError:
            pass
    return uuid4()


def _account_of(request: HttpRequest) -> int | None:
    """Return the account of a request as far as it is known by now: asking would be a query inside of another."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and user._wrapped is empty:  # type: ignore[attr-defined]
        user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)
