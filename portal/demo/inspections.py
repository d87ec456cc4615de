"""Invented inspections: at the branch of the demo's organiser with points in every state, and at a few others with one point."""

from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from activities.models import Inspection
from activities.services import inspections as services
from activities.services import pictures
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.accounts.models import User
from portal.demo.drawn import gate
from portal.demo.invention import Invention, Post
from portal.foundation import clock

DAY: Final = timedelta(days=1)
# At every so many of the other branches.
EVERY: Final = 5


def add_inspections(invention: Invention, organisers: dict[int, User], reviewer: User) -> None:
    """Inspect some branches: days ago, with points that were mended, checked and sent back since; yesterday, with points that are new."""
    at_work = [post for post in invention.posts if post.branch.state == Branch.State.ACTIVE and post.branch.kind == Branch.Kind.BRANCH]
    for number, post in enumerate(at_work):
        if number % EVERY == 0:
            # Where the reviewer has no say, the branch writes down itself who came.
            by = reviewer if access.can(reviewer, Act.CHECK_POINTS, post.branch) else organisers[post.branch.pk]
            first = _inspected(invention, post, by, days_ago=4, words=invention.words["inspections"][number % 2], points=3 if number == 0 else 1)
            if number == 0:
                _go_on(first, organisers[post.branch.pk], by, invention.chance)
                _inspected(invention, post, by, days_ago=1, words=invention.words["inspections"][1], points=2)


def _inspected(invention: Invention, post: Post, by: User, *, days_ago: int, words: dict[str, Any], points: int) -> Inspection:
    day = invention.today - DAY * days_ago
    facts = services.InspectionFacts(day, words["inspector"], words["looked_at"], words["result"])
    found = [services.PointFacts(what, day + DAY * 2, post.members[place % len(post.members)].person) for place, what in enumerate(words["points"][:points])]
    uid = UUID(int=invention.chance.getrandbits(128), version=4)
    inspection, _created = services.record_inspection(actor=by, branch=post.branch, facts=facts, points=found, uid=uid, at=_at(day, 16))
    return inspection


def _go_on(inspection: Inspection, organiser: User, by: User, chance: Random) -> None:
    """Let one point be mended and passed, one be reported as mended with pictures from before and after, and the third stay: it is overdue."""
    first, second, *_others = inspection.points.order_by("pk")
    first = services.mend(actor=organiser, point=first, seen=1, note="已补登记，并向晚班说明", at=_at(inspection.business_date + DAY, 10))
    services.mend(actor=organiser, point=second, seen=1, note="警示牌已换，电话已核对", at=_at(inspection.business_date + DAY, 11))
    for shown, who, mended, days in (("found", by, False, 0), ("mended", organiser, True, 1)):
        uid = UUID(int=chance.getrandbits(128), version=4)
        pictures.add_file(
            actor=who,
            point=second,
            content=gate(mended=mended),
            name="gate.jpg",
            shows=shown,
            uid=uid,
            at=_at(inspection.business_date + days * DAY, 16 - 5 * days),
        )
    if access.can(by, Act.CHECK_POINTS, inspection.branch):
        services.let_pass(actor=by, point=first, seen=2, note="现场已看，登记完整", at=_at(inspection.business_date + 2 * DAY, 15))


def _at(day: Any, hour: int) -> datetime:
    return min(timezone.make_aware(datetime.combine(day, time(hour))), clock.now())
