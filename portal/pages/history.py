"""What the auditor reads beside the named events: the history of rows, all that happened to an object or was done by an account, and the seals of the days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, NullIf
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from branches import access
from branches.access import Act
from branches.forms import DayField
from portal.accounts.models import Grant, User
from portal.foundation import audit, clock, row_history
from portal.foundation.downloads import a_few_at_once
from portal.foundation.models import AuditArchive, AuditEntry, DaySeal, RowChange
from portal.foundation.paging import ByMoment, ByNumber, Counted, Turn
from portal.foundation.sealing import bounds
from portal.foundation.tables import CSV, Column, Kind, Listing, Sheet, csv_of
from portal.pages.audit import AuditLine, line_of
from portal.pages.audit_words import kinds, names_in
from portal.pages.history_words import ChangeLine, lines_of, tables

# As many grants of an account as its page lists; few ever had near as many.
_GRANTS: Final = 100
_COLUMNS = ("at", "username", "name", "operation", "table", "key", "object", "rows", "before", "after", "digest", "request", "means", "transaction")


@dataclass(frozen=True, slots=True)
class Happened:
    """A named event or a change of a row, whichever it is."""

    event: AuditLine | None = None
    change: ChangeLine | None = None


class ChangeFilterForm(forms.Form):
    """Which lines of the history to read."""

    person = forms.CharField(label=_("Who"), required=False, max_length=100)
    table = forms.ChoiceField(label=_("Kind of object"), required=False)
    operation = forms.ChoiceField(label=_("Kind of change"), required=False, choices=[("", _("All changes")), *RowChange.Operation.choices])
    first = DayField(label=_("From (date)"), required=False)
    last = DayField(label=_("To (date)"), required=False)
    request = forms.UUIDField(label=_("Request"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        held = {each.table for each in row_history.audited()}
        table: Any = self.fields["table"]
        table.choices = [("", _("All kinds")), *sorted(((name, words) for name, words in tables().items() if name in held), key=lambda pair: pair[1])]

    def rows(self) -> QuerySet[RowChange]:
        """Return the lines asked for, the newest first; none when a filter makes no sense."""
        if not self.is_valid():
            return RowChange.objects.none()
        asked = self.cleaned_data
        found = RowChange.objects.select_related("actor").order_by("-pk")
        if asked["person"]:
            found = found.filter(Q(actor__username__icontains=asked["person"]) | Q(actor__name__icontains=asked["person"]))
        for name, column in (("table", "table"), ("operation", "operation"), ("request", "request_id")):
            if asked[name]:
                found = found.filter(**{column: asked[name]})
        if asked["first"]:
            found = found.filter(at__gte=bounds(asked["first"])[0])
        if asked["last"]:
            found = found.filter(at__lt=bounds(asked["last"])[1])
        return found


@require_safe
def audit_changes(request: HttpRequest) -> HttpResponse:
    """Show the history of rows, the newest lines first."""
    form = _form(request)
    page = ByNumber[RowChange]().page(Turn.read(request.GET), form.rows())
    audit.record(request.user, "audit.read", address=audit.address_of(request), filters=_asked(form), resource="history")
    shown = {"form": form, "rows": lines_of(page.items), "page": page, "counted": Counted.capped(form.rows())}
    return render(request, "portal/audit_changes.html", shown)


@require_safe
@a_few_at_once
def audit_changes_export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Give the history of rows, as filtered, as csv; that it was taken is in the log."""
    form = _form(request)
    if not form.is_valid():
        return render(request, "portal/audit_changes.html", {"form": form, "rows": []}, status=422)
    audit.record(request.user, "audit.exported", address=audit.address_of(request), filters=_asked(form), resource="history")
    response = StreamingHttpResponse(csv_of(_table(form.rows())), content_type=CSV)
    response["Content-Disposition"] = f'attachment; filename="history-{clock.today():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def audit_object(request: HttpRequest, object_id: UUID) -> HttpResponse:
    """Show all that happened to an object: named events, searches that showed it, and changes of its row, the newest first."""
    _require_auditor(request)
    found_in_a_search = Q(details__has_key="shown", details__shown__contains=[str(object_id)])
    events = AuditEntry.objects.filter(Q(object_id=object_id) | found_in_a_search)
    changes = RowChange.objects.filter(object_id=object_id)
    newest = changes.order_by("-at", "-pk").first()
    event = events.order_by("-at", "-pk").first() if newest is None else None
    if newest is None and event is None:
        raise Http404
    # Of something that was long ago, perhaps only a search is left that showed it.
    kind = tables().get(newest.table, newest.table) if newest else kinds().get(event.model if event else "", str(_("object")))
    audit.record(request.user, "audit.read", address=audit.address_of(request), shown=str(object_id))
    return _timeline(request, events, changes, {"kind": kind, "object_id": object_id})


@require_safe
def audit_person(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Show all that an account did: named events and changes of rows, the newest first; and its grants, as their rows say."""
    _require_auditor(request)
    account = get_object_or_404(User, public_id=user_id)
    audit.record(request.user, "audit.read", account, address=audit.address_of(request), user=str(user_id))
    return _timeline(
        request,
        AuditEntry.objects.filter(actor=account),
        RowChange.objects.filter(actor=account),
        {"account": account, "grants": _grants_of(account), "today": clock.today()},
    )


@require_safe
def audit_days(request: HttpRequest) -> HttpResponse:
    """Show the days with their seals, the newest first."""
    _require_auditor(request)
    page = ByNumber[DaySeal]().page(Turn.read(request.GET), DaySeal.objects.order_by("-pk"))
    archived = set(AuditArchive.objects.values_list("month", flat=True))
    rows = [{"seal": seal, "archived": seal.day.replace(day=1) in archived} for seal in page.items]
    audit.record(request.user, "audit.read", address=audit.address_of(request), resource="days")
    yesterday = timezone.localdate(clock.now()) - timedelta(days=1)
    newest = DaySeal.objects.order_by("-day").values_list("day", flat=True).first()
    return render(request, "portal/audit_days.html", {"rows": rows, "page": page, "newest": newest, "behind": newest is not None and newest < yesterday})


def _grants_of(account: User) -> list[Grant]:
    """Return the grants of an account, those that end last before the others. That one ends with its last day is in its row, and in no event."""
    related = ("region", "work_unit", "branch", "given_by", "revoked_by")
    # Of an old one all that happened may lie in an archive.
    has_history = Exists(RowChange.objects.filter(object_id=OuterRef("public_id")))
    return list(account.grants.annotate(has_history=has_history).select_related(*related).order_by("-during__endswith", "-pk")[:_GRANTS])


def _timeline(request: HttpRequest, events: QuerySet[AuditEntry], changes: QuerySet[RowChange], about: Mapping[str, Any]) -> HttpResponse:
    sources: list[Any] = [events.select_related("actor"), changes.select_related("actor")]
    page = ByMoment[Any]().page(Turn.read(request.GET), *sources)
    told = [row for row in page.items if isinstance(row, AuditEntry)]
    named, names = kinds(), names_in(told)
    changed = iter(lines_of(row for row in page.items if isinstance(row, RowChange)))
    rows = [Happened(event=line_of(row, named, names)) if isinstance(row, AuditEntry) else Happened(change=next(changed)) for row in page.items]
    return render(request, "portal/audit_timeline.html", {"rows": rows, "page": page, **about})


def _form(request: HttpRequest) -> ChangeFilterForm:
    _require_auditor(request)
    form = ChangeFilterForm(request.GET)
    form.full_clean()
    return form


def _require_auditor(request: HttpRequest) -> None:
    if not access.may(request.user, Act.READ_AUDIT):
        raise PermissionDenied


def _asked(form: ChangeFilterForm) -> dict[str, str]:
    return {name: str(value) for name, value in form.cleaned_data.items() if value}


def _table(rows: QuerySet[RowChange]) -> Sheet:
    """Return lines as a table, for machines too: everything as the history has it."""
    name = Coalesce(NullIf("actor__name", Value("")), F("actor__username"))
    texts = {"object": "object_id", "was": "before", "became": "after", "asked": "request_id"}
    found = rows.annotate(called=name, **{alias: Cast(column, TextField()) for alias, column in texts.items()})
    sources = {"username": "actor__username", "name": "called", "before": "was", "after": "became", "request": "asked"}
    types = {"at": Kind.MOMENT, "rows": Kind.NUMBER, "transaction": Kind.NUMBER}
    columns = [Column(title, sources.get(title, title), types.get(title, Kind.TEXT)) for title in _COLUMNS]
    return Sheet("", list(_COLUMNS), Listing(columns, [found], order=("pk",)))
