"""The documents of a pack: pages that open from a folder, print on A4, and refer to nothing outside of the pack."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from activities import rollups
from activities.models import DailyReport, InspectionPoint, ReportVersion, Suggestion
from activities.rollups import Scope, Span
from members.models import Membership, OfficerTerm
from portal.ending.letters import letter_of
from portal.ending.models import BranchEnd
from portal.ending.story import honours_of

_STYLE: Final = Path(__file__).parent / "style.css"


def pages(end: BranchEnd, *, sensitive: bool) -> Iterator[tuple[str, str]]:
    """Yield each document with where it lies in the pack, the table of contents last.

    Args:
        sensitive: with the words of merit, which only some may read.
    """
    yield "style.css", _STYLE.read_text(encoding="utf-8")
    contents: list[tuple[str, str]] = []
    for path, title, template, context in _documents(end, sensitive=sensitive):
        contents.append((path, title))
        up = "../" * path.count("/")
        yield path, render_to_string(f"ending/pack/{template}.html", {"end": end, "branch": end.branch, "title": title, "up": up, **context})
    yield "index.html", render_to_string("ending/pack/index.html", {"end": end, "branch": end.branch, "title": end.branch.name, "up": "", "contents": contents})


def _documents(end: BranchEnd, *, sensitive: bool) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    yield "documents/story.html", _("The branch's story"), "story", {"honours": honours_of(end), "sensitive": sensitive}
    span = Span(rollups.DAWN, end.last_day)
    yield "documents/figures.html", _("Figures"), "figures", {"figures": rollups.totals(Scope.of(end.branch), span).values()}
    yield "documents/reports.html", _("Reports"), "reports", {"reports": _reports(end)}
    yield "documents/people.html", _("People and offices"), "people", {"memberships": _memberships(end)}
    yield "documents/left-open.html", _("What stayed open, and why"), "left", _left(end)
    for letter in end.letters.select_related("work_unit", "end__branch"):
        told = letter_of(letter)
        yield f"documents/letters/{letter.number:02d}.html", _("Letter to %(unit)s") % {"unit": letter.work_unit.name}, "letter", {"letter": told}


def _reports(end: BranchEnd) -> Any:
    versions = Prefetch("versions", ReportVersion.objects.select_related("filed_by").order_by("number"))
    return DailyReport.objects.filter(branch=end.branch).prefetch_related(versions).order_by("business_date")


def _memberships(end: BranchEnd) -> Any:
    terms = Prefetch("terms", OfficerTerm.objects.order_by("during", "pk"))
    return Membership.objects.filter(branch=end.branch).select_related("person").prefetch_related(terms).order_by("person__name_key", "during", "pk")


def _left(end: BranchEnd) -> dict[str, Any]:
    """Return what was left open with its reasons, told by day and by topic, never by the words of residents."""
    kept = list(end.left.all())
    keys = [each.object_id for each in kept if each.object_id]
    points = {point.public_id: point for point in InspectionPoint.objects.filter(public_id__in=keys)}
    suggestions = {each.public_id: each for each in Suggestion.objects.filter(public_id__in=keys)}
    return {"left": [(each, points.get(each.object_id) or suggestions.get(each.object_id)) for each in kept]}
