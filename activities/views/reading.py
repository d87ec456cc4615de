"""Reading reports: the list, a report with all its versions, the receipt, an entry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from activities import chat, rollups
from activities.figures import Qualifier, format_figure
from activities.filters import ReportFilter, with_state
from activities.imports.services import may_import
from activities.models import ActivityKind, DailyReport, Entry, EntryParticipant, Measure, PeriodReport, ReportVersion
from activities.querysets import DailyReportQuerySet, ReportVersionQuerySet
from activities.receipts import read_receipt
from activities.registers import differences
from activities.rollups import DAWN, Span
from activities.views.choices import shorten
from branches import access
from branches.access import Act
from branches.models import Branch
from members.models import Person
from portal.foundation import audit, clock
from portal.foundation.paging import TURNS, ByDay, Counted, Turn
from portal.foundation.ways_back import is_ours


@dataclass(frozen=True)
class MeasureLine:
    """A figure in words, with what it was in the version before; `before` None when it has not changed."""

    label: str
    text: str
    before: str | None
    entry: Entry | None
    typed: str


@dataclass(frozen=True)
class DifferingLine:
    """A filed figure and what its register says today, in words."""

    label: str
    filed: str
    now: str
    href: str


@dataclass(frozen=True)
class VersionView:
    """A version with its figures by kind and what changed against the version before it."""

    version: ReportVersion
    lines: list[tuple[str, list[MeasureLine]]]
    changes: list[MeasureLine]
    note: str
    has_hidden_note: bool


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """List the daily reports in the reader's scope, the latest day first; look a receipt number up."""
    seen = with_state(DailyReport.objects.visible_to(request.user)).filter(state__isnull=False)
    filters = ReportFilter(request.GET, queryset=seen, request=request)
    rows = filters.qs if filters.form.is_valid() else seen.none()
    shorten(filters.form, request)
    turn = Turn.read(request.GET)
    # By branch within a day: so the index leads from page to page, whatever is filed.
    page = ByDay[DailyReport]("business_date", "branch_id").page(turn, rows.select_related("branch"))
    shown = (
        ReportVersion.objects.filter(daily_report__in=[row.pk for row in page.items]).select_related("filed_by").annotate(figures=Count("entries__measures"))
    )
    latest = {version.daily_report_id: version for version in shown.with_lateness().order_by("number")}
    context = {
        "form": filters.form,
        "page": page,
        "turn": turn,
        "kept": [(name, text) for name, text in request.GET.items() if name not in (*TURNS, "receipt")],
        "counted": _counted(request, filters.form.cleaned_data, rows),
        "rows": [(report, latest[report.pk]) for report in page.items if report.pk in latest],
        "filtered": any(request.GET.get(name) for name in filters.form.fields),
        "named": _with_accounts(request, page.items),
        "may_file": access.may(request.user, Act.FILE),
        "may_review": access.may(request.user, Act.REVIEW),
        "may_import": may_import(request.user),
        **_looked_up(request),
    }
    return render(request, "activities/report_list.html", context)


def _with_accounts(request: HttpRequest, reports: Iterable[DailyReport]) -> frozenset[int]:
    """Return the branches of these reports of which the reader may see who filed."""
    named = Branch.objects.filter(access.branches_within(access.accounts_seen(request.user)), pk__in=[report.branch_id for report in reports])
    return frozenset(named.values_list("pk", flat=True))


@require_safe
def report_detail(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Show a daily report: the figures that count, and every version with what it changed."""
    report = get_object_or_404(DailyReport.objects.visible_to(request.user).select_related("branch", "branch__region"), public_id=report_id)
    versions = version_views(request, report.versions.all())
    context = {"report": report, "branch": report.branch, "day": report.business_date, **_of_versions(request, report, versions)}
    context["differing"] = _differing(context["current"])
    return render(request, "activities/report_detail.html", context)


@require_safe
def period_detail(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Show a period report with every version."""
    report = get_object_or_404(PeriodReport.objects.visible_to(request.user).select_related("branch", "branch__region"), public_id=report_id)
    versions = version_views(request, report.versions.all())
    context = {"report": report, "branch": report.branch, **_of_versions(request, report, versions)}
    return render(request, "activities/period_detail.html", context)


@require_safe
def report_receipt(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Show the proof that a version arrived, what it says, and the day as text for a chat."""
    versions = ReportVersion.objects.visible_to(request.user).select_related("branch", "daily_report", "period_report", "filed_by").with_lateness()
    version = get_object_or_404(versions, public_id=version_id)
    measures = Measure.objects.filter(entry__version=version).select_related("metric__unit", "unit_entered", "entry").order_by("metric__position", "pk")
    lines = grouped([line_of(measure, None) for measure in measures], [measure.metric.kind for measure in measures])
    report = version.daily_report
    text = chat.branch_day_text(version.branch, report.business_date, lang=_lang()) if report is not None and version.is_current else ""
    context = {
        "version": version,
        "branch": version.branch,
        "lines": lines,
        "sees_accounts": access.sees_accounts(request.user, version.branch),
        "chat_text": text,
        "to_confirm": version.is_current and version.on_behalf and version.confirmed_at is None,
        "can_file": access.offers(request.user, Act.FILE, version.branch),
        "can_review": access.offers(request.user, Act.REVIEW, version.branch),
        "copy_key": f"typed:{getattr(request.user, 'public_id', '')}:",
        "form_name": "activities:on_behalf" if version.on_behalf else "activities:report_edit",
    }
    return render(request, "activities/report_receipt.html", context)


@require_safe
def entry_detail(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show a piece of work: its figures, place, and of those who took part the ones that the reader may see."""
    entries = Entry.objects.visible_to(request.user).select_related("branch", "place", "version__daily_report", "version__period_report", "version__filed_by")
    entry = get_object_or_404(entries, public_id=entry_id)
    measures = entry.measures.select_related("metric__unit", "unit_entered").order_by("metric__position")
    people = Person.objects.visible_to(request.user)
    participants = entry.participants.filter(person__in=people).select_related("person", "home_unit").order_by("person__name_key", "pk")
    shown = list(participants)
    readable = bool(entry.note) and access.can(request.user, Act.SEE_SENSITIVE, entry.branch)
    if readable:
        audit.record(_actor(request), "note.seen", entry, address=audit.address_of(request))
    context = {
        "entry": entry,
        "sees_accounts": access.sees_accounts(request.user, entry.branch),
        "kind": ActivityKind(entry.kind).label,
        "measures": [(measure, line_of(measure, None)) for measure in measures],
        "participants": shown,
        "others": EntryParticipant.objects.filter(entry=entry).count() - len(shown),
        "note": entry.note if readable else "",
        "has_hidden_note": bool(entry.note) and not readable,
        "back_href": back_href(request),
    }
    return render(request, "activities/entry_detail.html", context)


def version_views(request: HttpRequest, versions: ReportVersionQuerySet) -> list[VersionView]:
    """Return versions, the newest first, each with its figures and its changes; notes only for those who may read them."""
    measures = Measure.objects.select_related("metric__unit", "unit_entered").order_by("metric__position", "pk")
    entries = Entry.objects.order_by("pk").prefetch_related(Prefetch("measures", measures))
    people = ("filed_by", "reviewed_by", "confirmed_by")
    related = versions.select_related("branch", "daily_report", "period_report", *people).prefetch_related(Prefetch("entries", entries))
    found = list(related.with_lateness().order_by("number"))
    readable = bool(found) and any(version.note for version in found) and access.can(request.user, Act.SEE_SENSITIVE, found[0].branch)
    if readable:
        audit.record(_actor(request), "note.seen", found[0].report, address=audit.address_of(request))
    views, before = [], None
    for version in found:
        views.append(_view_of(version, before, readable))
        before = version
    return views[::-1]


def back_href(request: HttpRequest) -> str:
    """Return where the reader came from, when the address says so and it is this site."""
    href = request.GET.get("from", "")
    return href if is_ours(request, href) else ""


def line_of(measure: Measure, before: str | None) -> MeasureLine:
    """Return a measure in words."""
    metric, lang = measure.metric, _lang()
    text = format_figure(measure.value, Qualifier(measure.qualifier), metric.unit_name, lang=lang, text=measure.qualifier_text)
    typed = ""
    if measure.unit_entered_id != metric.unit_id:
        typed = format_figure(measure.value_entered, Qualifier(measure.qualifier), measure.unit_entered.name, lang=lang)
    return MeasureLine(metric.name, text, before, measure.entry, typed)


def grouped(lines: Iterable[MeasureLine], kinds: Iterable[str]) -> list[tuple[str, list[MeasureLine]]]:
    """Group lines by kind of work, in their order."""
    found: dict[str, list[MeasureLine]] = {}
    for line, kind in zip(lines, kinds, strict=True):
        found.setdefault(str(ActivityKind(kind).label), []).append(line)
    return list(found.items())


def _view_of(version: ReportVersion, before: ReportVersion | None, readable: bool) -> VersionView:
    now, past = _by_metric(version), _by_metric(before) if before is not None else {}
    measures = [measure for entry in version.entries.all() for measure in entry.measures.all()]
    measures.sort(key=lambda measure: measure.metric.position)
    lines = [line_of(measure, None) for measure in measures]
    changes = _changes(now, past) if before is not None else []
    note = version.note if readable else ""
    return VersionView(version, grouped(lines, [measure.metric.kind for measure in measures]), changes, note, bool(version.note) and not readable)


def _by_metric(version: ReportVersion) -> dict[str, tuple[str, str]]:
    """Return the label and the text of each metric's figures."""
    found: dict[str, tuple[str, str]] = {}
    for entry in version.entries.all():
        for measure in entry.measures.all():
            line = line_of(measure, None)
            label, text = found.get(measure.metric.code, (line.label, ""))
            found[measure.metric.code] = (label, f"{text} + {line.text}" if text else line.text)
    return found


def _changes(now: Mapping[str, tuple[str, str]], past: Mapping[str, tuple[str, str]]) -> list[MeasureLine]:
    blank = ("", _("not reported"))
    codes = [code for code in dict.fromkeys([*past, *now]) if now.get(code, blank)[1] != past.get(code, blank)[1]]
    return [MeasureLine((now.get(code) or past[code])[0], now.get(code, blank)[1], past.get(code, blank)[1], None, "") for code in codes]


def _of_versions(request: HttpRequest, report: Any, versions: Sequence[VersionView]) -> dict[str, Any]:
    current = next((view for view in versions if view.version.is_current), None)
    can_file = access.offers(request.user, Act.FILE, report.branch)
    return {
        "versions": versions,
        "sees_accounts": access.sees_accounts(request.user, report.branch),
        "current": current,
        "latest": versions[0] if versions else None,
        "can_file": can_file,
        "can_review": access.offers(request.user, Act.REVIEW, report.branch),
        "can_confirm": bool(can_file and current and current.version.on_behalf and current.version.confirmed_at is None),
        "back_href": back_href(request),
    }


def _differing(view: VersionView | None) -> list[DifferingLine]:
    """Return what the registers say otherwise than the version that counts."""
    if view is None:
        return []
    measures = [measure for entry in view.version.entries.all() for measure in entry.measures.all()]
    filed = {measure.metric.code: line_of(measure, None).text for measure in measures}
    found = []
    for each in differences(view.version, measures):
        now = format_figure(each.now.value, Qualifier.EXACT, each.metric.unit_name, lang=_lang())
        found.append(DifferingLine(each.metric.name, filed[each.metric.code], now, each.now.href))
    return found


def _counted(request: HttpRequest, asked: Mapping[str, Any], rows: DailyReportQuerySet) -> Counted:
    """Return how many reports there are: exact where the kept totals count the same, for a reader to whom no branch is hidden."""
    first, last = asked.get("since") or DAWN, asked.get("until") or clock.today()
    region, others = asked.get("region"), asked.get("branch") or asked.get("state")
    if region and asked.get("only") and not others and first <= last and access.reach(request.user, Act.SEE_REPORTS).everything:
        kept = rollups.reports_count_of(region, Span(first, last), asked["only"])
        if kept is not None:
            return Counted(kept)
    return Counted.capped(rows)


def _looked_up(request: HttpRequest) -> dict[str, Any]:
    """Look a receipt number up, as typed or read aloud."""
    typed = request.GET.get("receipt", "").strip()[:60]
    if not typed:
        return {"receipt": "", "receipt_state": ""}
    number = read_receipt(typed)
    if number is None:
        return {"receipt": typed, "receipt_state": "misread"}
    version = ReportVersion.objects.visible_to(request.user).filter(receipt=number).select_related("branch", "daily_report", "period_report").first()
    return {"receipt": number, "receipt_state": "found" if version else "unknown", "receipt_version": version}


def _lang() -> str:
    return get_language() or "zh-hans"


def _actor(request: HttpRequest) -> Any:
    return request.user
