"""Pages of the way to a branch's end: the checklist, a page a step, letters to print, packs to download, and the way back."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from activities.models import StockReceipt
from branches import access
from branches.access import Act
from branches.forms import refusals_shown
from branches.models import Branch
from members.models import HandOver
from portal.accounts.models import User
from portal.ending import services
from portal.ending.checklist import STEPS, Checklist
from portal.ending.doing import DEEDS, do, form_for
from portal.ending.forms import BeginForm, ReopenForm
from portal.ending.letters import letter_of, without_unit
from portal.ending.models import BranchEnd
from portal.ending.pack import ZIP
from portal.ending.reading import branch_of, end_of, letter_seen, pack_seen
from portal.ending.story import draft_of, honours_of
from portal.foundation import attachments, audit, clock
from portal.foundation.errors import Conflict, TooMany
from portal.foundation.proof import FILE, needs_proof
from portal.foundation.sensitive import AFTER_THE_BRANCH

# Rows of a list on a step; how many there are stands above, and the register has them all.
SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def branch_end(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Show how far the end of a branch is prepared; begin it, put it off, or give it up."""
    user = cast(User, request.user)
    branch = branch_of(user, branch_id)
    end = end_of(branch)
    if request.method == "POST" and "stop" in request.POST and end is not None:
        services.stop(actor=user, end=end)
        messages.success(request, _("The preparation was given up. The branch goes on."))
        return redirect("branches:branch_detail", branch_id)
    begun = {"last_day": end.last_day, "merged_into": end.merged_into} if end else {}
    form = BeginForm(user, request.POST or None, initial=begun)
    if form.is_valid() and (end is None or end.is_preparing):
        with refusals_shown(form):
            services.begin(actor=user, branch=branch, **form.cleaned_data)
            return redirect("branches:branch_end", branch_id)
    confirmed = end is not None and not end.is_preparing
    context = {
        "branch": branch,
        "end": end,
        "form": form,
        "checklist": Checklist(end) if end and not confirmed else None,
        "may_confirm": access.can(user, Act.END_BRANCHES, branch),
    }
    if confirmed and end is not None:
        context |= _closed(user, end)
    return render(request, "ending/end.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def end_step(request: HttpRequest, branch_id: UUID, step: str) -> HttpResponse:
    """Show a step with what is still to be done in it, and do it."""
    user = cast(User, request.user)
    branch = branch_of(user, branch_id)
    if step not in STEPS:
        raise Http404
    end = end_of(branch)
    if end is None or not end.is_preparing:
        return redirect("branches:branch_end", branch_id)
    deed = request.POST.get("do", "")
    if request.method != "POST":
        return _step_page(request, end, step)
    if deed not in DEEDS[step]:
        raise Http404
    return _done(request, end, step, deed)


def _done(request: HttpRequest, end: BranchEnd, step: str, deed: str) -> HttpResponse:
    """Do what a button asks for; what is refused is shown on the page, with all that was typed."""
    user, status = cast(User, request.user), 422
    form = form_for(deed, end, request.POST)
    if form.is_valid():
        try:
            with refusals_shown(form):
                messages.success(request, do(request, user, end, deed, form))
                name = "branches:branch_end" if deed == "confirm" else "branches:end_step"
                return redirect(name, end.branch.public_id, *(() if deed == "confirm" else (step,)))
        except (Conflict, TooMany) as refusal:
            form.add_error(None, str(refusal.message))
            status = 409
    end = BranchEnd.objects.select_related("branch__region", "merged_into").get(pk=end.pk)
    if not end.is_preparing:
        messages.warning(request, _("Somebody else confirmed this end, or gave it up, meanwhile."))
        return redirect("branches:branch_end", end.branch.public_id)
    return _step_page(request, end, step, {deed: form}, status)


def _step_page(request: HttpRequest, end: BranchEnd, name: str, typed: dict[str, forms.Form] | None = None, status: int = 200) -> HttpResponse:
    user, checklist = cast(User, request.user), Checklist(end)
    steps = checklist.steps
    place = list(STEPS).index(name)
    shown = _shown_in(user, checklist, name)
    if shown.get("counted") or (shown.get("honours") and shown["sees_words"]):
        audit.record(user, "branch_end.seen", end.branch, address=audit.address_of(request), step=name)
    context = {
        "branch": end.branch,
        "end": end,
        "checklist": checklist,
        "step": steps[place],
        "steps": steps,
        "next": steps[place + 1] if place + 1 < len(steps) else None,
        "forms": {deed: (typed or {}).get(deed) or form_for(deed, end) for deed in DEEDS[name]},
        "sees_reports": name in ("open", "reports") and access.can(user, Act.SEE_REPORTS, end.branch),
        "may_confirm": name == "confirm" and access.can(user, Act.END_BRANCHES, end.branch),
        "template": f"ending/_step_{name}.html",
        **shown,
    }
    return render(request, "ending/step.html", context, status=status)


def _shown_in(user: User, checklist: Checklist, name: str) -> dict[str, Any]:
    """Return what a step shows beside its forms."""
    end, branch = checklist.end, checklist.branch
    if name == "open":
        return {
            "needs": checklist.needs[:SHOWN],
            "points": checklist.points[:SHOWN],
            "suggestions": checklist.suggestions[:SHOWN],
            "receipts": StockReceipt.objects.filter(branch=branch).select_related("unit")[:SHOWN],
            "counted": _last_count(user, branch),
        }
    if name == "people":
        return {"ending": checklist.ending_numbers, "staying": _staying(checklist)}
    if name == "letters":
        waiting = checklist.units.exclude(pk__in=end.letters.values("work_unit"))
        return {"letters": end.letters.select_related("work_unit"), "units": waiting[:SHOWN], "without": without_unit(branch)[:SHOWN]}
    if name == "narrative":
        sensitive = access.can(user, Act.SEE_SENSITIVE, branch)
        return {"draft": "" if end.narrative else draft_of(end), "honours": list(honours_of(end)[:SHOWN]), "sees_words": sensitive}
    if name == "pack":
        return {"packs": _packs(user, end), "with_sensitive": access.can(user, Act.SEE_SENSITIVE, branch)}
    return {}


def _last_count(user: User, branch: Branch) -> HandOver | None:
    """Return the last hand-over that says what was in stock, for whoever may read it."""
    if not access.can(user, Act.SEE_SENSITIVE, branch):
        return None
    return HandOver.objects.filter(shift__post__branch=branch).exclude(stock="").order_by("-outgoing_at").first()


def _staying(checklist: Checklist) -> "QuerySet[Any, Any] | None":
    """Return whoever goes over to the other branch, in a merger."""
    if not checklist.end.is_merger:
        return None
    _title, rows = checklist.ending_people[0]
    return rows.select_related("person").order_by("person__name_key", "pk")[:SHOWN]


def _packs(user: User, end: BranchEnd) -> list[Any]:
    """Return the packs with their jobs, and whether the reader may have each."""
    readable = access.can(user, Act.SEE_SENSITIVE, end.branch)
    packs = end.packs.select_related("job", "file", "asked_by")[:SHOWN]
    return [(pack, pack.file is not None and pack.file.thrown_away_at is None and (readable or not pack.sensitive)) for pack in packs]


def _closed(user: User, end: BranchEnd) -> dict[str, Any]:
    """Return what is shown of an end that is confirmed."""
    until = end.last_day + AFTER_THE_BRANCH
    return {
        "packs": _packs(user, end),
        "letters": end.letters.select_related("work_unit"),
        "erased_after": until,
        "may_reopen": access.can(user, Act.END_BRANCHES, end.branch) and not end.is_merger and clock.today() <= until,
    }


@needs_proof
@require_http_methods(["GET", "HEAD", "POST"])
def end_reopen(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Open a dissolved branch again, with a reason."""
    user = cast(User, request.user)
    branch = branch_of(user, branch_id)
    if not access.can(user, Act.END_BRANCHES, branch):
        raise PermissionDenied
    end = end_of(branch)
    if end is None or end.is_preparing:
        return redirect("branches:branch_end", branch_id)
    form = ReopenForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.reopen(actor=user, end=end, reason=form.cleaned_data["reason"])
            messages.success(request, _("The branch is open again. What its end cut short goes on."))
            return redirect("branches:branch_detail", branch_id)
    context = {"form": form, "branch": branch, "title": _("Open the branch again"), "end": end}
    return render(request, "ending/reopen.html", context, status=422 if form.errors else 200)


@require_http_methods(["POST"])
def end_pack_again(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Have another pack made of a branch that has ended."""
    user = cast(User, request.user)
    branch = branch_of(user, branch_id)
    end = end_of(branch)
    if end is not None:
        try:
            services.ask_for_pack(actor=user, end=end)
            messages.success(request, _("The pack is being made. You may leave the page and come back."))
        except TooMany as refusal:
            messages.warning(request, str(refusal.message))
    return redirect("branches:branch_end", branch_id)


@needs_proof
@require_safe
def end_letter(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """Show a letter as it is printed; that it was read is in the audit log."""
    letter = letter_seen(cast(User, request.user), letter_id)
    audit.record(request.user, "service_letter.read", letter, address=audit.address_of(request), unit=str(letter.work_unit.public_id))
    prepares = Branch.objects.visible_to(request.user, Act.PREPARE_END).filter(pk=letter.end.branch_id).exists()
    return render(request, "ending/letter.html", {"letter": letter_of(letter), "branch": letter.end.branch, "prepares": prepares})


@require_GET
def end_pack(request: HttpRequest, pack_id: UUID) -> FileResponse:
    """Send a pack; the audit log says who took which, with its hash."""
    pack = pack_seen(cast(User, request.user), pack_id)
    assert pack.file is not None  # noqa: S101 - pack_seen
    audit.record(request.user, "branch_end.pack_taken", pack.end.branch, address=audit.address_of(request), sha256=pack.file.sha256, sensitive=pack.sensitive)
    response = FileResponse(attachments.open_content(pack.file), as_attachment=True, filename=pack.file.name, content_type=ZIP)
    response.headers["Cache-Control"] = "no-store"
    return response


needs_proof(end_pack, FILE)
