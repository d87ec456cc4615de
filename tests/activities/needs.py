"""Needs as tests record them."""

from typing import Any
from uuid import uuid4

from activities.models import Need
from activities.services.needs import NeedFacts, record_need
from branches.models import Branch
from portal.accounts.models import User


def recorded(branch: Branch, by: User, *, result: str = "", at: Any = None, **facts: Any) -> Need:
    """A need of a branch, recorded by somebody who may."""
    given = {"channel": "phone", "category": "medicine", "words": "降压药两盒", "household": "3栋2单元501", "phone": "19900007788", "contact": "示例居民"}
    need, created = record_need(actor=by, branch=branch, facts=NeedFacts(**given | facts), uid=uuid4(), result=result, at=at)
    assert created
    return need
