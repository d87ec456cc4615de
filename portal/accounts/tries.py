"""How failed tries at passwords are kept: that there was one, for whom and from where, and nothing of what was typed."""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.http import HttpRequest, QueryDict


class TriesHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """The library's, without the form and the query.

    The library would keep both, and hide no more than a field called `password`: a password with a slip of the finger stands in other fields of ours
    too, beside whatever was typed into a form that waits for it.
    """

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
        """Count a failed try."""
        if request is None:
            super().user_login_failed(sender, credentials, request, **kwargs)
            return
        query, form = request.GET, request.POST
        request.GET = request.POST = QueryDict()
        try:
            super().user_login_failed(sender, credentials, request, **kwargs)
        finally:
            request.GET, request.POST = query, form
