"""Refusals that pages and API turn into an answer."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise


class Forbidden(PermissionDenied):
    """Visible, but not yours to change."""


class Conflict(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """Somebody else was first, or the same identifier came with other content.

    Attributes:
        code: `stale`, `reused_uid` or `state`.
        message: a sentence for the person.
        current: the object as it stands now, where there is one.
    """

    def __init__(self, code: str, message: str | Promise, current: Any = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.current = current
