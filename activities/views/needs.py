"""Reading the ledger of needs: the list with what is overdue first, a need with its course, and the list as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast
from django.forms import HiddenInput
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from activities.filters_needs import STATES, NeedFilter, in_state
from activities.forms_needs import (
    AssignForm,
    CallBackForm,
    CorrectForm,
    DeedForm,
    HandOnForm,
    ManyDoneForm,
    ReopenForm,
    ResolveForm,
    TakeBackForm,
    records_somewhere,
)
from activities.models import Need, NeedEvent
from activities.querysets import NeedQuerySet
from activities.services.needs import NeedFacts, likely_duplicates
from activities.views.acting import Refused
from activities.views.choices import shorten
from branches import access
from branches.access import Act
from members.models import Person
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.marking import excerpt, highlight
from portal.foundation.paging import TURNS, ByColumns, ByDay, Counted, Keyset, KeysetPage, Turn
from portal.foundation.tables import CSV, WORKBOOK, Column, Kind, Listing, Sheet, csv_of, workbook
from portal.foundation.text import mask_name, mask_phone

State = Need.State
# What may be done with a need in each state, in the order of the page; the first form stands open.
FORMS: Final[Mapping[str, Mapping[str, type[DeedForm]]]] = {
    State.OPEN: {"resolve": ResolveForm, "assign": AssignForm, "hand_on": HandOnForm, "correct": CorrectForm},
    State.HANDED_ON: {"resolve": ResolveForm, "take_back": TakeBackForm, "correct": CorrectForm},
    State.RESOLVED: {"call_back": CallBackForm, "reopen": ReopenForm},
}
# Of these, what may be done where a need was handed on to.
ANSWERING: Final = ("resolve", "take_back")
WAITING: Final = ("open", "overdue", "handed_on")
_SIMILAR: Final = 5
_SAID: Final = 60


@dataclass(frozen=True)
class Tab:
    """A state to choose: its words, how many needs are in it where that is counted, and whether it is shown."""

    state: str
    label: str | Promise
    counted: Counted | None
    current: bool


@require_safe
def need_list(request: HttpRequest) -> HttpResponse:
    """List the needs in the reader's scope: what still waits by when it is due, so that what is overdue stands first."""
    return list_page(request)


def list_page(request: HttpRequest, done: ManyDoneForm | None = None) -> HttpResponse:
    """Show the list; with `done`, the form that resolves what is ticked as it was refused."""
    seen = Need.objects.visible_to(request.user)
    filters = NeedFilter(_asked(request), queryset=seen, request=request)
    rows = filters.qs if filters.form.is_valid() else seen.none()
    asked = filters.form.cleaned_data
    state = asked.get("state") or ""
    tabs = _tabs(filters.of_every_state(seen) if filters.form.is_valid() else seen.none(), state)
    shorten(filters.form, request)
    # Chosen by a tab, and kept while the rest is narrowed.
    filters.form.fields["state"].widget = HiddenInput()
    turn = Turn.read(request.GET)
    page: KeysetPage[Any] = _order(asked, seen).page(turn, _as_read_by(request.user, rows.select_related("branch", "with_unit", "with_region", "assignee")))
    for need in page.items:
        need.is_ticked = bool(request.GET.get("tick")) or (done is not None and f"{need.public_id}.{need.revision}" in done.ticked)
    words = asked.get("q") or ""
    for need in page.items:
        need.said = highlight(excerpt(need.words, words), words) if words else Truncator(need.words).chars(_SAID)
    _record_sight(request, page.items, words)
    if not reads_words(request.user):
        del filters.form.fields["q"]
    context = {
        "form": filters.form,
        "page": page,
        "turn": turn,
        "tabs": tabs,
        "counted": next((tab.counted for tab in tabs if tab.current and tab.counted), None) or Counted.capped(rows),
        "filtered": any(request.GET.get(name) for name in filters.form.fields if name != "state"),
        "shows_branch": len({need.branch_id for need in page.items}) > 1,
        "query": _without_turns(request.GET),
        "may_record": records_somewhere(request.user),
        "done": done or ManyDoneForm(None),
        "may_tick": any(_mark_ticked(page.items)),
    }
    return render(request, "activities/need_list.html", context, status=422 if done is not None else 200)


@require_safe
def need_detail(request: HttpRequest, need_id: UUID) -> HttpResponse:
    """Show a need, what may be done with it, and all that happened to it."""
    return detail_page(request, seen_need(request, need_id))


def detail_page(request: HttpRequest, need: Any, refused: Refused[DeedForm] | None = None, status: int = 200) -> HttpResponse:
    """Show a need; with `refused`, an act on it that was not done, with all that was typed."""
    if need.is_told:
        audit.record(_actor(request), "need.seen", need, address=audit.address_of(request))
    events = list(need.events.select_related("actor", "person", "to_branch", "to_unit", "to_region", "branch").order_by("-number"))
    offered = _offered(need)
    forms = {act: refused.form if refused and refused.act == act else form(need) for act, form in offered.items()}
    context = {
        "need": need,
        "events": events,
        "forms": forms,
        "refused": refused,
        # Typed into a form that is not offered any more, as when somebody else resolved it: still to be read.
        "typed": refused.typed if refused and refused.act not in offered else [],
        "phone": need.phone if need.is_told else mask_phone(need.phone),
        "contact": need.contact if need.is_told else mask_name(need.contact),
        "sees_accounts": access.sees_accounts(request.user, need.branch),
        "people": _people_seen(request, need, events),
        "may_give_code": need.branch.closed_at is None and (need.is_own or need.recorded_by_id == request.user.pk),
        "similar": _similar(request, need) if need.is_told and not need.is_resolved else [],
    }
    return render(request, "activities/need_detail.html", context, status=status)


@require_GET
@a_few_at_once
def need_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send all rows of the list as csv or xlsx, without words, households, names and telephones; the audit log says who took which."""
    types = {"csv": CSV, "xlsx": WORKBOOK}
    seen = Need.objects.visible_to(request.user)
    filters = NeedFilter(_asked(request), queryset=seen, request=request)
    if format not in types or not filters.form.is_valid():
        raise Http404
    audit.record(_actor(request), "needs.exported", address=audit.address_of(request), format=format, filters=_told(request.GET))
    listing = _listing(filters.qs)
    sheet = Sheet(_("Needs"), listing.header, listing)
    content = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="needs-{clock.today():%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=types[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def seen_need(request: HttpRequest, need_id: UUID) -> Any:
    """Return a need that the reader sees, with `is_told` and `is_kept`; anything else is not there."""
    rows = Need.objects.visible_to(request.user).select_related("branch", "branch__region", "origin", "with_unit", "with_region", "assignee", "recorded_by")
    return get_object_or_404(_as_read_by(request.user, rows), public_id=need_id)


def reads_words(user: object) -> bool:
    """Say whether there may be needs whose words `user` reads."""
    return access.may(user, Act.SEE_SENSITIVE) or access.may(user, Act.ANSWER_NEEDS)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _record_sight(request: HttpRequest, needs: Sequence[Any], words: str) -> None:
    """Write down that words were read: how many, and of a search in which needs; what was looked for may be a name, and is not written."""
    told = [str(need.public_id) for need in needs if need.is_told]
    if words:
        audit.record(_actor(request), "needs.searched", address=audit.address_of(request), shown=told)
    elif told:
        audit.record(_actor(request), "needs.seen", address=audit.address_of(request), rows=len(told))


def _as_read_by(user: object, rows: NeedQuerySet) -> NeedQuerySet:
    """Say of each need whether `user` may read its words, keeps it, or answers it; in the same query, however many there are."""
    of_row = Need.objects.filter(pk=OuterRef("pk"))
    found: NeedQuerySet = rows.annotate(
        is_told=Exists(of_row.told_to(user)), is_own=Exists(of_row.kept_by(user)), is_kept=Exists(of_row.kept_by(user)) | Exists(of_row.answered_by(user))
    )
    return found


def _asked(request: HttpRequest) -> QueryDict:
    """Return the filters asked for; without any, what still waits."""
    if any(name in request.GET for name in NeedFilter.base_filters):
        return request.GET
    asked = request.GET.copy()
    asked["state"] = "open"
    return asked


def _order(asked: Mapping[str, Any], seen: NeedQuerySet) -> Keyset[Any]:
    """Return the order of the list: by when it is due, what waits; by day, the newest first, what is resolved or all there is."""
    if asked.get("state") in WAITING:
        return ByColumns("due_at", "pk", among=seen)
    return ByDay("resolved_on" if asked.get("state") == "resolved" or asked.get("counted") == "resolved" else "recorded_on", "pk")


def _tabs(of_every_state: NeedQuerySet, current: str) -> list[Tab]:
    """Return the states as tabs; how many wait is counted, how many ever were resolved is not worth its cost here."""
    counted = {state: Counted.capped(in_state(of_every_state, state)) for state in WAITING}
    tabs = [Tab(state, label, counted.get(state), state == current) for state, label in STATES]
    return [*tabs, Tab("", _("All"), None, current == "")]


def _without_turns(query: QueryDict) -> str:
    asked = query.copy()
    for name in TURNS:
        asked.pop(name, None)
    return asked.urlencode()


def _told(query: QueryDict) -> str:
    """Return what was asked for, as the audit log may know it."""
    return _without_turns(audit.told(query))


def _is_open(need: Any) -> bool:
    """Say whether something may still be done with a need: of a closed branch, what was handed on is still answered."""
    return need.branch.closed_at is None or need.state == Need.State.HANDED_ON


def _mark_ticked(needs: Sequence[Any]) -> list[bool]:
    """Say of each need whether the reader may resolve it from the list: `is_ticked`."""
    for need in needs:
        need.is_ticked = need.is_kept and not need.is_resolved and _is_open(need)
    return [need.is_ticked for need in needs]


def _offered(need: Any) -> Mapping[str, type[DeedForm]]:
    forms = FORMS[need.state]
    if need.branch.closed_at is not None:
        return {act: form for act, form in forms.items() if act == "resolve"} if need.is_kept and _is_open(need) else {}
    if need.is_own:
        return forms
    return {act: form for act, form in forms.items() if act in ANSWERING} if need.is_kept else {}


def _people_seen(request: HttpRequest, need: Any, events: list[NeedEvent]) -> frozenset[int]:
    """Return the people named here whose names the reader may see."""
    named = {event.person_id for event in events if event.person_id} | ({need.assignee_id} if need.assignee_id else set())
    return frozenset(Person.objects.visible_to(request.user).filter(pk__in=named).values_list("pk", flat=True)) if named else frozenset()


def _similar(request: HttpRequest, need: Need) -> list[Need]:
    facts = NeedFacts(need.channel, need.category, words=need.words, household=need.household, phone=need.phone)
    return list(likely_duplicates(need.branch, facts).exclude(pk=need.pk).filter(pk__in=Need.objects.told_to(request.user).values("pk"))[:_SIMILAR])


def _listing(rows: NeedQuerySet) -> Listing:
    """Return needs as a table, the newest first."""
    columns = [
        Column(_("Recorded on"), "recorded_on", Kind.DAY),
        Column(_("Recorded at"), "recorded_at", Kind.MOMENT),
        Column(_("Branch"), "branch__name"),
        Column(_("Recorded by the branch"), "origin__name"),
        Column(_("Category"), "category", names={each.value: str(each.label) for each in Need.Category}),
        Column(_("Urgency"), "urgency", names={each.value: str(each.label) for each in Need.Urgency}),
        Column(_("Channel"), "channel", names={each.value: str(each.label) for each in Need.Channel}),
        Column(_("Residents"), "residents", Kind.NUMBER),
        Column(_("State"), "state", names={each.value: str(each.label) for each in State}),
        Column(_("Due at"), "due_at", Kind.MOMENT),
        Column(_("Handed on to the unit"), "with_unit__name"),
        Column(_("Handed on to the region"), "with_region__name"),
        Column(_("Resolved on"), "resolved_on", Kind.DAY),
        Column(_("Resolved at"), "resolved_at", Kind.MOMENT),
        Column(_("Identifier"), "identifier"),
    ]
    return Listing(columns, [rows.annotate(identifier=Cast("public_id", TextField()))], order=("recorded_on", "pk"))


def _actor(request: HttpRequest) -> Any:
    return request.user
