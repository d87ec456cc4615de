"""Invented needs of residents: a full ledger at the branch of the demo's organiser, and a few needs at others."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from activities.models import Need
from activities.services import needs as services
from branches.models import Branch, Level, Region
from portal.accounts.models import User
from portal.demo.invention import Invention, Post
from portal.foundation import clock

HOUR: Final = timedelta(hours=1)
# At the first branch, and at every fourth other one.
MANY, FEW, EVERY = 14, 3, 4


def add_needs(invention: Invention, organisers: dict[int, User]) -> None:
    """Record needs of the last hours; resolve some, assign some, hand one on, and let one be called back about."""
    at_work = [post for post in invention.posts if post.branch.state == Branch.State.ACTIVE and post.branch.kind == Branch.Kind.BRANCH]
    for number, post in enumerate(at_work):
        for place in range(MANY if number == 0 else FEW if number % EVERY == 0 else 0):
            _need(invention, post, organisers[post.branch.pk], place)


def _need(invention: Invention, post: Post, organiser: User, place: int) -> None:
    chance = invention.chance
    words: dict[str, Any] = invention.words["needs"][place % len(invention.words["needs"])]
    moment = clock.now() - timedelta(minutes=chance.randrange(20, 600))
    facts = services.NeedFacts(
        channel=words["channel"],
        category=words["category"],
        urgency=words["urgency"],
        words=words["words"],
        household=f"{chance.randrange(1, 12)}栋{chance.randrange(1, 4)}单元{chance.randrange(1, 19)}0{chance.randrange(1, 5)}",
        contact=chance.choice(invention.words["surnames"]) + chance.choice(invention.words["given"]),
        # Of the range that nobody is given.
        phone=f"1990002{chance.randrange(10000):04d}",
    )
    need, _created = services.record_need(actor=organiser, branch=post.branch, facts=facts, uid=UUID(int=chance.getrandbits(128), version=4), at=moment)
    _go_on(post, need, organiser, place, words["result"], moment)


def _go_on(post: Post, need: Need, organiser: User, place: int, result: str, moment: datetime) -> None:
    """Let something happen to two needs of three."""
    later = min(moment + HOUR, clock.now())
    if place % 3 == 0:
        person = post.members[place % len(post.members)].person
        services.assign(actor=organiser, need=need, seen=1, person=person, at=later)
    elif place % 3 == 1:
        services.resolve(actor=organiser, need=need, seen=1, result=result, at=later)
        if place == 1:
            services.call_back(actor=organiser, need=need, seen=2, answer="solved", at=clock.now())
    elif place == 2:
        street = Region.objects.above(post.branch.region, clock.today()).filter(level=Level.TOWNSHIP).first()
        if street is not None:
            services.hand_on(actor=organiser, need=need, seen=1, to=street, note="请协调车辆", at=later)
