"""A person's own page for the unit at home (事迹材料): their service over branches and days, on screen, on paper and as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count, DateField, Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from activities.models import ActivityKind, Entry, EntryParticipant
from activities.rollups import Span, worked_by
from branches import access
from branches.access import Act
from branches.models import Branch
from members import service_record as service
from members.hours import Served
from members.models import DutyPost, Person, Shift
from members.templatetags.people import last_day
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import page_of
from portal.foundation.tables import Cell, Sheet, csv_of, workbook
from portal.pages.exports import TYPES


@dataclass(frozen=True)
class Asked:
    """The days that an address asks for; an open beginning is that of the records. `refused` when what stands there are no days."""

    first: date | None
    last: date
    refused: bool = False

    @classmethod
    def read(cls, request: HttpRequest) -> "Asked":
        """Read the address."""
        typed = {name: request.GET.get(name, "").strip() for name in ("from", "to")}
        first, last = (clock.read_day(typed[name]) for name in ("from", "to"))
        unread = any(typed[name] and day is None for name, day in (("from", first), ("to", last)))
        if unread or (first and last and first > last):
            return cls(None, clock.today(), refused=True)
        return cls(first, last or max(clock.today(), first or clock.today()))

    @property
    def query(self) -> str:
        """The days as an address has them."""
        return f"from={self.first.isoformat() if self.first else ''}&to={self.last.isoformat()}"


@dataclass(frozen=True)
class Worked:
    """Work of one kind that the person took part in: in how many reports' entries, and the hours written down with them."""

    kind: str
    times: int
    hours: Any

    @property
    def label(self) -> str:
        """The kind of work."""
        return str(ActivityKind(self.kind).label)


@dataclass(frozen=True)
class Record:
    """The service record of a person as its reader sees it: whole, or the part that was served in the reader's branches."""

    person: Person
    asked: Asked
    part: service.Part
    is_own: bool
    is_whole: bool

    @cached_property
    def memberships(self) -> Sequence[Any]:
        """Time in branches."""
        return list(service.memberships(self.part))

    @cached_property
    def secondments(self) -> Sequence[Any]:
        """Who sent them."""
        return list(service.secondments(self.part))

    @cached_property
    def squads(self) -> Sequence[Any]:
        """Time in squads."""
        return list(service.squads(self.part))

    @cached_property
    def stays(self) -> Sequence[Any]:
        """Days on which they lived on site."""
        return list(service.stays(self.part))

    @property
    def days_on_site(self) -> int:
        """How many days these are, up to today."""
        return service.days_in(self.stays, self.part)

    @cached_property
    def claims(self) -> Sequence[Any]:
        """As a pioneer."""
        return list(service.claims(self.part))

    @cached_property
    def notes(self) -> Sequence[Any]:
        """Words of merit."""
        return list(service.notes(self.part))

    @cached_property
    def duties(self) -> Sequence[service.Duties]:
        """Person-shifts and hours by branch and kind of post."""
        return service.duties(self.part)

    @property
    def served(self) -> Any:
        """Person-shifts and hours, all together."""
        return service.sum_of(self.duties)

    @property
    def days(self) -> int:
        """Days in branches."""
        return service.days_in(self.memberships, self.part)

    @cached_property
    def works(self) -> Sequence[Worked]:
        """Work by kind, in the order of the catalogue."""
        rows = work_of(self.part).order_by().values("entry__kind").annotate(times=Count("pk"), time=Sum("hours"))
        found = {row["entry__kind"]: Worked(row["entry__kind"], row["times"], row["time"]) for row in rows}
        return [found[kind] for kind in ActivityKind.values if kind in found]

    @property
    def times(self) -> int:
        """How often they took part in work, all kinds together."""
        return sum(work.times for work in self.works)


def work_of(part: service.Part) -> "QuerySet[EntryParticipant]":
    """Return the work that the person took part in, of the branches of a part."""
    return part.of(worked_by(part.person, Span(part.first, part.last)), "entry__branch")


def record_of(request: HttpRequest, person_id: UUID) -> Record:
    """Return the record of a person that the reader sees; that somebody else's is read is in the audit log.

    Raises:
        Http404: the person is not in the reader's scope. PermissionDenied: they are, and their record is not for the reader.
    """
    of_row = Person.objects.filter(pk=OuterRef("pk"))
    told = {"is_told": Exists(of_row.recorded_for(request.user)), "is_whole": Exists(of_row.wholly_recorded_for(request.user))}
    person: Any = get_object_or_404(Person.objects.visible_to(request.user).annotate(**told), public_id=person_id)
    if not person.is_told:
        raise PermissionDenied
    asked = Asked.read(request)
    is_own = person.pk == getattr(request.user, "person_id", None)
    if not is_own:
        audit.record(request.user, "service_record.seen", person, address=audit.address_of(request), first=str(asked.first or ""), last=str(asked.last))
    branches = None if person.is_whole else Branch.objects.visible_to(request.user, Act.KEEP_RECORDS).order_by().values("pk")
    part = service.Part(person, asked.first or clock.DAWN, asked.last, branches)
    return Record(person, asked, part, is_own, person.is_whole)


@require_safe
def service_record(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show a person's service record; printed, it is what the unit at home files."""
    record = record_of(request, person_id)
    kept = (
        Branch.objects.visible_to(request.user, Act.KEEP_RECORDS).still_open().filter(memberships__person=record.person)
        if access.may(request.user, Act.KEEP_RECORDS)
        else ()
    )
    context = {"record": record, "person": record.person, "kept": {branch.pk for branch in kept}}
    return render(request, "members/service_record.html", context)


@require_safe
def service_record_shifts(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show the shifts behind the hours of a record: all of its days, or those of one branch and kind of post."""
    record = record_of(request, person_id)
    rows, post = service.shifts(record.part), "assignment__shift__post__"
    duty = request.GET.get("duty", "")
    if duty in DutyPost.Duty.values:
        rows = rows.filter(**{f"{post}duty": duty})
    if branch := _identifier(request.GET.get("branch", "")):
        rows = rows.filter(**{f"{post}branch__public_id": branch})
    readable = Shift.objects.visible_to(request.user).filter(pk=OuterRef("assignment__shift"))
    listed: QuerySet[Any] = (
        rows.select_related("assignment__shift__post__branch").annotate(readable=Exists(readable)).order_by("assignment__shift__during", "pk")
    )
    page = page_of(listed, request.GET.get("page"))
    told = [(row, Served(1, 1, row.served)) for row in page.items]
    context = {"record": record, "person": record.person, "page": page, "rows": told, "duty": DutyPost.Duty(duty).label if duty in DutyPost.Duty.values else ""}
    return render(request, "members/service_record_shifts.html", context)


@require_safe
def service_record_work(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show the work behind the counts of a record: all kinds, or one."""
    record, kind = record_of(request, person_id), request.GET.get("kind", "")
    rows = work_of(record.part)
    if kind in ActivityKind.values:
        rows = rows.filter(entry__kind=kind)
    readable = Entry.objects.visible_to(request.user).filter(pk=OuterRef("entry"))
    day = Coalesce("entry__business_date", "entry__version__period_report__last_day", output_field=DateField())
    listed = rows.select_related("entry__branch", "home_unit", "entry__version__period_report").annotate(readable=Exists(readable)).order_by(day, "pk")
    context = {"record": record, "person": record.person, "page": page_of(listed, request.GET.get("page"))}
    return render(request, "members/service_record_work.html", context | {"kind": ActivityKind(kind).label if kind in ActivityKind.values else ""})


@require_GET
@a_few_at_once
def service_record_export(request: HttpRequest, person_id: UUID, format: str) -> StreamingHttpResponse:
    """Send a record as csv or xlsx, without the words of merit; the audit log says who took whose."""
    if format not in TYPES:
        raise Http404
    record = record_of(request, person_id)
    audit.record(request.user, "service_record.exported", record.person, address=audit.address_of(request), format=format, last=str(record.asked.last))
    sheet = Sheet(_("Service record"), [_("What"), _("From (date)"), _("To (date)"), _("Branch"), _("Of what kind"), _("Number"), _("Hours")], _rows(record))
    content = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="service-record-{record.asked.last:%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=TYPES[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


# --- Inside -------------------------------------------------------------------------------------------------------------


def _rows(record: Record) -> Iterator[Sequence[Cell]]:
    """Yield the record as lines, in the order of the page."""
    for sent in record.secondments:
        yield [_("Sent by"), *_days(sent.during), "", " ".join((sent.home_unit.name, sent.job)).strip(), None, None]
    for held in record.memberships:
        yield [_("In the branch"), *_days(held.during), held.branch.name, "", None, None]
        for term in held.terms.all():
            yield [_("Office"), *_days(term.during), held.branch.name, term.get_office_display(), None, None]
    for line in record.duties:
        yield [_("On duty"), line.first, line.last, line.branch, line.label, line.served.shifts, line.served.hours]
    for held in record.squads:
        yield [_("In squads"), *_days(held.during), held.squad.branch.name, held.squad.name, None, None]
    for stay in record.stays:
        yield [_("Lived on site"), *_days(stay.during), stay.branch.name, "", None, None]
    for claim in record.claims:
        yield [_("As a pioneer"), *_days(claim.during), claim.post.branch.name, claim.post.name, None, None]
    for work in record.works:
        yield [_("Work taken part in"), None, None, "", work.label, work.times, work.hours]


def _days(during: Any) -> tuple[date | None, date | None]:
    """Return the first and the last day of a range."""
    return during.lower, last_day(during)


def _identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
