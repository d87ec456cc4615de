"""Contact points as tests make them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from activities.models import ContactPoint, ContactVisit
from activities.services.contacts import LeaderFacts, VisitFacts, add_point, record_visit
from branches.models import Region
from portal.accounts.models import User
from portal.foundation import clock

DAY = timedelta(days=1)


def contact(region: Region, by: User, *, spot: str = "", days_ago: int = 20, **leader: Any) -> ContactPoint:
    """A site for which a leader has answered for some days."""
    told: dict[str, Any] = {"name": "示例局长", "office": "副局长", "duty_phone": "19900009999", "from_day": clock.today() - days_ago * DAY}
    facts = LeaderFacts(**told | leader)
    point, created = add_point(actor=by, region=region, spot=spot, leader=facts, uid=uuid4())
    assert created
    return point


def visited(point: ContactPoint, by: User, *, days_ago: int = 0, found: str = "卡口照明不足", **rest: Any) -> ContactVisit:
    """A visit to a site, some days ago."""
    facts = VisitFacts(clock.now() - days_ago * DAY, found, rest.pop("stand_in", ""))
    visit, created = record_visit(actor=by, point=point, facts=facts, uid=uuid4(), **rest)
    assert created
    return visit
