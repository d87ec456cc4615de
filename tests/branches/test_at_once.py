"""Several people keep the same branch at the same time: each is heard, one after the other."""

from collections.abc import Callable
from datetime import time, timedelta
from itertools import pairwise

import pytest

from branches.models import Branch, BranchSchedule
from branches.services import set_schedule
from portal.accounts.models import User
from tests.accounts.threads import at_once
from tests.factories import file
from tests.personas import MARCH_6

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_set_the_times_of_a_branch_at_once_none_is_refused_and_the_last_one_holds(administrator: User, organiser: User, branch: Branch) -> None:
    def setting(hour: int) -> Callable[[], object]:
        day = MARCH_6 + timedelta(days=hour % 3)
        return lambda: set_schedule(actor=administrator, branch=branch, from_day=day, day_ends_at=time(0, 0), due_time=time(hour, 0), due_next_day=False)

    def filing() -> None:
        file(Branch.objects.get(pk=branch.pk), MARCH_6, by=organiser, reason="示例", vehicles=1)

    for _round in range(3):
        outcomes = at_once(*(setting(hour) for hour in range(12, 20)), filing)
        assert outcomes == ["done"] * 9

    spans = [schedule.during for schedule in BranchSchedule.objects.filter(branch=branch).order_by("during")]
    assert spans[-1].upper is None
    assert all(earlier.upper == later.lower for earlier, later in pairwise(spans))
