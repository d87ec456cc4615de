"""Search over branches, people, places, work units and, for those who may read them, notes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from activities.models import Entry, ReportVersion
from branches import access
from branches.access import Act
from branches.models import Branch, Region, RegionPath, WorkUnit
from members.models import Membership, Person
from portal.accounts.models import User
from portal.foundation import audit, clock
from portal.foundation.text import fold

LONGEST_QUERY = 100
SHOWN = 20
# Characters of a note before and after what was found.
_AROUND = 30
_BRANCHES, _PEOPLE = "branches:branch_list", "members:person_list"

Reader = User | AnonymousUser


@dataclass(frozen=True)
class Hit:
    """Something found: its name with the words marked, what tells it from others, and its page."""

    title: SafeString
    about: str
    href: str


@dataclass(frozen=True)
class Group:
    """What was found of one kind, at most 20; `more` leads to the whole list where there is one."""

    label: str | Promise
    hits: list[Hit]
    has_more: bool
    more: str = ""


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find by name, alias, code or pinyin initials, in simplified or traditional characters."""
    query = request.GET.get("q", "").replace("\0", "")[:LONGEST_QUERY].strip()
    groups = [group for group in _groups(request, query) if group.hits] if fold(query) else []
    return render(request, "portal/search.html", {"query": query, "groups": groups, "reads_notes": access.may(request.user, Act.SEE_SENSITIVE)})


def _groups(request: HttpRequest, query: str) -> Iterable[Group]:
    user = request.user
    figures = access.may(user, Act.SEE_REPORTS)
    of_region, of_unit = ("portal:region_dashboard", "portal:unit_dashboard") if figures else (_BRANCHES, _BRANCHES)
    yield _group(_("Branches"), _branches(user, query), lambda one: _hit(one, query, one.region.name, "branches:branch_detail"), _list(_BRANCHES, query))
    yield _group(_("People"), _people(user, query), lambda one: _hit(one, query, _branch_of(one), "members:person_detail"), _list(_PEOPLE, query))
    yield _group(_("Places"), _regions(user, query), lambda one: _hit(one, query, _place_of(one), of_region, "region"))
    yield _group(_("Work units"), _units(user, query), lambda one: _hit(one, query, "", of_unit, "work_unit"))
    if access.may(user, Act.SEE_SENSITIVE):
        yield from _notes(request, query)


def _group(label: str | Promise, rows: QuerySet[Any], hit: Callable[[Any], Hit], more: str = "") -> Group:
    found = list(rows[: SHOWN + 1])
    return Group(label, [hit(one) for one in found[:SHOWN]], len(found) > SHOWN, more)


def _list(page: str, query: str) -> str:
    return f"{reverse(page)}?{urlencode({'name': query})}"


def _hit(one: Any, query: str, about: str, page: str, parameter: str = "") -> Hit:
    """Return a hit that opens the object's own page, or the list of branches narrowed to it for who sees no figures."""
    href = f"{reverse(page)}?{urlencode({parameter: one.public_id})}" if page == _BRANCHES else reverse(page, args=[one.public_id])
    return Hit(highlight(one.name, query), about, href)


def _branches(user: Reader, query: str) -> QuerySet[Branch]:
    return Branch.objects.visible_to(user).found_by(query).select_related("region").by_name()


def _people(user: Reader, query: str) -> QuerySet[Person]:
    today = Membership.objects.filter(during__contains=clock.today(), branch__in=Branch.objects.visible_to(user)).select_related("branch")
    found = Person.objects.visible_to(user).found_by(query).order_by("name_key", "pk")
    return found.prefetch_related(Prefetch("memberships", today, to_attr="memberships_today"))


def _branch_of(person: Any) -> str:
    return ", ".join(held.branch.name for held in person.memberships_today)


def _regions(user: Reader, query: str) -> QuerySet[Region]:
    above = RegionPath.objects.filter(descendant=OuterRef("pk"), depth=1, during__contains=clock.today())
    found = Region.objects.visible_to(user).found_by(query).order_by("name_key", "pk")
    annotated: QuerySet[Region] = found.annotate(lies_in=Subquery(above.values("ancestor__name")[:1]))
    return annotated


def _place_of(region: Any) -> str:
    return " · ".join(filter(None, (region.lies_in, str(region.get_level_display()))))


def _units(user: Reader, query: str) -> QuerySet[WorkUnit]:
    return WorkUnit.objects.visible_to(user).found_by(query).order_by("name_key", "pk")


def _notes(request: HttpRequest, query: str) -> Iterable[Group]:
    """Search notes of work and of reports; which ones were shown is in the audit log, the words looked for are not."""
    words = Q(note__icontains=query) | Q(note__icontains=fold(query))
    entries = Entry.objects.visible_to(request.user, Act.SEE_SENSITIVE).counted().filter(words).select_related("branch").order_by("-pk")
    versions = (
        ReportVersion.objects.visible_to(request.user, Act.SEE_SENSITIVE).current().filter(words).select_related("branch", "daily_report", "period_report")
    )
    of_work = _group(_("Notes on work"), entries, lambda entry: _note(entry, query, entry.business_date, "activities:entry_detail", entry))
    of_reports = _group(_("Notes on reports"), versions, lambda version: _note(version, query, None, *_page_of(version)))
    shown = [hit.href for group in (of_work, of_reports) for hit in group.hits]
    audit.record(request.user, "notes.searched", address=audit.address_of(request), shown=shown)
    return of_work, of_reports


def _page_of(version: ReportVersion) -> tuple[str, Any]:
    return ("activities:report_detail" if version.daily_report else "activities:period_detail"), version.report


def _note(holder: Any, query: str, day: Any, page: str, target: Any) -> Hit:
    day = day or getattr(target, "business_date", None) or getattr(target, "last_day", None)
    about = " · ".join(filter(None, (holder.branch.name, formats.date_format(day, "DATE_FORMAT") if day else "")))
    return Hit(highlight(_excerpt(holder.note, query), query), about, reverse(page, args=[target.public_id]))


def _excerpt(note: str, query: str) -> str:
    """Return the part of a note around the first place found."""
    spans = _found_in(note, query)
    start, end = spans[0] if spans else (0, 0)
    first, last = max(0, start - _AROUND), end + _AROUND
    return ("…" if first else "") + " ".join(note[first:last].split()) + ("…" if last < len(note) else "")


def highlight(text: str, query: str) -> SafeString:
    """Mark in `text` where words of `query` stand, whichever characters either is written in; initials mark nothing."""
    parts: list[str] = []
    done = 0
    for start, end in _found_in(text, query):
        parts += [escape(text[done:start]), format_html("<mark>{}</mark>", text[start:end])]
        done = end
    return mark_safe("".join([*parts, escape(text[done:])]))  # noqa: S308 - every part is escaped


def _found_in(text: str, query: str) -> list[tuple[int, int]]:
    """Return spans of `text` where words of `query` stand, in order and apart.

    Each character is folded by itself, so that a place in the folded text leads back to one in the text.
    """
    folded, origin = "", []
    for place, character in enumerate(text):
        plain = fold(character) or " "
        folded += plain
        origin += [place] * len(plain)
    marked = [False] * len(text)
    for word in fold(query).split():
        at = folded.find(word)
        while at >= 0:
            for place in origin[at : at + len(word)]:
                marked[place] = True
            at = folded.find(word, at + len(word))
    return _runs(marked)


def _runs(marked: list[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for place, on in enumerate(marked):
        if on and runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        elif on:
            runs.append((place, place + 1))
    return runs
