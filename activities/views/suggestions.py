"""Reading suggestions: the list, first what waits for the reader's answer; a suggestion with its course; the list as a file."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from activities.filters_suggestions import SuggestionFilter
from activities.forms_suggestions import AnswerForm, CorrectForm, DeedForm, GiveBackForm, LayAsideForm, PassForm, records_somewhere
from activities.models import Suggestion
from activities.querysets import SuggestionQuerySet
from activities.views.acting import Refused
from activities.views.choices import shorten
from activities.views.lists import filters_of, sent
from activities.views.needs import Tab
from branches import access
from branches.access import Act
from portal.foundation import audit
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import ByColumns, ByDay, Counted, Keyset, KeysetPage, Turn
from portal.foundation.tables import Column, Kind, Listing

State = Suggestion.State
# The tab before all states: what waits for whoever reads.
TO_ANSWER: Final = "to_answer"
# What may be done by the branch in each state, in the order of the page; the first form stands open.
OWN_FORMS: Final[Mapping[str, Mapping[str, type[DeedForm]]]] = {
    State.OPEN: {"pass": PassForm, "correct": CorrectForm, "lay_aside": LayAsideForm},
    State.PASSED: {"give_back": GiveBackForm},
    State.ANSWERED: {"pass": PassForm},
    State.CLOSED: {"pass": PassForm},
}
# And where it waits for an answer.
ANSWERING: Final[Mapping[str, type[DeedForm]]] = {"answer": AnswerForm, "pass": PassForm, "give_back": GiveBackForm}


@require_safe
def suggestion_list(request: HttpRequest) -> HttpResponse:
    """List the suggestions in the reader's scope: what waits for an answer by how long it waits, all else the newest first."""
    state, filters, rows = _asked(request)
    seen = Suggestion.objects.visible_to(request.user)
    tabs = _tabs(request, rows, state)
    shorten(filters.form, request)
    # Chosen by a tab, and kept while the rest is narrowed.
    del filters.form.fields["state"]
    turn = Turn.read(request.GET)
    listed = _in_tab(request, rows, state)
    page: KeysetPage[Any] = _order(state, seen).page(turn, as_read_by(request.user, listed.select_related("branch", "with_unit", "with_region")))
    if told := sum(row.is_told for row in page.items):
        audit.record(_actor(request), "suggestions.seen", address=audit.address_of(request), rows=told)
    context = {
        "form": filters.form,
        "page": page,
        "turn": turn,
        "tabs": tabs,
        "counted": next((tab.counted for tab in tabs if tab.current and tab.counted), None) or Counted.capped(listed),
        "state": state,
        "filtered": any(request.GET.get(name) for name in filters.form.fields),
        "shows_branch": len({(row.branch_id, row.is_followed) for row in page.items}) > 1,
        "query": filters_of(request),
        "may_record": records_somewhere(request.user),
    }
    return render(request, "activities/suggestion_list.html", context)


@require_safe
def suggestion_detail(request: HttpRequest, suggestion_id: UUID) -> HttpResponse:
    """Show a suggestion, what may be done with it, and all that happened to it; to those below, topic and answer."""
    return detail_page(request, seen_suggestion(request, suggestion_id))


def detail_page(request: HttpRequest, suggestion: Any, refused: Refused[DeedForm] | None = None, status: int = 200) -> HttpResponse:
    """Show a suggestion; with `refused`, an act on it that was not done, with all that was typed."""
    if suggestion.is_told:
        audit.record(_actor(request), "suggestion.seen", suggestion, address=audit.address_of(request))
    followed = suggestion.is_followed
    offered = _offered(suggestion)
    context = {
        "suggestion": suggestion,
        "events": suggestion.events.select_related("actor", "by_region", "by_unit", "to_region", "to_unit").order_by("-number") if followed else [],
        "forms": {act: refused.form if refused and refused.act == act else form(suggestion) for act, form in offered.items()},
        "refused": refused,
        # Typed into a form that is not offered any more, as when somebody else answered: still to be read.
        "typed": refused.typed if refused and refused.act not in offered else [],
        "sees_accounts": followed and access.sees_accounts(request.user, suggestion.branch),
    }
    return render(request, "activities/suggestion_detail.html", context, status=status)


@require_GET
@a_few_at_once
def suggestion_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send all rows of the list as csv or xlsx, without words and answers; the audit log says who took which."""
    state, filters, rows = _asked(request)
    if not filters.form.is_valid():
        raise Http404
    followed = _in_tab(request, rows, state).filter(pk__in=Suggestion.objects.followed_by(request.user).values("pk"))
    return sent(request, "suggestions.exported", "suggestions", _listing(followed), format)


def seen_suggestion(request: HttpRequest, suggestion_id: UUID) -> Any:
    """Return a suggestion that the reader sees, with what they may do; anything else is not there."""
    rows = Suggestion.objects.visible_to(request.user).select_related("branch", "branch__region", "with_unit", "with_region", "recorded_by")
    return get_object_or_404(as_read_by(request.user, rows), public_id=suggestion_id)


def as_read_by(user: object, rows: SuggestionQuerySet) -> SuggestionQuerySet:
    """Say of each suggestion whether `user` follows it, may read its words, keeps it, or has it to answer; in the same query, however many there are."""
    of_row = Suggestion.objects.filter(pk=OuterRef("pk"))
    found: SuggestionQuerySet = rows.annotate(
        is_followed=Exists(of_row.followed_by(user)),
        is_told=Exists(of_row.told_to(user)),
        is_own=Exists(of_row.kept_by(user)),
        is_asked=Exists(of_row.asked_of(user)),
        is_to_answer=Exists(of_row.answered_by(user)),
    )
    return found


# --- Inside -------------------------------------------------------------------------------------------------------------


def _asked(request: HttpRequest) -> tuple[str, SuggestionFilter, SuggestionQuerySet]:
    """Return the tab that is asked for, the other filters, and what they leave; without a tab, what waits for the reader, or all there is."""
    answers = access.may(request.user, Act.ANSWER_SUGGESTIONS)
    named = any(name in request.GET for name in SuggestionFilter.base_filters)
    state = request.GET.get("state", "") if named else (TO_ANSWER if answers else "")
    others = request.GET.copy()
    others.pop("state", None)
    seen = Suggestion.objects.visible_to(request.user)
    filters = SuggestionFilter(others, queryset=seen, request=request)
    readable = filters.form.is_valid() and state in ("", TO_ANSWER, *State)
    return state, filters, filters.qs if readable else seen.none()


def _offered(suggestion: Any) -> Mapping[str, type[DeedForm]]:
    """Return what may be done with a suggestion by whoever reads it."""
    if suggestion.branch.closed_at is not None:
        # What was passed on is still answered; nothing goes back to a branch that is over, or on from there.
        return {act: form for act, form in ANSWERING.items() if act == "answer"} if suggestion.is_to_answer else {}
    if suggestion.is_to_answer:
        return ANSWERING
    return OWN_FORMS[suggestion.state] if suggestion.is_own else {}


def _in_tab(request: HttpRequest, rows: SuggestionQuerySet, state: str) -> SuggestionQuerySet:
    if state == TO_ANSWER:
        return rows.answered_by(request.user)
    return rows.filter(state=state) if state else rows


def _order(state: str, seen: SuggestionQuerySet) -> Keyset[Any]:
    """Return the order of the list: what waits by how long it waits, the longest first; all else by day, the newest first."""
    return ByColumns("passed_at", "pk", among=seen) if state in (TO_ANSWER, State.PASSED) else ByDay("recorded_on", "pk")


def _tabs(request: HttpRequest, rows: SuggestionQuerySet, current: str) -> list[Tab]:
    """Return the states as tabs; what waits is counted."""
    states = [(State.PASSED, True), (State.OPEN, True), (State.ANSWERED, False), (State.CLOSED, False)]
    tabs = [Tab(state, state.label, Counted.capped(rows.filter(state=state)) if counts else None, state == current) for state, counts in states]
    if access.may(request.user, Act.ANSWER_SUGGESTIONS):
        tabs.insert(0, Tab(TO_ANSWER, _("For me to answer"), Counted.capped(rows.answered_by(request.user)), current == TO_ANSWER))
    return [*tabs, Tab("", _("All"), None, current == "")]


def _listing(rows: SuggestionQuerySet) -> Listing:
    """Return suggestions as a table, the newest first."""
    columns = [
        Column(_("Recorded on"), "recorded_on", Kind.DAY),
        Column(_("Recorded at"), "recorded_at", Kind.MOMENT),
        Column(_("Branch"), "branch__name"),
        Column(_("Topic"), "topic", names={each.value: str(each.label) for each in Suggestion.Topic}),
        Column(_("Who says so"), "voice", names={each.value: str(each.label) for each in Suggestion.Voice}),
        Column(_("State"), "state", names={each.value: str(each.label) for each in State}),
        Column(_("With the region"), "with_region__name"),
        Column(_("With the unit"), "with_unit__name"),
        Column(_("Passed there at"), "passed_at", Kind.MOMENT),
        Column(_("Answered at"), "answered_at", Kind.MOMENT),
        Column(_("Identifier"), "identifier"),
    ]
    return Listing(columns, [rows.annotate(identifier=Cast("public_id", TextField()))], order=("recorded_on", "pk"))


def _actor(request: HttpRequest) -> Any:
    return request.user
