"""What a model must say about its sensitive fields (Personal Information Protection Law, articles 6 and 19)."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Sensitive:
    """Why a sensitive field is kept, and for how long after the branch's end.

    Attributes:
        purpose: what the field is needed for; nothing else may be done with it.
        kept_for: how long after the end of the branch it stays; None while the account or the audit log stands.
    """

    purpose: str
    kept_for: timedelta | None


AFTER_THE_BRANCH = timedelta(days=180)
# What stands in place of words whose time is over, where something has to stand.
GONE = "—"
