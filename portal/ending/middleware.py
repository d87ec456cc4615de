"""What is refused because a branch is closed, said in a sentence: on every page and in the API, whichever view, service or trigger refused it."""

from collections.abc import Callable

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from branches.closing import RULE, BranchClosed
from portal.api.problems import problem_response
from portal.foundation.refusals import constraint_of
from portal.requests import API


class ClosedBranchMiddleware:
    """Answer 409 where a write to a closed branch was refused and nobody caught it; nothing of the request is stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go on with the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for that one rule; everything else is somebody else's."""
        refused = isinstance(exception, IntegrityError) and constraint_of(exception) == RULE
        if not refused and not isinstance(exception, BranchClosed):
            return None
        if request.path.startswith(API):
            return problem_response("closed", request)
        return render(request, "ending/closed.html", status=409)
