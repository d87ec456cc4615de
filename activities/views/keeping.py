"""Keep what was typed when the sign-in is lost on the way: for browsers without script, which have no copy of their own.

What was posted waits in the session of whoever is not signed in; Django takes that session over when they sign in, and the form shows it. The form says
for whom it was opened: on a shared phone somebody else may be the next to sign in, and what another has typed is not for them.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from activities.form_state import Fields, typed_fields
from portal.foundation import clock

P = ParamSpec("P")
FORMS: Final = frozenset({"activities:report_edit", "activities:on_behalf", "activities:period_edit"})
SESSION_KEY: Final = "typed_before_sign_in"
# The field that says who opened the form.
TYPIST: Final = "typist"


def kept_over_sign_in(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Lead whoever is not signed in to the sign-in page as the middleware would, keeping what they posted.

    The view is marked as open for the middleware's sake; it is not: nothing of it runs without a sign-in.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.method == "POST":
            _keep(request)
        return redirect_to_login(request.get_full_path())

    guarded_view: Callable[Concatenate[HttpRequest, P], HttpResponse] = login_not_required(guarded)
    return guarded_view


def kept(request: HttpRequest) -> tuple[Fields, int, datetime] | None:
    """Return what the reader typed into this address before signing in, the version it stood on, and when; None when nothing waits."""
    waiting: dict[str, Any] | None = request.session.get(SESSION_KEY)
    if not waiting or waiting["path"] != request.path or waiting.get("by") != str(getattr(request.user, "public_id", "")):
        return None
    return waiting["fields"], waiting["base"], datetime.fromisoformat(waiting["at"])


def forget(request: HttpRequest) -> None:
    """Drop what waits: the form has been sent again since."""
    if kept(request) is not None:
        del request.session[SESSION_KEY]


def base_posted(request: HttpRequest) -> int:
    """Return the number of the version that the form was opened on; 0 for anything that is not a number."""
    text = request.POST.get("base", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def carried(request: HttpRequest) -> list[tuple[str, str]] | None:
    """Return what was typed into a report's form as pairs for hidden inputs; None when the address is no such form."""
    match = request.resolver_match
    if match is None or match.view_name not in FORMS or request.method != "POST":
        return None
    return [
        *typed_fields(request.POST.dict()).items(),
        ("base", str(base_posted(request))),
        (TYPIST, _typist(request)),
        ("uid", request.POST.get("uid", "")[:40]),
    ]


def _keep(request: HttpRequest) -> None:
    fields = typed_fields(request.POST.dict())
    if fields:
        typed = {"path": request.path, "fields": fields, "base": base_posted(request), "by": _typist(request)}
        request.session[SESSION_KEY] = typed | {"at": clock.now().isoformat()}


def _typist(request: HttpRequest) -> str:
    return request.POST.get(TYPIST, "")[:40]
