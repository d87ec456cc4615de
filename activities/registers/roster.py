"""The roster as a register: how many person-shifts were served on a day, and by how many people."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Exists, Max
from django.db.models.functions import Extract, JSONObject
from django.urls import reverse

from activities.registers.derived import Derived, counted
from branches.models import Branch
from members.models import CheckIn, DutyPost

METRICS: Final = frozenset({"duty_person_times", "people_on_duty"})


def said(branch: Branch, day: date) -> JSONObject:
    """Ask the roster of a branch what it says of a business date."""
    of_branch = CheckIn.objects.filter(assignment__shift__post__branch=branch)
    on_day = of_branch.on_days(day, day)
    return JSONObject(
        staffed=Exists(DutyPost.objects.filter(branch=branch).on(day)),
        begun=Exists(of_branch.filter(assignment__shift__business_date__lte=day)),
        served=counted(on_day.served(), shifts=Count("pk"), people=Count("assignment__person", distinct=True)),
        # An absence written down later changes the figure as well: it is the newest record that may have changed it.
        recorded=counted(on_day, newest=Extract(Max("recorded_at"), "epoch")),
    )


def figures(said: Mapping[str, Any], branch: Branch, day: date) -> dict[str, Derived]:
    """Return person-shifts and people of a business date; none where the branch staffs no post then, or has checked nobody in until then."""
    if not said["staffed"] or not said["begun"]:
        return {}
    revision = int((said["recorded"]["newest"] or 0) * 1000)
    asked = urlencode({"branch": branch.public_id, "first_day": day.isoformat(), "last_day": day.isoformat()})
    href = f"{reverse('roster:hours')}?{asked}"
    return {
        "duty_person_times": Derived(Decimal(said["served"]["shifts"]), revision, href),
        "people_on_duty": Derived(Decimal(said["served"]["people"]), revision, href),
    }
