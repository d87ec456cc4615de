"""Search over branches, people, places, work units and, for those who may read them, notes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from activities.models import Entry, ReportVersion
from activities.notes import Asked, Mark, NotePage, notes_found
from branches import access
from branches.access import Act
from branches.models import Branch, Region, RegionPath, WorkUnit
from members.models import Membership, Person
from portal.accounts.models import User
from portal.foundation import audit, clock
from portal.foundation.marking import excerpt, found_in, highlight
from portal.foundation.paging import CappedCount, Page, count_text, page_of
from portal.foundation.text import fold
from portal.pages.search_forms import BRANCHES, NOTES, PEOPLE, PLACES, UNITS, WHAT, SearchForm

SHOWN: Final = 20
_LIST: Final = "branches:branch_list"

Reader = User | AnonymousUser


@dataclass(frozen=True)
class Hit:
    """Something found: its name with the words marked, what tells it from others, its page, and its public identifier.

    `called` is another name of it, when the words stand in that one.
    """

    title: SafeString
    about: str
    href: str
    identifier: UUID
    called: str = ""


@dataclass(frozen=True)
class Group:
    """What was found of one kind: how many, and some of them; `more` leads to all, `newer` and `older` to the pages beside a page of notes."""

    label: str | Promise
    hits: list[Hit]
    total: str
    more: str = ""
    page: Page[Any] | None = None
    newer: str = ""
    older: str = ""


@dataclass(frozen=True)
class Search:
    """What a reader looks for, and within what."""

    request: HttpRequest
    words: str
    what: str
    region: Region | None
    form: SearchForm

    @property
    def user(self) -> Reader:
        """Who looks."""
        return self.request.user

    def query(self, **changes: Any) -> str:
        """Return the address of this search with another kind, or another page."""
        kept = {name: text for name, text in self.request.GET.items() if name in self.form.fields and text}
        return "?" + urlencode({name: text for name, text in (kept | changes).items() if text})

    def groups(self) -> Iterable[Group]:
        """Look for each kind that is asked for."""
        for kind, find in _FINDERS.items():
            if self.what in ("", kind):
                yield find(self)
        if self.form.reads_notes and self.what in ("", NOTES):
            yield _notes(self)

    def named(self, kind: str, rows: QuerySet[Any], hit: Callable[[Any], Hit]) -> Group:
        """Return what was found of a kind that is found by name: the first 20 among others, a page alone."""
        narrowed = rows.inside(self.region) if self.region else rows  # type: ignore[attr-defined]
        if self.what == kind:
            page = page_of(narrowed, self.request.GET.get("page"))
            return Group(WHAT[kind], [hit(one) for one in page.items], count_text(page.total), page=page)
        found = list(narrowed.annotate(found_in_all=CappedCount(narrowed))[:SHOWN])
        total = found[0].found_in_all if found else 0
        return Group(WHAT[kind], [hit(one) for one in found], count_text(total), self.query(what=kind) if total > SHOWN else "")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find by name, alias, code or pinyin initials, and notes by their words, in simplified or traditional characters."""
    form = SearchForm({**request.GET.dict(), "q": request.GET.get("q", "").replace("\0", "")}, reader=request.user)
    valid = form.is_valid()
    said = form.cleaned_data
    asked = Search(request, said.get("q", ""), said.get("what", ""), said.get("region"), form)
    groups = [group for group in asked.groups() if group.hits] if valid and fold(asked.words) else []
    if valid and fold(asked.words):
        _record(asked, groups)
    chips = [(label, asked.query(what=name), asked.what == name) for name, label in [("", _("Everything")), *form.fields["what"].choices]]  # type: ignore[attr-defined]
    context = {"form": form, "query": asked.words, "groups": groups, "chips": chips, "one_kind": bool(asked.what), "plain_href": _plain(asked)}
    return render(request, "portal/search.html", context, status=200 if valid else 400)


def _record(asked: Search, groups: list[Group]) -> None:
    """Write down that somebody searched, and which people and notes were shown; the words may be a name, and are not written."""
    reads_notes = asked.form.reads_notes and asked.what in ("", NOTES)
    shown = [str(hit.identifier) for group in groups if group.label in (WHAT[PEOPLE], WHAT[NOTES]) for hit in group.hits]
    audit.record(asked.user, "notes.searched" if reads_notes else "names.searched", address=audit.address_of(asked.request), shown=shown)


def _plain(asked: Search) -> str:
    """Return the address of the same words, looked for everywhere."""
    return "?" + urlencode({"q": asked.words})


def _hit(one: Any, words: str, about: str, page: str, parameter: str = "") -> Hit:
    """Return a hit that opens the object's own page, or the list of branches narrowed to it for who sees no figures."""
    href = f"{reverse(page)}?{urlencode({parameter: one.public_id})}" if page == _LIST else reverse(page, args=[one.public_id])
    other = [] if found_in(one.name, words) else [name for name in one.searched_parts()[1:] if found_in(name, words)]
    return Hit(highlight(one.name, words), about, href, one.public_id, highlight(other[0], words) if other else "")


def _dashboard(user: Reader, page: str) -> str:
    return page if access.may(user, Act.SEE_REPORTS) else _LIST


def _branches(asked: Search) -> Group:
    found = Branch.objects.visible_to(asked.user).found_by(asked.words).select_related("region").by_name()
    return asked.named(BRANCHES, found, lambda one: _hit(one, asked.words, one.region.name, "branches:branch_detail"))


def _people(asked: Search) -> Group:
    today = Membership.objects.filter(during__contains=clock.today(), branch__in=Branch.objects.visible_to(asked.user)).select_related("branch")
    found = Person.objects.visible_to(asked.user).found_by(asked.words).order_by("name_key", "pk")
    found = found.prefetch_related(Prefetch("memberships", today, to_attr="memberships_today"))
    return asked.named(PEOPLE, found, lambda one: _hit(one, asked.words, _branch_of(one), "members:person_detail"))


def _branch_of(person: Any) -> str:
    return ", ".join(held.branch.name for held in person.memberships_today)


def _regions(asked: Search) -> Group:
    above = RegionPath.objects.filter(descendant=OuterRef("pk"), depth=1, during__contains=clock.today())
    found = Region.objects.visible_to(asked.user).found_by(asked.words).order_by("name_key", "pk")
    annotated: QuerySet[Region] = found.annotate(lies_in=Subquery(above.values("ancestor__name")[:1]))
    page = _dashboard(asked.user, "portal:region_dashboard")
    return asked.named(PLACES, annotated, lambda one: _hit(one, asked.words, _place_of(one), page, "region"))


def _place_of(region: Any) -> str:
    return " · ".join(filter(None, (region.lies_in, str(region.get_level_display()))))


def _units(asked: Search) -> Group:
    found = WorkUnit.objects.visible_to(asked.user).found_by(asked.words).order_by("name_key", "pk")
    page = _dashboard(asked.user, "portal:unit_dashboard")
    return asked.named(UNITS, found, lambda one: _hit(one, asked.words, "", page, "work_unit"))


_FINDERS: Final[dict[str, Callable[[Search], Group]]] = {BRANCHES: _branches, PEOPLE: _people, PLACES: _regions, UNITS: _units}


def _notes(asked: Search) -> Group:
    narrowed = asked.form.cleaned_data
    wanted = Asked(asked.words, asked.region, narrowed.get("since"), narrowed.get("until"))
    marks = asked.request.GET if asked.what == NOTES else {}
    found = notes_found(asked.user, wanted, after=Mark.read(marks.get("after", "")), before=Mark.read(marks.get("before", "")))
    hits = [_note(holder, asked.words) for holder in found.holders]
    return _page_of_notes(asked, found, hits)


def _page_of_notes(asked: Search, found: NotePage, hits: list[Hit]) -> Group:
    total = count_text(found.total)
    if asked.what != NOTES:
        return Group(WHAT[NOTES], hits, total, asked.query(what=NOTES) if found.older else "")
    newer = asked.query(before=found.newer) if found.newer else ""
    return Group(WHAT[NOTES], hits, total, newer=newer, older=asked.query(after=found.older) if found.older else "")


def _note(holder: Entry | ReportVersion, words: str) -> Hit:
    """Return a hit that opens the work or the report that the note is on."""
    if isinstance(holder, Entry):
        page, target, on = "activities:entry_detail", holder.public_id, str(holder.get_kind_display())
    else:
        page = "activities:report_detail" if holder.daily_report else "activities:period_detail"
        target, on = holder.report.public_id, say("Note on the report")
    day = formats.date_format(holder.note_day, "DATE_FORMAT") if holder.note_day else ""
    about = " · ".join(filter(None, (holder.branch.name, day, on)))
    return Hit(highlight(excerpt(holder.note, words), words), about, reverse(page, args=[target]), target)
