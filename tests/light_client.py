"""A client for tests that open thousands of pages."""

from typing import Any

from django.test.client import Client, ClientHandler, RequestFactory

from portal.accounts.models import User


class Browser(RequestFactory):
    """Sends requests through the middleware as `Client` does, without its copies of everything that a template was given: those cost most."""

    handler = ClientHandler(enforce_csrf_checks=False)

    def __init__(self, session: str = "") -> None:
        super().__init__()
        if session:
            self.cookies["sessionid"] = session

    def request(self, **request: Any) -> Any:
        """Send a request and return the response."""
        return self.handler(self._base_environ(**request))  # type: ignore[attr-defined]


def session_of(user: User) -> str:
    """Sign somebody in, and return the session."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session: str = client.cookies["sessionid"].value
    return session
