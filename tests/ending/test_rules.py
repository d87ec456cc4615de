"""What the rules of the ends of branches allow: what lies just inside."""

from datetime import timedelta

import pytest

from portal.ending.models import LeftOpen
from portal.foundation.models import new_public_id
from tests.ending.broken_rules import end
from tests.personas import MARCH_5


@pytest.mark.django_db
def test_a_day_and_a_point_may_both_stay_open() -> None:
    of = end()
    LeftOpen.objects.create(end=of, what="day", day=MARCH_5, reason="停电")
    LeftOpen.objects.create(end=of, what="day", day=MARCH_5 + timedelta(days=1), reason="停电")
    LeftOpen.objects.create(end=of, what="point", object_id=new_public_id(), reason="移交社区")
