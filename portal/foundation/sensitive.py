"""What a model says about its sensitive fields: what for, on what ground, how long, and what is done at the end.

The ground is one of those of article 13 of the Personal Information Protection Law; fields of a kind that article 28 calls sensitive say which.
`portal/retention/` does at the end what is declared here, and the page "what is kept" is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Told(Enum):
    """A value with the words that a reader is told."""

    @property
    def words(self) -> StrOrPromise:
        """The words, in the language of the page."""
        words: StrOrPromise = self.value[1]
        return words


class Basis(Told):
    """Why a field may be kept at all: article 13, first paragraph, by item."""

    CONSENT = (1, _("the person agreed (article 13, item 1)"))
    DUTY = (3, _("needed for duties laid down by law (article 13, item 3)"))
    EMERGENCY = (4, _("needed to meet a public health emergency (article 13, item 4)"))
    PUBLISHED = (6, _("published already (article 13, item 6)"))


class Special(Told):
    """What makes a field sensitive in the sense of article 28; it is kept only where the purpose cannot do without (articles 28 and 30)."""

    HEALTH = ("health", _("may tell of health"))
    WHEREABOUTS = ("whereabouts", _("tells where somebody was"))


class Whose(Told):
    """Whom a field is about."""

    SERVING = ("serving", _("whoever serves"))
    RESIDENT = ("resident", _("residents and their households"))
    NAMED = ("named", _("whoever is named in the words"))
    ACCOUNT = ("account", _("whoever signs in"))


class Since(Told):
    """What the period is counted from."""

    BRANCH = ("branch", _("after the end of the branch"))
    SITE = ("site", _("after nobody answers for the site any more"))
    PERSON = ("person", _("after the end of the last branch in which the person served"))
    ACCOUNT = ("account", _("after the account lost its last role"))
    ROW = ("row", _("after it was written"))
    STANDING = ("standing", _("as long as the reason stands"))


class AtEnd(Told):
    """What is done when the time is over."""

    ERASED = ("erased", _("erased"))
    PSEUDONYM = ("pseudonym", _("replaced by a pseudonym"))
    UNNAMED = ("unnamed", _("stays, of a pseudonym, so that sums stay right"))
    ROW_GOES = ("row_goes", _("thrown away with all that stands beside it"))
    KEPT = ("kept", _("kept on"))


@dataclass(frozen=True)
class Sensitive:
    """Why a sensitive field is kept, and for how long.

    Attributes:
        purpose: what the field is needed for; nothing else may be done with it.
        kept_for: how long it stays, counted from `since`; None while the reason in `because` stands.
        basis: the ground of article 13. Whoever declares none is refused by a test.
        becomes: what stands in its place where nothing cannot: the mark `GONE`, or another value that says nothing.
        because: why something is kept on, where it is.
    """

    purpose: StrOrPromise
    kept_for: timedelta | None
    basis: Basis | None = None
    whose: Whose = Whose.NAMED
    special: Special | None = None
    since: Since = Since.BRANCH
    at_end: AtEnd = AtEnd.ERASED
    becomes: Any = ""
    because: StrOrPromise = ""


AFTER_THE_BRANCH = timedelta(days=180)
# What stands in place of words whose time is over, where something has to stand.
GONE = "—"
