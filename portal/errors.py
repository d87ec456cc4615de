"""Pages for what went wrong: each says what to do next. What was typed is not lost: drafts and the browser's own copy keep it."""

import sys
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.views.decorators.csrf import requires_csrf_token
from django.views.defaults import server_error as server_error_page

from activities.views.keeping import carried
from portal.api.problems import problem_response
from portal.requests import API

# Seconds; `make run` has the database up again by then.
RETRY_AFTER: Final = "5"


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose security token is missing or from an earlier sign-in; a report's form goes on with what was typed."""
    typed = carried(request)
    if typed is not None:
        # Shown behind a button of ours and with a fresh token: a stranger's page can bring figures here, but not send them on.
        return render(request, "activities/typed_kept.html", {"typed": typed, "action": request.path}, status=403)
    if request.path.startswith(API):
        return problem_response("csrf", request)
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that makes no sense."""
    if request.path.startswith(API):
        return problem_response("malformed", request)
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer: visible, but not yours to change."""
    if request.path.startswith(API):
        return problem_response("forbidden", request)
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer: not there, or outside your scope."""
    if request.path.startswith(API):
        return problem_response("not-found", request)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after an error that nobody foresaw, or while the database is away; both are logged."""
    error = sys.exc_info()[1]
    # Cut off in the middle of a statement, the driver names no kind.
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
        return _unavailable(request)
    if request.path.startswith(API):
        return problem_response("server", request)
    return server_error_page(request)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """Say that it is worth trying again soon; read nothing from the database for it."""
    if request.path.startswith(API):
        response: HttpResponse = problem_response("unavailable", request)
    else:
        response = HttpResponse(get_template("maintenance.html").render(), status=503)
    response["Retry-After"] = RETRY_AFTER
    return response
