"""One line of the log for each request: which page, not which address, and never what was asked for or typed."""

import logging
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from portal.health import PROBES
from portal.watching import counting, statements

log = logging.getLogger("portal.request")
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STATIC, NOWHERE, OTHER = "static", "nowhere", "OTHER"


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Write the line when the answer begins; stands directly inside of what names the request."""

    def answer(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        with connection.execute_wrapper(statements.noticed):
            response = get_response(request)
        seconds = time.perf_counter() - began
        route = route_of(request)
        # Probes come every few seconds and files by the dozen; they are worth a line when they fail.
        level = logging.DEBUG if response.status_code < 400 and (route == STATIC or route in PROBES.values()) else logging.INFO
        told = {"route": route, "method": method_of(request), "status": response.status_code, "ms": round(seconds * 1000, 1), "account": account_of(request)}
        log.log(level, "answered", extra=told)
        counting.count(route, method_of(request), response.status_code, seconds)
        return response

    return answer


def route_of(request: HttpRequest) -> str:
    """Return the name of the view that was asked for: as many as there are views, and a few more."""
    if request.path_info in PROBES:
        return PROBES[request.path_info]
    if request.resolver_match is not None:
        return request.resolver_match.view_name or OTHER
    return STATIC if request.path_info.startswith(settings.STATIC_URL) else NOWHERE


def method_of(request: HttpRequest) -> str:
    """Return the method, or one word for all that nobody knows."""
    return request.method if request.method in METHODS else OTHER


def account_of(request: HttpRequest) -> str:
    """Return the public identifier of whoever is signed in, as far as it is known: asking now would read the session of every file."""
    user = request.__dict__.get("user")
    if type(user) is SimpleLazyObject:
        user = getattr(request, "_cached_user", None)
    return str(getattr(user, "public_id", None) or "")
