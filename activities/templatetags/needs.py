"""Needs in templates: how long somebody has waited, and how long it may still take, in words."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

from activities.models import Need
from portal.foundation import clock

register = template.Library()


@register.filter
def duration(span: timedelta) -> str:
    """Return a span of time in its two largest parts: days and hours, hours and minutes, or minutes alone."""
    minutes = max(int(abs(span).total_seconds()) // 60, 0)
    values = {"days": minutes // 1440, "hours": minutes // 60 % 24, "minutes": minutes % 60}
    if values["days"]:
        return (_("%(days)s d %(hours)s h") if values["hours"] else _("%(days)s d")) % values
    if values["hours"]:
        return (_("%(hours)s h %(minutes)s min") if values["minutes"] else _("%(hours)s h")) % values
    return _("%(minutes)s min") % values


@register.filter
def time_left(need: Need) -> str:
    """Return until when a need should be resolved: how much time is left, or how long it is over."""
    left = need.due_at - clock.now()
    return (_("over by %(time)s") if need.is_overdue else _("%(time)s left")) % {"time": duration(left)}
