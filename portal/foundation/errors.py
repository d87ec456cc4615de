"""Refusals that pages and API turn into an answer."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise


class Forbidden(PermissionDenied):
    """Visible, but not yours to change."""


class TooMany(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """An account has as many of something under way as it may have.

    Attributes:
        message: a sentence for the person: how many those are, and what to wait for.
    """

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


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


class ForOperatorsError(Exception):
    """What went wrong with the machine, in words of ours for whoever keeps it: they name files and settings, never a person, and may be kept and shown."""
