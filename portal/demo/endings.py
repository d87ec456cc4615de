"""Invented ends of branches: one in the midst of its preparation, one dissolved with its pack, one that went into a neighbour."""

from datetime import timedelta
from typing import Final

from activities.models import InspectionPoint, Suggestion
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.accounts.models import User
from portal.demo.invention import Invention
from portal.ending import services
from portal.ending.checklist import Checklist
from portal.ending.models import BranchEnd, LeftOpen
from portal.ending.pack import make_pack
from portal.ending.story import draft_of

# So many at work beside them that the city does not look deserted.
FEWEST: Final = 9


def add_endings(invention: Invention, administrator: User) -> None:
    """Bring three of the last branches of the administrator's district to their end, or near to it."""
    held = [post.branch for post in invention.posts if _goes_on(post.branch) and access.can(administrator, Act.END_BRANCHES, post.branch)]
    if len(held) < FEWEST:
        return
    preparing, dissolved, merged, into = held[-1], held[-2], held[-3], held[-4]
    services.begin(actor=administrator, branch=preparing, last_day=invention.today + timedelta(days=2))
    end = BranchEnd.objects.get(branch=preparing)
    services.save_stock(actor=administrator, end=end, text=invention.words["endings"]["stock"])
    services.issue_letters(actor=administrator, end=end, on=end.last_day)
    for branch, target in ((dissolved, None), (merged, into)):
        _end(invention, administrator, services.begin(actor=administrator, branch=branch, last_day=invention.today, merged_into=target))


def _goes_on(branch: Branch) -> bool:
    return branch.ended_on is None and branch.kind == Branch.Kind.BRANCH


def _end(invention: Invention, administrator: User, end: BranchEnd) -> None:
    """Do every step, and confirm."""
    words = invention.words["endings"]
    points = InspectionPoint.objects.filter(branch=end.branch).values_list("public_id", flat=True)
    suggestions = Suggestion.objects.filter(branch=end.branch).values_list("public_id", flat=True)
    days = [each.day for each in Checklist(end).open_days]
    for what, chosen in ((LeftOpen.What.DAY, {"days": days}), (LeftOpen.What.POINT, {"objects": points}), (LeftOpen.What.SUGGESTION, {"objects": suggestions})):
        services.explain(actor=administrator, end=end, what=what, reason=words["reason"], **chosen)
    services.hand_on_needs(actor=administrator, end=end, to=end.branch.region)
    services.save_stock(actor=administrator, end=end, text=words["stock"])
    services.issue_letters(actor=administrator, end=end, on=end.last_day)
    services.save_narrative(actor=administrator, end=end, text=draft_of(BranchEnd.objects.select_related("branch__region", "merged_into").get(pk=end.pk)))
    pack = services.ask_for_pack(actor=administrator, end=end)
    if pack.job is not None:
        make_pack(pack.job, lambda percent: None)
        # Made here, once: the worker need not come for it.
        pack.job.delete()
    services.confirm(actor=administrator, end=end)
