"""Rosters of the invented branches: gates in three shifts, a delivery point by day, filled for the last and the coming week; a few live on site."""

from datetime import time, timedelta
from typing import Final

from branches.models import Branch
from members.forms_roster import THREE
from members.models import Assignment, CheckIn, DutyPost, Person
from members.services.on_site import add_stays
from members.services.roster import PostFacts, add_posts, fill_roster
from portal.accounts.models import User
from portal.demo.invention import Invention
from portal.foundation import clock

_DAYTIME: Final = ((time(8), time(17)),)
# Each third branch keeps a roster, the first among them: its sign-ins are the ones that people try.
_EACH: Final = 3
_RESULTS: Final = (CheckIn.Result.PRESENT,) * 3 + (CheckIn.Result.LATE, CheckIn.Result.PRESENT, CheckIn.Result.ABSENT)
_WEEK: Final = timedelta(days=7)


def add_rosters(invention: Invention, organisers: dict[int, User]) -> None:
    """Let some branches staff two gates and a delivery point."""
    for post in invention.posts[::_EACH]:
        branch = post.branch
        if branch.ended_on is not None or branch.kind != Branch.Kind.BRANCH:
            continue
        organiser = organisers[branch.pk]
        first_day = max(invention.today - _WEEK, branch.started_work_on or invention.today)
        for name, duty in invention.words["duty_posts"]:
            facts = PostFacts(duty=duty, people=1, times=THREE if duty == DutyPost.Duty.CHECKPOINT else _DAYTIME)
            add_posts(actor=organiser, branch=branch, names=[name], facts=facts, first_day=first_day)
        fill_roster(actor=organiser, branch=branch, first_day=first_day, last_day=invention.today + _WEEK)
        _check_in(invention, branch, organiser)
        _live_on_site(invention, branch, organiser)


def _live_on_site(invention: Invention, branch: Branch, organiser: User) -> None:
    """Let two of a branch live at the post, and another in a hotel for some days more."""
    people = list(Person.objects.filter(memberships__branch=branch, memberships__during__contains=invention.today).order_by("pk")[:3])
    since = max(invention.today - 2 * _WEEK, branch.started_work_on or invention.today)
    post, hotel = invention.words["on_site"]
    add_stays(actor=organiser, branch=branch, people=people[:2], first_day=since, place=post)
    add_stays(actor=organiser, branch=branch, people=people[2:], first_day=since, last_day=invention.today + _WEEK, place=hotel)


def _check_in(invention: Invention, branch: Branch, organiser: User) -> None:
    """Let whoever is on a shift of today that has begun be there, most of them on time."""
    now = clock.now()
    begun = Assignment.objects.filter(shift__post__branch=branch, shift__business_date=invention.today, during__startswith__lte=now).order_by("pk")
    rows = []
    for number, assignment in enumerate(begun):
        result = _RESULTS[number % len(_RESULTS)]
        delay = timedelta(minutes=25 if result == CheckIn.Result.LATE else 0)
        arrived = None if result == CheckIn.Result.ABSENT else min(assignment.during.lower + delay, now)
        rows.append(CheckIn(assignment=assignment, result=result, means=CheckIn.Means.LEADER, arrived_at=arrived, recorded_at=now, recorded_by=organiser))
    CheckIn.objects.bulk_create(rows)
