"""Where to report a hole, for whoever finds one: RFC 9116."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.foundation import clock

# The standard wants less than a year; whoever reads it later asks again.
HOLDS: Final = timedelta(days=90)


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say whom to tell of a hole, as SECURITY_CONTACT has it; not there as long as nobody has said."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    until = datetime.combine(clock.today() + HOLDS, time(), UTC)
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    lines += [f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: zh, en", f"Canonical: {request.build_absolute_uri(request.path)}"]
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
