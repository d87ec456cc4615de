"""Branches on their way to the end, and at it."""

from datetime import date
from typing import Any

from activities.models import InspectionPoint, Suggestion
from branches.models import Branch
from portal.accounts.models import User
from portal.ending import services
from portal.ending.checklist import Checklist
from portal.ending.models import BranchEnd, LeftOpen
from portal.foundation import jobs
from tests.personas import MARCH_6


def begun(branch: Branch, by: User, last_day: date = MARCH_6, **more: Any) -> BranchEnd:
    """An end that somebody has begun to prepare."""
    return services.begin(actor=by, branch=branch, last_day=last_day, **more)


def prepared(branch: Branch, by: User, last_day: date = MARCH_6, **more: Any) -> BranchEnd:
    """An end in which nothing is left to do: what is open is explained, letters have numbers, the story is written, a pack is made."""
    end = begun(branch, by, last_day, **more)
    checklist = Checklist(end)
    if days := [each.day for each in checklist.open_days]:
        services.explain(actor=by, end=end, what=LeftOpen.What.DAY, reason="停电两日", days=days)
    points = InspectionPoint.objects.filter(branch=branch).values_list("public_id", flat=True)
    services.explain(actor=by, end=end, what=LeftOpen.What.POINT, reason="移交社区", objects=points)
    suggestions = Suggestion.objects.filter(branch=branch).values_list("public_id", flat=True)
    services.explain(actor=by, end=end, what=LeftOpen.What.SUGGESTION, reason="已口头答复", objects=suggestions)
    services.save_stock(actor=by, end=end, text="口罩 20 只交望江社区居委会")
    services.save_narrative(actor=by, end=end, text="支部自二月起值守。")
    services.issue_letters(actor=by, end=end, on=last_day)
    services.ask_for_pack(actor=by, end=end)
    work_off()
    end.refresh_from_db()
    return end


def confirmed(branch: Branch, by: User, last_day: date = MARCH_6, **more: Any) -> BranchEnd:
    """An end that is confirmed."""
    return services.confirm(actor=by, end=prepared(branch, by, last_day, **more))


def work_off() -> None:
    """Do the jobs that wait."""
    while jobs.run_next() is not None:
        pass
