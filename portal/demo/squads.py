"""Squads over the grids of the first invented branch, and pioneer posts that Party members of some branches hold."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from branches.models import Branch, Level, Region, RegionParent
from members.models import Person, Squad
from members.services import pioneers, squads
from members.services.pioneers import PostFacts
from portal.accounts.models import User
from portal.demo.city import ALWAYS
from portal.demo.invention import SOURCE, Invention, Post

# Each third branch has pioneer posts, the first among them: its sign-ins are the ones that people try.
_EACH: Final = 3
_SINCE: Final = timedelta(days=20)


def add_squads(invention: Invention, organisers: dict[int, User]) -> None:
    """Let the first branch cover seven grids but one, and some branches open pioneer posts."""
    first = invention.posts[0]
    _over_grids(invention, first, organisers[first.branch.pk])
    for post in invention.posts[::_EACH]:
        # In a short demo the last to be founded has not begun yet.
        begun = post.branch.started_work_on is not None and post.branch.started_work_on <= invention.today
        if begun and post.branch.ended_on is None and post.branch.kind == Branch.Kind.BRANCH:
            _pioneers(invention, post, organisers[post.branch.pk])


def _over_grids(invention: Invention, post: Post, organiser: User) -> None:
    names = [f"{post.branch.region.name}{name}" for name in invention.words["grids"]]
    called = [f"{post.branch.region.name_en} Grid {number}" for number in range(1, len(names) + 1)]
    regions = [Region(source=SOURCE, key=name, name=name, name_en=english, level=Level.SITE) for name, english in zip(names, called, strict=True)]
    for region in regions:
        region.fold()
    Region.objects.bulk_create(regions)
    RegionParent.objects.bulk_create(RegionParent(region=region, parent=post.branch.region, during=ALWAYS) for region in regions)
    post.branch.covers.set(regions)
    first_day = max(invention.today - _SINCE, post.branch.started_work_on or invention.today)
    # The last grid waits for a squad.
    named = [(region, f"{name}突击队") for region, name in zip(regions[:-1], invention.words["grids"], strict=False)]
    uid = UUID(int=invention.chance.getrandbits(128), version=4)
    people = [member.person for member in post.members]
    for number, squad in enumerate(squads.found_squads(actor=organiser, branch=post.branch, kind=Squad.Kind.SHOCK, first_day=first_day, named=named, uid=uid)):
        squads.edit_squad(actor=organiser, squad=squad, facts=squads.SquadFacts(squad.name, squad.kind, invention.words["grid_task"]))
        squads.add_people(actor=organiser, squad=squad, people=people[number::6], first_day=first_day)
        squads.set_leader(actor=organiser, squad=squad, person=people[number], from_day=first_day)


def _pioneers(invention: Invention, post: Post, organiser: User) -> None:
    """Open posts; the first two are held, one of them after somebody else."""
    first_day = max(invention.today - _SINCE, post.branch.started_work_on or invention.today)
    members = [member.person for member in post.members if member.person.kind == Person.Kind.MEMBER]
    opened = [
        pioneers.open_post(actor=organiser, branch=post.branch, facts=PostFacts(name, duty), first_day=first_day)
        for name, duty in invention.words["pioneer_posts"]
    ]
    middle = first_day + (invention.today - first_day) // 2
    if middle > first_day:
        claim = pioneers.claim_post(actor=organiser, post=opened[0], person=members[0], first_day=first_day)
        pioneers.release_claim(actor=organiser, claim=claim, last_day=middle - timedelta(days=1))
    pioneers.claim_post(actor=organiser, post=opened[0], person=members[1], first_day=middle)
    pioneers.claim_post(actor=organiser, post=opened[1], person=members[2], first_day=first_day)
