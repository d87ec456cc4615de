"""The form of a day: opened, kept as a draft, checked, shown as it will be filed, filed; and brought together with what somebody else filed meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activities import services
from activities.figures import NumberError, Qualifier, format_figure, parse_number
from activities.form_state import (
    NOTE,
    Fields,
    cell_of,
    merge,
    same,
    typed_fields,
    with_cell,
    with_zeros,
    without_zeros,
)
from activities.forms import DailyReportForm, day_words
from activities.models import ReportDraft, ReportVersion
from activities.notices import notices_for
from activities.sheets import Sheet, daily_sheet
from activities.views import keeping
from activities.views.timing import TimeLeft, day_state
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict
from portal.foundation.models import Submission

UNPROCESSABLE: Final = 422
CONFLICT: Final = 409


@dataclass(frozen=True)
class Question:
    """A figure that two people changed: whose shall stand?"""

    name: str
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class PreviewRow:
    """A figure as it will be filed; `before` is what stands there now, when the filing changes it."""

    label: str
    text: str
    hint: str
    before: str


@dataclass
class Desk:
    """A form on its way through one request."""

    request: HttpRequest
    sheet: Sheet
    on_behalf: bool
    fields: Fields = field(default_factory=dict)
    base: int = 0
    uid: UUID = field(default_factory=uuid4)
    asked: list[str] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)
    zeroed: list[str] = field(default_factory=list)
    # Figures of which a register says something else than on the page that was sent.
    moved: list[str] = field(default_factory=list)
    # When the draft shown was saved; None when none is shown.
    saved_at: Any = None

    @property
    def branch(self) -> Branch:
        """The branch whose day it is."""
        return self.sheet.branch

    @property
    def day(self) -> date:
        """The business date."""
        assert self.sheet.day is not None  # noqa: S101 - a day's sheet
        return self.sheet.day

    @cached_property
    def reads_notes(self) -> bool:
        """Whether this person may read what others wrote in notes, in whatever version or entry."""
        return access.can(self.request.user, Act.SEE_SENSITIVE, self.branch)

    @property
    def hides_note(self) -> bool:
        """Whether a note stands there that this person may not read: it is kept, and not shown."""
        latest = self.sheet.latest
        return bool(latest and latest.note) and not self.reads_notes

    @property
    def plan(self) -> dict[str, Any] | None:
        """What a phone needs to compute the receipt; none when that would tell what somebody noted, or who took part, to who may not know."""
        told = self.reads_notes or not (self.hides_note or any(kept.work.note or kept.work.participants for kept in self.sheet.kept))
        return self.sheet.plan() if told else None

    def stood(self, number: int | None = None) -> Fields:
        """Return version `number` as a form, the latest one without a number; its note only for who may read it."""
        fields = self.sheet.fields if number is None else self.sheet.fields_at(number)
        return fields if self.reads_notes else {name: text for name, text in fields.items() if name != NOTE}

    def opened_with(self, fields: Fields, base: int) -> None:
        """Take `fields`, typed on version `base`; where somebody filed since, bring both together."""
        if self.hides_note:
            # Theirs is kept as it stands; there is nothing to ask about.
            fields = {name: text for name, text in fields.items() if name != NOTE}
        self.fields, self.base = self.sheet.with_registers(fields), base
        if base >= self.sheet.base:
            return
        merged = merge(self.stood(base), fields, self.stood())
        self.fields, self.base, self.asked = self.sheet.with_registers(merged.fields), self.sheet.base, merged.asked
        if merged.taken:
            names = separator().join(label_of(self.sheet, name) for name in merged.taken)
            self.notices.append(("info", _("Taken over from what was filed meanwhile: %(names)s.") % {"names": names}))

    def form(self, *, typed: bool = False) -> DailyReportForm:
        """Return the form; with `typed`, checked."""
        form = DailyReportForm(self.fields, sheet=self.sheet, base=self.base, typed=typed)
        if self.hides_note:
            del form.fields[NOTE]
        return form

    @property
    def note(self) -> str:
        """The note to file."""
        latest = self.sheet.latest
        return latest.note if latest and self.hides_note else self.fields.get(NOTE, "").strip()

    @property
    def questions(self) -> list[Question]:
        """What is asked one by one: both sides changed it."""
        theirs = self.stood(self.base)
        return [Question(name, label_of(self.sheet, name), text_of(self.sheet, self.fields, name), text_of(self.sheet, theirs, name)) for name in self.asked]


@keeping.kept_over_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def report_edit(request: HttpRequest, branch_id: UUID, day: date) -> HttpResponse:
    """Fill in, preview and file the day of a branch."""
    return _filing(request, branch_id, day, on_behalf=False)


@keeping.kept_over_sign_in
@require_http_methods(["GET", "HEAD", "POST"])
def on_behalf(request: HttpRequest, branch_id: UUID, day: date) -> HttpResponse:
    """File the day of a branch from a telephone call; its organiser confirms it."""
    return _filing(request, branch_id, day, on_behalf=True)


@require_POST
def draft_save(request: HttpRequest, branch_id: UUID, day: date) -> JsonResponse:
    """Keep what is typed, as the form sends it by itself."""
    branch = get_object_or_404(Branch.objects.visible_to(request.user), public_id=branch_id)
    if day > branch.business_date_at(clock.now()):
        return JsonResponse({"detail": _("This day is not here yet.")}, status=UNPROCESSABLE)
    data = typed_fields(request.POST.dict())
    draft = services.save_draft(user=_user(request), branch=branch, day=day, data=data, base=keeping.base_posted(request))
    return JsonResponse({"saved_at": f"{timezone.localtime(draft.saved_at):%H:%M}"})


def _filing(request: HttpRequest, branch_id: UUID, day: date, *, on_behalf: bool) -> HttpResponse:
    branch = get_object_or_404(Branch.objects.visible_to(request.user).prefetch_related("schedules"), public_id=branch_id)
    access.require(request.user, Act.FILE_ON_BEHALF if on_behalf else Act.FILE, branch)
    today = branch.business_date_at(clock.now())
    if day > today or (branch.ended_on is not None and day > branch.ended_on):
        context = {"branch": branch, "day": day, "last_day": min(today, branch.ended_on or today), "on_behalf": on_behalf}
        return render(request, "activities/day_not_here.html", context, status=404)
    desk = Desk(request, daily_sheet(branch, day), on_behalf)
    if request.method != "POST":
        return _open(desk)
    keeping.forget(request)
    _take_posted(desk)
    action, _colon, code = request.POST.get("action", "").partition(":")
    if action in _HANDS:
        desk.fields = with_cell(desk.fields, code, replace(cell_of(desk.fields, code), **_HANDS[action]))
        desk.fields = desk.sheet.with_registers(desk.fields)
    return _ACTIONS.get(action, _preview)(desk)


def _open(desk: Desk) -> HttpResponse:
    """Show the form with what was typed last: before signing in, in a draft, or in the version that counts."""
    draft = ReportDraft.objects.filter(user=_user(desk.request), branch=desk.branch, business_date=desk.day).first()
    waiting = keeping.kept(desk.request)
    if waiting is not None and (draft is None or draft.saved_at <= waiting[2]):
        desk.opened_with(waiting[0], waiting[1])
        desk.notices.append(("ok", _("You are signed in again. Everything you typed is here; it is not filed yet.")))
    elif draft is not None and not same(draft.data, desk.stood()):
        desk.opened_with(draft.data, draft.base)
        desk.saved_at = draft.saved_at
    else:
        desk.opened_with(desk.stood(), desk.sheet.base)
    return _show(desk)


def _take_posted(desk: Desk) -> None:
    """Read the form as posted, with the answers to what was asked."""
    posted = desk.request.POST
    fields, desk.base = typed_fields(posted.dict()), min(keeping.base_posted(desk.request), desk.sheet.base)
    theirs = desk.stood(desk.base)
    for name in posted.getlist("ask"):
        answer = posted.get(f"pick_{name}")
        if answer == "theirs":
            fields = with_cell(fields, name, cell_of(theirs, name))
        elif answer != "mine":
            desk.asked.append(name)
    desk.fields, desk.uid = desk.sheet.with_registers(fields), _uid(posted.get("uid", ""))
    desk.moved = [code for code in desk.sheet.metrics if cell_of(fields, code).derived and cell_of(fields, code).meaning != cell_of(desk.fields, code).meaning]


def _preview(desk: Desk) -> HttpResponse:
    """Show the day as it will be filed."""
    if desk.base < desk.sheet.base:
        return _stale(desk)
    form = desk.form(typed=True)
    if not form.is_valid() or desk.asked:
        return _show(desk, form, status=UNPROCESSABLE)
    try:
        # Before the preview, not after it: what contradicts itself is said beside the field.
        notices = notices_for(branch=desk.branch, day=desk.day, figures=list(form.figures().values()))
    except ValidationError as error:
        form.refuse(ValidationError({"": error.messages}))
        return _show(desk, form, status=UNPROCESSABLE)
    _save_draft(desk)
    about = {notice.metric: notice.message for notice in notices}
    stands = desk.stood() if desk.base else {}
    rows = _preview_rows(desk, stands, about)
    context = _frame(desk, form) | {
        "moved": separator().join(desk.sheet.metrics[code].name for code in desk.moved),
        "compared": bool(stands),
        "changed": [row for row in rows if row.before],
        "rows": [row for row in rows if not row.before],
        "count": len(form.figures()),
        "whole_day": about.get("", ""),
        "missing": separator().join(metric.name for metric in form.blank_usual()),
        "locked": locked_rows(form),
    }
    return render(desk.request, "activities/report_preview.html", context)


def _preview_rows(desk: Desk, stands: Fields, about: Mapping[str, str]) -> list[PreviewRow]:
    """Return the figures that are filed, and those that the filing takes out, each with what changes against `stands`; nothing where that is empty."""
    rows = []
    for code, metric in desk.sheet.metrics.items():
        now, past = cell_of(desk.fields, code), cell_of(stands, code)
        if not (now.is_blank and past.is_blank):
            before = text_of(desk.sheet, stands, code) if stands and now.meaning != past.meaning else ""
            rows.append(PreviewRow(metric.name, text_of(desk.sheet, desk.fields, code), about.get(code, ""), before))
    return rows


def _file(desk: Desk) -> HttpResponse:
    """File the day; sent twice, it is stored once and gives the same receipt."""
    form = desk.form(typed=True)
    if not form.is_valid() or desk.asked:
        return _show(desk, form, status=UNPROCESSABLE)
    if desk.moved and not Submission.objects.filter(account=_user(desk.request), uid=desk.uid).exists():
        # Nobody has seen these figures yet.
        return _preview(desk)
    try:
        acknowledgement = services.file_daily_report(
            actor=_user(desk.request),
            branch=desk.branch,
            day=desk.day,
            works=desk.sheet.works(form.figures()),
            uid=desk.uid,
            base=desk.base,
            reason=form.cleaned_data["reason"],
            note=desk.note,
            on_behalf=desk.on_behalf,
        )
    except ValidationError as error:
        form.refuse(error)
        return _show(desk, form, status=UNPROCESSABLE)
    except Conflict as conflict:
        return _reused(desk) if conflict.code == "reused_uid" else _stale(desk)
    return redirect("activities:report_receipt", acknowledgement.version.public_id)


def _stale(desk: Desk) -> HttpResponse:
    """Bring together what was typed and what somebody else filed meanwhile; ask only about what both changed."""
    # Filed between our look at it and the service's: look again.
    desk.sheet = daily_sheet(desk.branch, desk.day)
    latest = desk.sheet.latest
    assert latest is not None  # noqa: S101 - something newer than the form is there
    desk.opened_with(desk.fields, desk.base)
    named = {"who": str(latest.filed_by), "at": f"{timezone.localtime(latest.known_from):%H:%M}"}
    said = _("%(who)s filed this report at %(at)s, while you were filling it in. Nothing you typed is lost.")
    desk.notices.insert(0, ("warn", said % named))
    return _show(desk, status=CONFLICT)


def _reused(desk: Desk) -> HttpResponse:
    """The form was filed already and then changed: the change becomes a version of its own."""
    submission = Submission.objects.get(account=_user(desk.request), uid=desk.uid)
    earlier = ReportVersion.objects.filter(public_id=submission.object_id, daily_report__branch=desk.branch, daily_report__business_date=desk.day).first()
    desk.uid = uuid4()
    if earlier is None:
        return _show(desk, status=CONFLICT)
    desk.opened_with(desk.fields, earlier.number)
    said = _("You have filed this form already (receipt %(receipt)s). Your change goes in as a new version: look it through, then file it.")
    desk.notices.insert(0, ("warn", said % {"receipt": earlier.receipt}))
    return _show(desk, status=CONFLICT)


def _zero(desk: Desk) -> HttpResponse:
    """Fill zero into the usual figures that are blank, and name them."""
    desk.zeroed = [metric.code for metric in desk.form().blank_usual()]
    desk.fields = with_zeros(desk.fields, desk.zeroed)
    return _show(desk)


def _unzero(desk: Desk) -> HttpResponse:
    """Take those zeros back."""
    codes = desk.request.POST.get("zeroed", "").split(",")
    desk.fields = without_zeros(desk.fields, [code for code in codes if code in desk.sheet.metrics])
    return _show(desk)


def _keep_draft(desk: Desk) -> HttpResponse:
    """Keep what is typed, at the press of a button: for browsers without script."""
    _save_draft(desk)
    messages.success(desk.request, _("The draft is saved. It is not filed yet."))
    return redirect(desk.request.path)


def _edit(desk: Desk) -> HttpResponse:
    """Show the form again with what is typed."""
    if desk.base < desk.sheet.base:
        return _stale(desk)
    return _show(desk)


_ACTIONS: Final[Mapping[str, Callable[[Desk], HttpResponse]]] = {
    "preview": _preview,
    "file": _file,
    "zero": _zero,
    "unzero": _unzero,
    "draft": _keep_draft,
    "edit": _edit,
    "type": _edit,
    "take": _edit,
}
# What a tap on a figure of a register makes of its cell: it is typed from now on, or the register's again.
_HANDS: Final[Mapping[str, Mapping[str, Any]]] = {"type": {"derived": False}, "take": {"derived": True}}


def _save_draft(desk: Desk) -> None:
    draft = services.save_draft(user=_user(desk.request), branch=desk.branch, day=desk.day, data=desk.fields, base=desk.base)
    desk.saved_at = draft.saved_at


def _show(desk: Desk, form: DailyReportForm | None = None, *, status: int = 200) -> HttpResponse:
    form = form or desk.form()
    latest = desk.sheet.latest
    if latest is not None and latest.note and NOTE in form.fields:
        audit.record(_user(desk.request), "note.seen", latest, address=audit.address_of(desk.request))
    context = _frame(desk, form) | {
        "questions": desk.questions,
        "notices": desk.notices,
        "zeroed": desk.zeroed,
        "zeroed_names": separator().join(desk.sheet.metrics[code].name for code in desk.zeroed),
        "saved_at": desk.saved_at,
        "missed_eve": _missed_eve(desk.sheet),
        "returned": latest if latest is not None and latest.state == ReportVersion.State.RETURNED else None,
        "plan": desk.plan,
        **_words(desk, form),
    }
    return render(desk.request, "activities/report_edit.html", context, status=status)


def _frame(desk: Desk, form: DailyReportForm) -> dict[str, Any]:
    """Return what form and preview share."""
    name = "activities:on_behalf" if desk.on_behalf else "activities:report_edit"
    today = desk.branch.business_date_at(clock.now())
    left = TimeLeft(desk.sheet.due_at, clock.now())
    return {
        "branch": desk.branch,
        "day": desk.day,
        "is_today": desk.day == today,
        "form": form,
        "uid": desk.uid,
        "base": desk.base,
        "latest": desk.sheet.latest,
        "on_behalf": desk.on_behalf,
        "left": left,
        "state": day_state(desk.sheet.latest, left, has_draft=desk.saved_at is not None),
        "previous_href": reverse(name, args=[desk.branch.public_id, desk.day - timedelta(days=1)]),
        "next_href": reverse(name, args=[desk.branch.public_id, desk.day + timedelta(days=1)]) if desk.day < today else None,
        "hidden": form.hidden_fields_typed,
    }


def _missed_eve(sheet: Sheet) -> str:
    """Say once that nothing counts for the day before, where something older stands beside the fields."""
    if sheet.day is None or not sheet.misses_eve:
        return ""
    words = {"day": day_words(sheet, sheet.day - timedelta(days=1), pgettext("date format", "j F"))}
    if sheet.eve is not None and sheet.eve.state == ReportVersion.State.RETURNED:
        return _("The report of %(day)s was returned and does not count: beside each figure stands what was given last.") % words
    return _("No report counts for %(day)s: beside each figure stands what was given last.") % words


def _words(desk: Desk, form: DailyReportForm) -> dict[str, Any]:
    """Return the sentences that scripts fill in, and the count that the dock starts with."""
    left = len(form.blank_usual())
    return {
        "left_to_fill": left,
        "left_words": ngettext("%(n)s figure is not filled in", "%(n)s figures are not filled in", left) % {"n": left},
        "words_one": ngettext("%(n)s figure is not filled in", "%(n)s figures are not filled in", 1) % {"n": "{n}"},
        "words_many": ngettext("%(n)s figure is not filled in", "%(n)s figures are not filled in", 2) % {"n": "{n}"},
        "separator": separator(),
        "copy_key": f"typed:{_user(desk.request).public_id}:{desk.request.path}",
    }


def locked_rows(form: DailyReportForm) -> list[Any]:
    """Return the figures that the form shows and does not edit."""
    return [row for section in [*form.usual_sections(), *form.other_sections()] for row in section.locked]


def separator() -> str:
    """Return what stands between names in a list."""
    return pgettext("between names", ", ")


def label_of(sheet: Sheet, name: str) -> str:
    """Return what a cell of the form is called."""
    return _("Note") if name == NOTE else sheet.metrics[name].name if name in sheet.metrics else name


def text_of(sheet: Sheet, fields: Mapping[str, str], name: str) -> str:
    """Return a cell as people write it, with qualifier and unit; as typed when it is no number."""
    cell = cell_of(fields, name)
    if cell.is_blank:
        return _("left blank")
    if name == NOTE or name not in sheet.metrics:
        return cell.value
    metric = sheet.metrics[name]
    unit = sheet.units[cell.unit].name if cell.unit in sheet.units else metric.unit_name
    try:
        value = parse_number(cell.value, decimals=3)
        assert value is not None  # noqa: S101 - it is not blank
        return format_figure(value, Qualifier(cell.qualifier), unit, lang=get_language() or "zh-hans")
    except (NumberError, ValueError):
        return cell.value


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _user(request: HttpRequest) -> Any:
    return request.user
