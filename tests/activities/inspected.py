"""Inspections as tests record them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from activities.models import Inspection, InspectionPoint
from activities.services.inspections import InspectionFacts, PointFacts, record_inspection
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import clock

WORDS = {"inspector": "区督查一组", "looked_at": "夜间值守", "result": "登记有缺项"}


def inspected(branch: Branch, by: User, *whats: str, due_in: int = 2, at: Any = None, **facts: Any) -> Inspection:
    """An inspection of a branch today, with points to mend."""
    day = facts.pop("business_date", clock.today())
    points = [PointFacts(what, day + timedelta(days=due_in)) for what in whats]
    given = InspectionFacts(**{"business_date": day} | WORDS | facts)
    inspection, created = record_inspection(actor=by, branch=branch, facts=given, points=points, uid=uuid4(), at=at)
    assert created
    return inspection


def a_point(branch: Branch, by: User, **options: Any) -> InspectionPoint:
    """The one point of an inspection of a branch."""
    return inspected(branch, by, "晚班登记缺项", **options).points.get()


def inspection_of(point: InspectionPoint) -> Inspection:
    """The inspection that found a point."""
    assert point.inspection is not None
    return point.inspection
