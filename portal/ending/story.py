"""A first draft of a branch's story, out of its own figures: whoever knows it corrects and completes it. And its honours, as they stand on record."""

from typing import Any, Final

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities import rollups
from activities.models import Need
from activities.rollups import Scope, Span
from activities.templatetags.figures import figure_text
from members.models import Membership, Person, PioneerPost, ServiceNote, Squad
from portal.ending.checklist import Checklist, numbers_of
from portal.ending.models import BranchEnd

# More figures than these say nothing in a text; the pack has them all.
_FIGURES: Final = 8


def draft_of(end: BranchEnd) -> str:
    """Return the draft, in the reader's language: what the records say and nothing else."""
    return "\n\n".join(part for part in (_beginning(end), _people(end), _figures(end), _needs(end), _merging(end)) if part)


def honours_of(end: BranchEnd) -> "QuerySet[ServiceNote, Any]":
    """Return the words of merit that stand on record in the branch, in the order of days."""
    return ServiceNote.objects.standing().filter(branch=end.branch).select_related("person").order_by("happened_on", "pk")


def _beginning(end: BranchEnd) -> str:
    branch, last = end.branch, date_format(end.last_day, "DATE_FORMAT")
    first = branch.started_work_on or branch.established_on
    facts = {"name": branch.name, "place": branch.region.name, "last": last}
    if first is None:
        return _("%(name)s was at work in %(place)s until %(last)s.") % facts
    days = (end.last_day - first).days + 1
    more = {"first": date_format(first, "DATE_FORMAT"), "days": days}
    return ngettext(
        "%(name)s was at work in %(place)s from %(first)s until %(last)s: %(days)d day.",
        "%(name)s was at work in %(place)s from %(first)s until %(last)s: %(days)d days.",
        days,
    ) % (facts | more)


def _people(end: BranchEnd) -> str:
    held = Membership.objects.filter(branch=end.branch)
    counted = {
        "people": Person.objects.filter(pk__in=held.values("person")),
        "party": Person.objects.filter(pk__in=held.values("person"), kind=Person.Kind.MEMBER),
        "units": Checklist(end).units,
        "squads": Squad.objects.filter(branch=end.branch),
        "posts": PioneerPost.objects.filter(branch=end.branch),
    }
    numbers = numbers_of(end.branch, counted)
    if not numbers["people"]:
        return ""
    said = _("%(people)d people served in it, %(party)d of them Party members.") % numbers
    if numbers["units"]:
        said = _("%(people)d people served in it, %(party)d of them Party members, sent by %(units)d work units.") % numbers
    return said + _(" They formed %(squads)d squads and held %(posts)d pioneer posts.") % numbers if numbers["squads"] or numbers["posts"] else said


def _figures(end: BranchEnd) -> str:
    found = rollups.totals(Scope.of(end.branch), Span(rollups.DAWN, end.last_day))
    told = [total for total in found.values() if total.value is not None]
    lines = [f"{total.metric.name} {figure_text(total)}" for total in sorted(told, key=lambda total: -total.count)[:_FIGURES]]
    return _("By its reports: %(figures)s.") % {"figures": _("; ").join(lines)} if lines else ""


def _needs(end: BranchEnd) -> str:
    counted = Need.objects.filter(origin=end.branch).aggregate(
        recorded=Count("pk"), resolved=Count("pk", filter=Q(state=Need.State.RESOLVED)), first=Min("recorded_on"), last=Max("recorded_on")
    )
    if not counted["recorded"]:
        return ""
    return _("Residents came with %(recorded)d needs; %(resolved)d of them were resolved.") % counted


def _merging(end: BranchEnd) -> str:
    into = end.merged_into
    return _("Its people go on in %(name)s from the day after.") % {"name": into.name} if into else ""
