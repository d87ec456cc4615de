"""What the buttons of each step do: one write each, and a sentence when it is done."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.accounts.models import User
from portal.ending import services
from portal.ending.checklist import Checklist
from portal.ending.forms import ConfirmForm, HandOnForm, LettersForm, NarrativeForm, ReasonForm, StockForm
from portal.ending.models import BranchEnd, LeftOpen
from portal.foundation import clock

# What may be done in each step.
DEEDS: Final[dict[str, tuple[str, ...]]] = {
    "open": ("hand_on", "explain_point", "explain_suggestion", "stock"),
    "reports": ("explain_day",),
    "people": (),
    "letters": ("letters",),
    "narrative": ("narrative",),
    "pack": ("pack",),
    "confirm": ("confirm",),
}
_EXPLAINED: Final = {"explain_day": LeftOpen.What.DAY, "explain_point": LeftOpen.What.POINT, "explain_suggestion": LeftOpen.What.SUGGESTION}


def form_for(deed: str, end: BranchEnd, data: Any = None) -> forms.Form:
    """Return the form of a deed, as typed or as it begins."""
    # Several forms stand on one page, each with fields of its own.
    own: dict[str, Any] = {"data": data, "auto_id": f"id_{deed}_%s"}
    if deed == "hand_on":
        return HandOnForm(end.branch, **own)
    if deed == "stock":
        return StockForm(initial={"stock": end.stock}, **own)
    if deed == "narrative":
        return NarrativeForm(initial={"narrative": end.narrative}, **own)
    if deed == "letters":
        return LettersForm(initial={"on": end.letters_on or max(end.last_day, clock.today())}, **own)
    kinds: dict[str, type[forms.Form]] = {"pack": forms.Form, "confirm": ConfirmForm}
    return kinds.get(deed, ReasonForm)(**own)


def do(request: HttpRequest, user: User, end: BranchEnd, deed: str, form: forms.Form) -> str:
    """Do what was asked for, and return the sentence that says so.

    Raises:
        Http404: there is no such deed. What the services raise.
    """
    typed = form.cleaned_data
    if deed == "hand_on":
        number = services.hand_on_needs(actor=user, end=end, to=typed["to"])
        return ngettext("%(n)d need was handed on.", "%(n)d needs were handed on.", number) % {"n": number}
    if what := _EXPLAINED.get(deed):
        number = services.explain(actor=user, end=end, what=what, reason=typed["reason"], **_chosen(request, end, what))
        if not number:
            raise forms.ValidationError({"reason": _("Tick what the reason is for.")})
        return ngettext("The reason is kept for %(n)d.", "The reason is kept for %(n)d.", number) % {"n": number}
    if deed == "letters":
        services.issue_letters(actor=user, end=end, on=typed["on"])
        return _("The letters have numbers and a date.")
    simple: dict[str, tuple[Callable[[], Any], str]] = {
        "stock": (lambda: services.save_stock(actor=user, end=end, text=typed["stock"]), _("Saved.")),
        "narrative": (lambda: services.save_narrative(actor=user, end=end, text=typed["narrative"]), _("Saved.")),
        "pack": (lambda: services.ask_for_pack(actor=user, end=end), _("The pack is being made. You may leave the page and come back.")),
        "confirm": (lambda: services.confirm(actor=user, end=end), _("The branch has ended. Its records are closed, and a last pack is being made.")),
    }
    if deed not in simple:
        raise Http404
    write, sentence = simple[deed]
    write()
    return sentence


def _chosen(request: HttpRequest, end: BranchEnd, what: str) -> dict[str, Any]:
    """Return the days or objects that are ticked; with `all`, every one that is open."""
    checklist = Checklist(end)
    if what == LeftOpen.What.DAY:
        every = "all" in request.POST
        return {"days": [each.day for each in checklist.open_days] if every else list(_days(request.POST.getlist("chosen")))}
    if "all" in request.POST:
        rows = checklist.points if what == LeftOpen.What.POINT else checklist.suggestions
        return {"objects": list(rows.values_list("public_id", flat=True))}
    return {"objects": list(_identifiers(request.POST.getlist("chosen")))}


def _days(texts: Iterable[str]) -> Iterable[date]:
    for text in texts:
        if (day := clock.read_day(text)) is not None:
            yield day


def _identifiers(texts: Iterable[str]) -> Iterable[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue
