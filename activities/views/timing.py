"""How long it is until a report is due, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activities.models import ReportVersion


@dataclass(frozen=True)
class TimeLeft:
    """The time from `now` until `due_at`; `due_at` None where no report is owed."""

    due_at: datetime | None
    now: datetime

    @property
    def is_over(self) -> bool:
        """Whether the due time has passed."""
        return self.due_at is not None and self.now > self.due_at

    @property
    def due_time(self) -> str:
        """When it is due: the time alone on the same day, else with the day."""
        if self.due_at is None:
            return ""
        due, now = timezone.localtime(self.due_at), timezone.localtime(self.now)
        return f"{due:%H:%M}" if due.date() == now.date() else f"{date_format(due, 'MONTH_DAY_FORMAT')} {due:%H:%M}"

    @property
    def words(self) -> str:
        """The line that stands under the day."""
        if self.due_at is None:
            return _("No report is owed for this day.")
        if self.is_over:
            return _("was due %(time)s") % {"time": self.due_time}
        minutes = int((self.due_at - self.now).total_seconds() // 60)
        values = {"time": self.due_time, "days": minutes // 1440, "hours": minutes // 60, "minutes": minutes % 60}
        if minutes >= 2 * 1440:
            return _("due %(time)s, %(days)s days left") % values
        if minutes >= 60:
            return _("due %(time)s, %(hours)s h %(minutes)s min left") % values
        return _("due %(time)s, %(minutes)s min left") % values


def day_state(latest: ReportVersion | None, left: TimeLeft, *, has_draft: bool) -> str:
    """Return the state of a day as a pill names it, on the organiser's home and on the form alike; empty where nothing is owed or begun.

    A day past its due time is missing, as for everybody else; late is what was filed after it.
    """
    if latest is not None and latest.state != ReportVersion.State.WITHDRAWN:
        return latest.state
    if has_draft:
        return "draft"
    if left.due_at is None:
        return ""
    return "missing" if left.is_over else "due"
