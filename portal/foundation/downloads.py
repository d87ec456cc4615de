"""Downloads of rows: each keeps a thread and a connection while it lasts, so that one account has a few at once."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from portal.foundation import locks
from portal.foundation.errors import TooMany
from portal.foundation.proof import FILE, needs_proof

AT_ONCE: Final = 3
_REFUSAL: Final = _("Three downloads of yours are running already. Wait until one of them has ended, then begin again.")


def a_few_at_once(view: Callable[..., HttpResponse | StreamingHttpResponse]) -> Callable[..., HttpResponse | StreamingHttpResponse]:
    """Answer 429 while as many downloads of the account run as it may have; what `view` streams is one of them until it ends.

    A file leaves the portal and its audit log, so whoever takes one has proved lately who they are.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse | StreamingHttpResponse:
        try:
            with transaction.atomic():
                _take_turn(request.user.pk)
        except TooMany as refusal:
            return render(request, "429.html", {"refusal": refusal.message}, status=429)
        response = view(request, *args, **named)
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _in_turn(request.user.pk, response.streaming_content)
        return response

    return needs_proof(answered, FILE)


def _in_turn(account: int | None, content: Any) -> Iterator[Any]:
    """Yield a download in one transaction, whose lock ends with it however it ends: broken off, or with its process.

    Raises:
        TooMany: others began since the answer did; it breaks off before anything was sent.
    """
    with transaction.atomic():
        _take_turn(account)
        yield from content


def _take_turn(account: int | None) -> None:
    if not any(locks.take(f"download {number} of {account}") for number in range(AT_ONCE)):
        raise TooMany(_REFUSAL)
