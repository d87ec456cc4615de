"""Headers that every answer has: pages, errors, redirects, files, the API; also what Django refuses before a view is found.

The Content-Security-Policy of pages stands in `settings.py`; what is no page gets one under which nothing runs, whatever a browser takes it for.
"""

from collections.abc import Callable
from typing import Final

from csp.constants import HEADER as POLICY
from django.conf import settings
from django.http import HttpRequest, HttpResponse

PAGE: Final = "text/html"
# Of what is no page: a table, a picture, JSON.
NOTHING_RUNS: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
# What a page may ask a browser for; copying a text (clipboard-write) is the only such thing that ours do.
_NOT_ASKED_FOR: Final = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
ALWAYS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _NOT_ASKED_FOR),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
}
NOT_KEPT: Final = "no-store, private"


def on_every_answer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Set them on whatever comes out; the first middleware, so that it also sees what the others refuse."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.get("Content-Type", "").startswith(PAGE):
            response[POLICY] = NOTHING_RUNS
        for name, value in ALWAYS.items():
            response.setdefault(name, value)
        # Nothing but static files is the same for everybody: no copy of the rest stays on a machine that many use, nor in one on the way. That there is
        # no such file is a page, with whatever a page may say.
        if not request.path_info.startswith(settings.STATIC_URL) or response.status_code >= 400:
            response["Cache-Control"] = NOT_KEPT
        return response

    return middleware
