"""The branches that have not reported, as a page names them: what is late in red, what may still come in time is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.rollups import MissingBranch, Span
from portal.foundation import clock
from portal.foundation.text import mask_phone
from portal.pages.scopes import dashboard_url

# A page names so many of them before it is asked for all.
NAMED_MISSING: Final = 5


@dataclass(frozen=True, slots=True)
class MissingLine:
    """A missing branch, with the number of whoever is on duty as this reader may see it; `pending` while its report is not due yet."""

    row: MissingBranch
    href: str
    phone: str
    call_href: str
    pending: bool

    @property
    def state(self) -> str:
        """What a pill says of it."""
        if self.row.draft_since:
            return "unsent"
        if self.row.returned:
            return "returned"
        return "due" if self.pending else "missing"

    @property
    def note(self) -> str:
        """Since when, or for how long."""
        if self.row.draft_since:
            return _("since %(moment)s") % {"moment": _clock(self.row.draft_since)}
        # A day that is not over yet is no day missed.
        missed = (self.row.days or 0) - int(self.pending)
        if self.row.returned or missed < 1 or (missed == 1 and not self.pending):
            return ""
        if self.pending:
            return ngettext("%(days)s day missed", "%(days)s days missed", missed) % {"days": missed}
        return ngettext("%(days)s day running", "%(days)s days running", missed) % {"days": missed}


def missing_lines(rows: Sequence[MissingBranch], day: date, *, may_call: bool) -> list[MissingLine]:
    """Return missing branches as a reader sees them who may call there, or may not."""
    return [_line(row, day, may_call) for row in rows]


def _line(row: MissingBranch, day: date, may_call: bool) -> MissingLine:
    contact = row.contact if may_call else None
    phone = mask_phone(contact.phone) if contact else ""
    call = reverse("portal:duty_phone", args=[contact.person_id]) if contact else ""
    return MissingLine(row, dashboard_url(row.branch, Span.day(day)), phone, call, clock.now() <= row.due_at)


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"
