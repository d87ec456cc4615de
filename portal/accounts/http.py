"""The request as views behind the sign-in wall get it."""

from django.http import HttpRequest

from portal.accounts.models import User


class AuthenticatedRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
