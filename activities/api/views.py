"""Reports with their versions, entries, figures, goods and statements; the catalogue; and filing."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from activities import services
from activities.api import examples, filing, rows
from activities.api.filters import (
    DailyReportFilter,
    EntryFilter,
    FrozenFigureFilter,
    MeasureFilter,
    PeriodReportFilter,
    StatementFilter,
    StockReceiptFilter,
    VersionFilter,
)
from activities.api.serializers import (
    VERSIONS,
    DailyReportSerializer,
    EntrySerializer,
    FrozenFigureSerializer,
    MeasureSerializer,
    MetricSerializer,
    PeriodReportSerializer,
    StatementSerializer,
    StockReceiptSerializer,
    UnitSerializer,
    VersionSerializer,
)
from activities.models import DailyReport, Entry, FrozenFigure, Measure, Metric, PeriodReport, ReportVersion, Statement, StockReceipt, Unit
from branches import access
from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.models import Branch
from portal.foundation.api.fields import link
from portal.foundation.api.schema import describes_pulling, describes_reading, example
from portal.foundation.api.views import ReadViewSet, WrittenViewSet

if TYPE_CHECKING:
    from portal.accounts.models import User

F = TypeVar("F", bound=Callable[..., Any])

ABOUT_FILING: Final = _(
    "Stored once for each uid of your account: 201 the first time, 200 with the stored version when the same comes again, 409 when the same uid "
    "comes with other content. A version replaces the one before it, so send all figures of the report. Zero is a figure; what is not known is left out."
)
_STORED: Final = _("Stored now.")
_STORED_BEFORE: Final = _("Stored before by the same request; nothing changed.")


# As on the pages.
NOTES_SEEN: Final = "note.seen"


def _actor(request: Request) -> "User":
    """Return who asks; permissions let nobody else this far."""
    return cast("User", request.user)


def _notes_in(versions: Iterable[Any], *, with_entries: bool = True) -> bool:
    """Say whether the reader is shown a note of the versions, or of their pieces of work."""
    of_entries = (json.loads(entry.written)["note"] for version in versions if with_entries and version.notes_seen for entry in version.entries.all())
    return any(version.notes_seen and version.note for version in versions) or any(of_entries)


class ReportViewSet(ScopedViewSet):
    """Reports of one sort, with their versions, and filing."""

    act = Act.SEE_REPORTS
    sight = NOTES_SEEN
    parameters = frozenset({"expand"})
    model: ClassVar[type[DailyReport] | type[PeriodReport]]

    def seen(self) -> QuerySet[Any, Any]:
        """Return the reports in scope."""
        return rows.reports(self.model, self.request, with_entries=self._expanded())

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the context with whether entries are wanted inside versions."""
        drawing = getattr(self, "swagger_fake_view", False) or self.request is None
        return {**super().get_serializer_context(), "with_entries": not drawing and self._expanded()}

    def _expanded(self) -> bool:
        asked = self.request.query_params.get("expand", "")
        if asked not in {"", "entries"}:
            raise ValidationError({"expand": [_text("Only entries can be expanded.")]}, code="expand")
        return asked == "entries"

    def sensitive_in(self, rows: Sequence[Any]) -> int:
        """Return in how many reports a note is shown."""
        return sum(_notes_in(report.versions.all(), with_entries=self._expanded()) for report in rows)

    def received(self, request: Request, fields: dict[str, str]) -> dict[str, Any]:
        """Return what was sent, as the services' arguments; `fields` maps their names to the request's.

        Raises:
            ValidationError: it cannot be accepted.
            Http404: the branch is not there, or lies outside the sender's scope.
        """
        given: BaseSerializer[Any] = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        self.pointers = filing.pointers(data, {"reason": "reason", **fields})
        branch = get_object_or_404(Branch.objects.visible_to(request.user), public_id=data["branch"])
        common = {name: data[name] for name in ("uid", "reason", "note")}
        return {"actor": _actor(request), "branch": branch, "works": filing.works(data, request.user), "means": ReportVersion.Means.API, **common, "data": data}

    def acknowledged(self, acknowledgement: services.Acknowledgement) -> Response:
        """Return the stored version: 201 when it was stored now, 200 when it was before."""
        version = rows.versions(self.request).get(pk=acknowledgement.version.pk)
        context = self.get_serializer_context()
        code = status.HTTP_201_CREATED if acknowledgement.created else status.HTTP_200_OK
        return Response(VersionSerializer(version, context=context).data, status=code, headers={"Location": link(context, VERSIONS, version.public_id)})


_EXPAND: Final = OpenApiParameter("expand", str, enum=["entries"], description=_("With “entries”, each version carries its pieces of work."))


def _filing(summary: Promise, received: type[Any], shown: dict[str, Any], *sent: dict[str, Any]) -> Callable[[F], F]:
    answers = {201: OpenApiResponse(VersionSerializer, description=_STORED), 200: OpenApiResponse(VersionSerializer, description=_STORED_BEFORE)}
    requests = [example(each, request_only=True) for each in sent]
    for number, each in enumerate(requests, 1):
        each.name = f"{each.name} {number}"
    about: Any = ABOUT_FILING
    title: Any = summary
    shown_all = [*requests, example(shown, response_only=True, status_codes=["200", "201"])]
    decorate: Callable[[F], F] = extend_schema(summary=title, description=about, request=received, responses=answers, examples=shown_all, tags=["reports"])
    return decorate


@describes_reading(
    many=_("List daily reports"),
    one=_("Read a daily report"),
    about=_("What branches filed for a business date, with all versions: what was filed, supplemented, corrected, returned or withdrawn, and when."),
    shown=examples.REPORT,
    tag="reports",
    parameters=[_EXPAND],
)
class DailyReportViewSet(ReportViewSet):
    """Daily reports."""

    model = DailyReport
    queryset = DailyReport.objects.all()
    filterset_class = DailyReportFilter

    def get_serializer_class(self) -> type[Any]:
        """Return what is read or what is sent."""
        return filing.DailyReportInput if self.action == "create" else DailyReportSerializer

    @_filing(_("File a daily report"), filing.DailyReportInput, examples.VERSION, examples.FILE_DAILY, examples.FILE_ENTRIES)
    def create(self, request: Request) -> Response:
        """File a branch's figures for a day."""
        given = self.received(request, {"day": "business_date"})
        data = given.pop("data")
        return self.acknowledged(services.file_daily_report(**given, day=data["business_date"], base=data["base"], on_behalf=data["on_behalf"]))


@describes_reading(
    many=_("List period reports"),
    one=_("Read a period report"),
    about=_("Figures that branches gave for a span of days. They stand on no single day; a total adds those that lie wholly inside its span."),
    shown=examples.PERIOD_REPORT,
    tag="reports",
    parameters=[_EXPAND],
)
class PeriodReportViewSet(ReportViewSet):
    """Period reports."""

    model = PeriodReport
    queryset = PeriodReport.objects.all()
    filterset_class = PeriodReportFilter

    def get_serializer_class(self) -> type[Any]:
        """Return what is read or what is sent."""
        return filing.PeriodReportInput if self.action == "create" else PeriodReportSerializer

    @_filing(_("File a period report"), filing.PeriodReportInput, examples.PERIOD_VERSION, examples.FILE_PERIOD)
    def create(self, request: Request) -> Response:
        """File a branch's figures for a span of days."""
        given = self.received(request, {"first_day": "first_day", "last_day": "last_day"})
        data = given.pop("data")
        span = {name: data[name] for name in ("first_day", "last_day", "relation", "undated")}
        return self.acknowledged(services.file_period_report(**given, **span))


def _acting(summary: Promise, about: Promise, received: type[Any], sent: dict[str, Any]) -> Callable[[F], F]:
    title: Any = summary
    text: Any = about
    shown = [example(sent, request_only=True), example(examples.VERSION, response_only=True)]
    decorate: Callable[[F], F] = extend_schema(summary=title, description=text, request=received, responses=VersionSerializer, examples=shown, tags=["reports"])
    return decorate


@describes_reading(
    many=_("List report versions"),
    one=_("Read a report version"),
    about=_("Each filing of a report with its pieces of work and figures. Versions never change but for their state."),
    shown=examples.VERSION,
    tag="reports",
)
class VersionViewSet(ScopedViewSet):
    """Versions of reports, and their review."""

    act = Act.SEE_REPORTS
    queryset = ReportVersion.objects.all()
    serializer_class = VersionSerializer
    filterset_class = VersionFilter
    sight = NOTES_SEEN

    def seen(self) -> QuerySet[Any, Any]:
        """Return the versions in scope."""
        return rows.versions(self.request).filter(pk__in=ReportVersion.objects.visible_to(self.request.user).values("pk"))

    def sensitive_in(self, rows: Sequence[Any]) -> int:
        """Return in how many versions a note is shown."""
        return sum(_notes_in([version]) for version in rows)

    @_acting(_("Accept a version"), _("The reviewer has looked at it. Needs the role reviewer."), filing.NothingInput, {})
    def accept(self, request: Request, **kwargs: Any) -> Response:
        """Accept a filed version."""
        self._sent(filing.NothingInput)
        return self._now(services.accept(actor=_actor(request), version=self.get_object()))

    @_acting(_("Return a version to its branch"), _("It no longer counts: the day is missing until a new version is filed."), filing.NoteInput, examples.RETURN)
    def give_back(self, request: Request, **kwargs: Any) -> Response:
        """Return a version with a note."""
        sent = self._sent(filing.NoteInput)
        return self._now(services.return_to_branch(actor=_actor(request), version=self.get_object(), **sent))

    @_acting(_("Withdraw a version"), _("The branch takes back what should not have been filed."), filing.ReasonInput, examples.WITHDRAW)
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        """Withdraw a version with a reason."""
        sent = self._sent(filing.ReasonInput)
        return self._now(services.withdraw(actor=_actor(request), version=self.get_object(), **sent))

    @_acting(_("Confirm a version filed on behalf"), _("The organiser confirms what a reviewer filed from a telephone call."), filing.NothingInput, {})
    def confirm(self, request: Request, **kwargs: Any) -> Response:
        """Confirm what was filed on behalf."""
        self._sent(filing.NothingInput)
        return self._now(services.confirm(actor=_actor(request), version=self.get_object()))

    def _sent(self, expected: type[BaseSerializer[Any]]) -> dict[str, Any]:
        given = expected(data=self.request.data)
        given.is_valid(raise_exception=True)
        self.pointers = {name: f"#/{name}" for name in given.validated_data}
        return dict(given.validated_data)

    def _now(self, version: ReportVersion) -> Response:
        return Response(self.get_serializer(rows.versions(self.request).get(pk=version.pk)).data)


@describes_reading(
    many=_("List entries"),
    one=_("Read an entry"),
    about=_("Pieces of work with their figures and, of those who took part, the people that you see. Only what counts, unless counted=false."),
    shown=examples.ENTRY,
    tag="figures",
)
class EntryViewSet(WrittenViewSet, ScopedViewSet):
    """Entries."""

    act = Act.SEE_REPORTS
    queryset = Entry.objects.all()
    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    sight = NOTES_SEEN

    def seen(self) -> QuerySet[Any, Any]:
        """Return the entries in scope."""
        return rows.entries(self.request)

    def sensitive_in(self, rows: Sequence[Any]) -> int:
        """Return in how many entries a note is shown; what PostgreSQL wrote is looked through only for whoever reads any."""
        return sum(bool(json.loads(row.written)["note"]) for row in rows) if access.may(self.request.user, Act.SEE_SENSITIVE) else 0

    @describes_pulling(
        title=_("Read all entries"),
        about=_(
            "The whole list without pages, one JSON object a line, in no order, all of one moment. The last line has the number of lines before it: "
            "where it is missing, so are entries. Its “changes” is where to go on with what changes afterwards."
        ),
        line=EntrySerializer,
        shown=examples.ENTRY,
        tag="figures",
    )
    def pull(self, request: Request) -> HttpResponseBase:
        """Send all entries."""
        return super().pull(request)


@describes_reading(
    many=_("List figures"),
    one=_("Read a figure"),
    about=_("Single figures as they were filed, in their own unit and as typed, each with how exact it is. Only what counts, unless counted=false."),
    shown=examples.MEASURE,
    tag="figures",
)
class MeasureViewSet(ScopedViewSet):
    """Measures."""

    act = Act.SEE_REPORTS
    queryset = Measure.objects.all()
    serializer_class = MeasureSerializer
    filterset_class = MeasureFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the figures in scope."""
        return rows.measures(self.request.user)


@describes_reading(
    many=_("List goods received"),
    one=_("Read goods received"),
    about=_("What branches received: an item, how much, in which unit. Different items and units are never added."),
    shown=examples.STOCK_RECEIPT,
    tag="figures",
)
class StockReceiptViewSet(ScopedViewSet):
    """Goods received."""

    act = Act.SEE_REPORTS
    queryset = StockReceipt.objects.all()
    serializer_class = StockReceiptSerializer
    filterset_class = StockReceiptFilter
    sight = NOTES_SEEN

    def seen(self) -> QuerySet[Any, Any]:
        """Return the goods in scope."""
        return rows.stock_receipts(self.request.user)

    def sensitive_in(self, rows: Sequence[Any]) -> int:
        """Return in how many a note is shown."""
        return sum(bool(receipt.notes_seen and receipt.note) for receipt in rows)


@describes_reading(
    many=_("List statements"),
    one=_("Read a statement"),
    about=_("Numbers that published texts state. They are compared with the portal's own figures, never added to them."),
    shown=examples.STATEMENT,
    tag="figures",
)
class StatementViewSet(ScopedViewSet):
    """Statements."""

    act = Act.SEE_REPORTS
    queryset = Statement.objects.all()
    serializer_class = StatementSerializer
    filterset_class = StatementFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the statements in scope."""
        return rows.statements(self.request.user)


@describes_reading(
    many=_("List frozen figures"),
    one=_("Read a frozen figure"),
    about=_("Figures that were quoted, as they were then; they never change. Those of now are among the totals."),
    shown=examples.FROZEN_FIGURE,
    tag="figures",
)
class FrozenFigureViewSet(ScopedViewSet):
    """Frozen figures."""

    act = Act.SEE_REPORTS
    queryset = FrozenFigure.objects.all()
    serializer_class = FrozenFigureSerializer
    filterset_class = FrozenFigureFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the frozen figures in scope."""
        return rows.frozen_figures(self.request.user)


class CatalogueViewSet(ReadViewSet):
    """A part of the catalogue; open to whoever is signed in."""

    def seen(self) -> QuerySet[Any, Any]:
        """Return all of it."""
        return self.queryset.all()


@describes_reading(
    many=_("List what can be reported"),
    one="",
    about=_("The catalogue of figures: kind of work, unit, and how each adds over days and over places."),
    shown=examples.METRIC,
    tag="catalogue",
)
class MetricViewSet(CatalogueViewSet):
    """Metrics."""

    queryset = Metric.objects.select_related("unit")
    serializer_class = MetricSerializer


@describes_reading(
    many=_("List units of measure"),
    one="",
    about=_("Units in which figures may be sent; values convert inside one dimension."),
    shown=examples.UNIT,
    tag="catalogue",
)
class UnitViewSet(CatalogueViewSet):
    """Units of measure."""

    queryset = Unit.objects.all()
    serializer_class = UnitSerializer
