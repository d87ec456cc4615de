"""Rosters of the invented branches: gates in three shifts, a delivery point by day, filled for the last and the coming week."""

from datetime import time, timedelta
from typing import Final

from branches.models import Branch
from members.forms_roster import THREE
from members.models import DutyPost
from members.services.roster import PostFacts, add_posts, fill_roster
from portal.accounts.models import User
from portal.demo.invention import Invention

_DAYTIME: Final = ((time(8), time(17)),)
# Each third branch keeps a roster, the first among them: its sign-ins are the ones that people try.
_EACH: Final = 3
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
