"""Invented contact points: the compounds and communities of the reviewer's district, each with a leader, some not visited for a week."""

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from activities.models import ContactPoint
from activities.services import contacts as services
from activities.services.inspections import PointFacts
from branches import access
from branches.access import Act
from portal.accounts.models import User
from portal.demo.invention import Invention
from portal.foundation import clock

DAY: Final = timedelta(days=1)
MOST: Final = 8


def add_contact_points(invention: Invention, reviewer: User) -> None:
    """Let a leader answer for each of some host regions; visit two of three of them, and find something to mend at the first."""
    regions = list(dict.fromkeys(post.branch.region for post in invention.posts))
    mine = [region for region in regions if access.can_over(reviewer, Act.KEEP_CONTACT_POINTS, region)][:MOST]
    for number, region in enumerate(mine):
        office, spot = invention.words["contacts"]["leaders"][number % 3]
        name = invention.chance.choice(invention.words["surnames"]) + invention.chance.choice(invention.words["given"])
        leader = services.LeaderFacts(name, invention.today - 12 * DAY, office=office, duty_phone=f"1990000{9900 + number}")
        point, _created = services.add_point(actor=reviewer, region=region, spot=spot, leader=leader, uid=_uid(invention))
        if number % 3 != 2:
            _visit(invention, point, reviewer, number)


def _visit(invention: Invention, point: ContactPoint, reviewer: User, number: int) -> None:
    """Come once, or twice where somebody was there not long ago."""
    words = invention.words["contacts"]
    for times, days_ago in enumerate((9, 1 + number % 4) if number % 3 == 0 else (9,)):
        moment = min(timezone.make_aware(datetime.combine(invention.today - days_ago * DAY, time(15, 20))), clock.now())
        facts = services.VisitFacts(moment, words["found"][(number + times) % 3])
        branch = services.branches_at(point).by_name().first() if number == 0 and times else None
        mend = [PointFacts(words["to_mend"], invention.today + DAY)] if branch else []
        services.record_visit(actor=reviewer, point=point, facts=facts, uid=_uid(invention), branch=branch, points=mend)


def _uid(invention: Invention) -> UUID:
    return UUID(int=invention.chance.getrandbits(128), version=4)
