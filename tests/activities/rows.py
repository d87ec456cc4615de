"""Rows of reports, figures and the catalogue that agree with each other, most of them not stored."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models
from django.utils import timezone

from activities.models import DailyReport, Entry, FrozenFigure, Measure, Metric, PeriodReport, ReportImport, ReportVersion, Statement, Unit
from branches.models import Branch
from portal.foundation.models import Attachment
from tests.factories import make_branch, make_region, make_user
from tests.personas import MARCH_5, MARCH_6

Row = TypeVar("Row", bound=models.Model)
NINE = timezone.make_aware(datetime(2020, 3, 6, 21, 0))  # noqa: DTZ001 - made aware here
HOUR = timedelta(hours=1)
serial = count(1)


def a_branch() -> Branch:
    """A branch in a community of its own."""
    return make_branch(make_region("示例社区", "community"))


def daily(branch: Branch | None = None) -> DailyReport:
    """The report of a day, stored."""
    return DailyReport.objects.create(branch=branch or a_branch(), business_date=MARCH_6)


def period(branch: Branch | None = None, **values: Any) -> PeriodReport:
    """The report of two days, not stored."""
    return PeriodReport(branch=branch or a_branch(), first_day=MARCH_5, last_day=MARCH_6, **values)


def version(report: DailyReport | PeriodReport, number: int = 1, state: str = "filed", **values: Any) -> ReportVersion:
    """A version, not stored."""
    values.setdefault("known_from", NINE)
    values.setdefault("known_until", None if state in ReportVersion.CURRENT else NINE)
    slot: dict[str, Any] = {"daily_report": report} if isinstance(report, DailyReport) else {"period_report": report}
    return ReportVersion(branch=report.branch, number=number, state=state, uid=uuid4(), receipt="TEST", **slot, **values)


def stored(row: Row) -> Row:
    """The same row, stored."""
    row.save(force_insert=True)
    return row


def filed() -> ReportVersion:
    """The first version of a daily report, stored."""
    return stored(version(daily()))


def entry(kind: str = "checkpoint", *, of: ReportVersion | None = None, **values: Any) -> Entry:
    """An entry that agrees with its report, not stored."""
    of = of or filed()
    day = of.daily_report.business_date if of.daily_report else None
    return Entry(**{"version": of, "branch": of.branch, "business_date": day, "kind": kind, "place": of.branch.region} | values)


def measure(code: str = "vehicles", value: str = "200", *, of: Entry | None = None, **values: Any) -> Measure:
    """A measure that agrees with its entry, not stored."""
    metric = Metric.objects.get(code=code)
    of = of or stored(entry(metric.kind))
    given = {
        "entry": of,
        "metric": metric,
        "branch": of.branch,
        "business_date": of.business_date,
        "value": Decimal(value),
        "value_entered": Decimal(value),
        "unit_entered": metric.unit,
    }
    return Measure(**given | values)


# --- Catalogue ----------------------------------------------------------------------------------------------------------


def own_unit(**values: Any) -> Unit:
    """A unit that nothing is counted in, not stored."""
    given = {"code": f"unit{next(serial)}", "name_zh": "个", "name_en": "pieces", "dimension": "things", "factor": Decimal(1)}
    return Unit(**given | values)


def own_metric(**values: Any) -> Metric:
    """A metric with a unit of its own, not stored."""
    given = {"code": f"metric{next(serial)}", "kind": "checkpoint", "name_zh": "示例", "name_en": "example", "unit_zh": "个", "unit_en": "pieces"}
    given |= {"over_time": "sum", "over_places": "sum"} | values
    return Metric(unit=stored(own_unit()), **given)


# --- Goods and statements -----------------------------------------------------------------------------------------------


def statement(**values: Any) -> Statement:
    """A published number, about nothing yet, not stored."""
    return Statement(**{"what_zh": "住户", "what_en": "households", "value": Decimal(3), "stated_on": MARCH_6, "title": "简报"} | values)


# --- Frozen figures -----------------------------------------------------------------------------------------------------


def frozen(**values: Any) -> FrozenFigure:
    """A frozen figure of a branch, not stored."""
    given: dict[str, Any] = {"branch": a_branch(), "metric": Metric.objects.get(code="vehicles"), "first_day": MARCH_5, "last_day": MARCH_6}
    given |= {"value": Decimal(3), "count": 1, "due": 1, "reported": 1, "purpose": "日报", "frozen_at": NINE, "frozen_by": make_user()}
    return FrozenFigure(**given | {"snapshot": "1:1:", "written_in": 1} | values)


def an_import(**values: Any) -> ReportImport:
    """An uploaded table, not stored."""
    owner = make_user()
    file = Attachment.objects.create(sha256="0" * 64, name="a.csv", content_type="text/csv", size=1, model="reportimport", added_by=owner)
    return ReportImport(file=file, owner=owner, **values)
