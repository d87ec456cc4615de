"""The roster as a register: how many person-shifts were served on a day, and by how many people."""

from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from django.db.models import Count, Max
from django.urls import reverse

from activities.registers.derived import Derived
from branches.models import Branch
from members.models import CheckIn, DutyPost

METRICS: Final = frozenset({"duty_person_times", "people_on_duty"})


def figures(branch: Branch, day: date) -> dict[str, Derived]:
    """Return person-shifts and people of a business date; nothing where the branch staffs no post then, or has checked nobody in until then."""
    of_branch = CheckIn.objects.filter(assignment__shift__post__branch=branch)
    if not DutyPost.objects.filter(branch=branch).on(day).exists() or not of_branch.filter(assignment__shift__business_date__lte=day).exists():
        return {}
    on_day = of_branch.on_days(day, day)
    # An absence written down later changes the figure as well: it is the newest record that may have changed it.
    counted = on_day.served().aggregate(shifts=Count("pk"), people=Count("assignment__person", distinct=True))
    newest = on_day.aggregate(newest=Max("recorded_at"))["newest"]
    revision = int(newest.timestamp() * 1000) if newest else 0
    asked = urlencode({"branch": branch.public_id, "first_day": day.isoformat(), "last_day": day.isoformat()})
    href = f"{reverse('roster:hours')}?{asked}"
    return {
        "duty_person_times": Derived(Decimal(counted["shifts"]), revision, href),
        "people_on_duty": Derived(Decimal(counted["people"]), revision, href),
    }
