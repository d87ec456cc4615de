"""Who calls: a token of another system, or somebody signed in to the pages."""

from typing import Any

from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.authentication import SessionAuthentication as DrfSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from portal.accounts.services import note_use


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """A token, of which the database keeps only the hash."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """Return the user and the token.

        Raises:
            AuthenticationFailed: it is not one of ours, has run out or was taken back, or its user was closed.
        """
        if not token.isascii():
            raise AuthenticationFailed
        found: tuple[Any, Any] = super().authenticate_credentials(token)
        note_use(found[0])
        return found


class SessionAuthentication(DrfSessionAuthentication):
    """A session of the pages; what changes something needs the page's security token."""

    def enforce_csrf(self, request: Request) -> None:
        """Refuse a change without the security token.

        Raises:
            PermissionDenied: it is missing or wrong.
        """
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(_("The security token is missing or wrong. Send it as X-CSRFToken, or use an API token."), code="csrf") from error
