"""What PostgreSQL keeps of squads, pioneer posts and who is in or at them, broken on purpose."""

from datetime import date
from itertools import count
from typing import Any

from psycopg2.extras import DateRange

from branches.models import Branch, Region
from members.models import Membership, Person, PioneerClaim, PioneerPost, Squad, SquadGrid, SquadMember
from tests.factories import make_branch, make_person, make_region, since
from tests.rules import Add, Break, Cases, alter

CASES = Cases("members")
MARCH_1, MARCH_9, MARCH_10, MARCH_31 = date(2020, 3, 1), date(2020, 3, 9), date(2020, 3, 10), date(2020, 3, 31)
FEBRUARY_29 = date(2020, 2, 29)
MARCH, NEVER = since(MARCH_1, MARCH_31), DateRange(MARCH_1, MARCH_1)
_serial = count(1)


def march_branch() -> Branch:
    """A branch that lived from 1 to 31 March."""
    return make_branch(make_region("示例社区", "community"), established_on=MARCH_1, ended_on=MARCH_31)


def stored_squad(branch: Branch | None = None, during: DateRange = MARCH) -> Squad:
    return Squad.objects.create(branch=branch or march_branch(), name=f"第{next(_serial)}队", during=during)


def somebody(branch: Branch, during: DateRange = MARCH, **facts: Any) -> Person:
    person = make_person(**facts)
    Membership.objects.create(person=person, branch=branch, during=during)
    return person


def member(squad: Squad, during: DateRange = MARCH, person: Person | None = None, **values: Any) -> SquadMember:
    return SquadMember(squad=squad, person=person or somebody(squad.branch), during=during, **values)


def stored_member() -> SquadMember:
    held = member(stored_squad())
    held.save()
    return held


def grid(squad: Squad, during: DateRange = MARCH, region: Region | None = None, **values: Any) -> SquadGrid:
    return SquadGrid(squad=squad, region=region or make_region("一期", "compound"), during=during, **values)


def post(branch: Branch | None = None, **values: Any) -> PioneerPost:
    return PioneerPost(**{"branch": branch or march_branch(), "name": f"第{next(_serial)}岗", "duty": "守门", "during": MARCH, **values})


def stored_post(**values: Any) -> PioneerPost:
    made = post(**values)
    made.save()
    return made


def claim(of: PioneerPost, during: DateRange = MARCH, person: Person | None = None, **values: Any) -> PioneerClaim:
    return PioneerClaim(post=of, person=person or somebody(of.branch), during=during, **values)


def stored_claim(**values: Any) -> PioneerClaim:
    held = claim(stored_post(**values))
    held.save()
    return held


def _membership_of(held: SquadMember | PioneerClaim) -> Membership:
    return Membership.objects.get(person=held.person)


# --- Squads ---------------------------------------------------------------------------------------------------------------


@CASES.breaks("squad_once_per_source", collides=True)
def a_squad_loaded_twice() -> Break:
    branch, key = march_branch(), f"q{next(_serial)}"
    return Break(
        Add(Squad(branch=branch, name="消杀队", during=MARCH, source="名册", key=key)),
        after=Add(Squad(branch=branch, name="配送队", during=MARCH, source="名册", key=key)),
    )


@CASES.breaks("squad_for_a_time")
def a_squad_for_no_time() -> Break:
    return Break(Add(Squad(branch=march_branch(), name="消杀队", during=NEVER)))


@CASES.breaks("one_squad_of_a_name_at_a_time", collides=True)
def two_squads_of_one_name() -> Break:
    branch = march_branch()
    later = Squad(branch=branch, name="消杀队", during=since(MARCH_10, MARCH_31))
    return Break(Add(later), after=Add(Squad(branch=branch, name="消杀队", during=since(MARCH_1, MARCH_10))))


@CASES.breaks("squad_inside_the_branch_life")
def a_squad_that_outlives_its_branch() -> Break:
    return Break(Add(Squad(branch=march_branch(), name="消杀队", during=since(MARCH_10))))


@CASES.breaks("squad_inside_the_branch_life", collides=True)
def a_branch_ended_while_a_squad_is_founded_for_longer() -> Break:
    branch = march_branch()
    return Break(alter(branch, ended_on=MARCH_10), after=Add(Squad(branch=branch, name="消杀队", during=MARCH)))


@CASES.breaks("squad_carries_the_branch_life", only_at_once=True)
def a_squad_founded_while_its_branch_is_ended_earlier() -> Break:
    branch = march_branch()
    return Break(Add(Squad(branch=branch, name="消杀队", during=MARCH)), after=alter(branch, ended_on=MARCH_10))


# --- People in squads -----------------------------------------------------------------------------------------------------


@CASES.breaks("squad_member_for_a_time")
def a_squad_joined_for_no_time() -> Break:
    return Break(Add(member(stored_squad(), NEVER)))


@CASES.breaks("in_a_squad_once_at_a_time", collides=True)
def a_squad_joined_twice() -> Break:
    squad = stored_squad()
    person = somebody(squad.branch)
    return Break(Add(member(squad, since(MARCH_10, MARCH_31), person)), after=Add(member(squad, since(MARCH_1, MARCH_10), person)))


@CASES.breaks("one_leader_of_a_squad_at_a_time", collides=True)
def two_leaders_of_one_squad() -> Break:
    squad = stored_squad()
    return Break(Add(member(squad, since(MARCH_10, MARCH_31), leads=True)), after=Add(member(squad, since(MARCH_1, MARCH_10), leads=True)))


@CASES.breaks("squad_member_inside_the_squad")
def somebody_in_a_squad_that_has_ended() -> Break:
    return Break(Add(member(stored_squad(during=since(MARCH_1, MARCH_9)))))


@CASES.breaks("squad_member_inside_the_squad")
def a_squad_ended_under_whoever_is_in_it() -> Break:
    return Break(alter(stored_member().squad, during=since(MARCH_1, MARCH_9)))


@CASES.breaks("squad_member_inside_the_squad")
def a_span_of_the_squad_written_by_hand() -> Break:
    """The trigger writes the true one over it."""
    return Break(Add(member(stored_squad(during=since(MARCH_1, MARCH_9)), squad_during=MARCH)))


@CASES.breaks("squad_member_carries_the_squad", only_at_once=True)
def somebody_joins_while_the_squad_is_ended() -> Break:
    squad = stored_squad()
    return Break(Add(member(squad)), after=alter(squad, during=since(MARCH_1, MARCH_9)))


@CASES.breaks("squad_member_is_in_the_branch")
def somebody_in_a_squad_of_another_branch() -> Break:
    return Break(Add(member(stored_squad(), person=somebody(march_branch()))))


@CASES.breaks("squad_member_is_in_the_branch")
def somebody_in_a_squad_before_they_joined_the_branch() -> Break:
    squad = stored_squad()
    return Break(Add(member(squad, person=somebody(squad.branch, since(MARCH_10, MARCH_31)))))


@CASES.breaks("squad_member_is_in_the_branch", collides=True)
def somebody_leaves_the_branch_while_they_join_a_squad() -> Break:
    squad = stored_squad()
    person = somebody(squad.branch)
    return Break(alter(Membership.objects.get(person=person), during=since(MARCH_1, MARCH_9)), after=Add(member(squad, person=person)))


@CASES.breaks("squad_member_is_in_the_branch")
def a_squad_joined_under_somebody_elses_membership() -> Break:
    """The trigger looks up the one of the person."""
    squad = stored_squad()
    somebody(squad.branch)
    other = Membership.objects.get(branch=squad.branch)
    return Break(Add(member(squad, person=make_person(), membership=other, membership_during=other.during)))


@CASES.breaks("squad_member_carries_the_membership", only_at_once=True)
def somebody_joins_a_squad_while_they_leave_the_branch() -> Break:
    squad = stored_squad()
    person = somebody(squad.branch)
    return Break(Add(member(squad, person=person)), after=alter(Membership.objects.get(person=person), during=since(MARCH_1, MARCH_9)))


# --- Grids ----------------------------------------------------------------------------------------------------------------


@CASES.breaks("squad_grid_for_a_time")
def a_grid_covered_for_no_time() -> Break:
    return Break(Add(grid(stored_squad(), NEVER)))


@CASES.breaks("squad_covers_a_grid_once_at_a_time", collides=True)
def a_grid_covered_twice_by_one_squad() -> Break:
    squad, region = stored_squad(), make_region("一期", "compound")
    return Break(Add(grid(squad, since(MARCH_10, MARCH_31), region)), after=Add(grid(squad, since(MARCH_1, MARCH_10), region)))


@CASES.breaks("squad_grid_inside_the_squad")
def a_grid_covered_by_a_squad_that_has_ended() -> Break:
    return Break(Add(grid(stored_squad(during=since(MARCH_1, MARCH_9)))))


@CASES.breaks("squad_grid_carries_the_squad", only_at_once=True)
def a_grid_covered_while_the_squad_is_ended() -> Break:
    squad = stored_squad()
    return Break(Add(grid(squad)), after=alter(squad, during=since(MARCH_1, MARCH_9)))


# --- Posts ----------------------------------------------------------------------------------------------------------------


@CASES.breaks("pioneer_post_once_per_source", collides=True)
def a_post_loaded_twice() -> Break:
    branch, key = march_branch(), f"p{next(_serial)}"
    return Break(Add(post(branch, source="名册", key=key)), after=Add(post(branch, source="名册", key=key)))


@CASES.breaks("pioneer_post_for_a_time")
def a_post_for_no_time() -> Break:
    return Break(Add(post(during=NEVER)))


@CASES.breaks("pioneer_post_for_one_to_twenty")
def a_post_for_nobody() -> Break:
    return Break(Add(post(places=0)))


@CASES.breaks("pioneer_post_for_one_to_twenty")
def a_post_for_a_crowd() -> Break:
    return Break(Add(post(places=21)))


@CASES.breaks("one_pioneer_post_of_a_name_at_a_time", collides=True)
def two_posts_of_one_name() -> Break:
    branch = march_branch()
    later = post(branch, name="东门先锋岗", during=since(MARCH_10, MARCH_31))
    return Break(Add(later), after=Add(post(branch, name="东门先锋岗", during=since(MARCH_1, MARCH_10))))


@CASES.breaks("pioneer_post_inside_the_branch_life")
def a_post_opened_before_the_branch() -> Break:
    return Break(Add(post(during=since(FEBRUARY_29, MARCH_10))))


@CASES.breaks("pioneer_post_carries_the_branch_life", only_at_once=True)
def a_post_opened_while_its_branch_is_ended_earlier() -> Break:
    branch = march_branch()
    return Break(Add(post(branch)), after=alter(branch, ended_on=MARCH_10))


# --- Claims ---------------------------------------------------------------------------------------------------------------


@CASES.breaks("pioneer_claim_for_a_time")
def a_post_claimed_for_no_time() -> Break:
    return Break(Add(claim(stored_post(), NEVER)))


@CASES.breaks("one_holder_of_a_place_at_a_time", collides=True)
def two_members_at_a_post_for_one() -> Break:
    of = stored_post()
    return Break(Add(claim(of, since(MARCH_10, MARCH_31))), after=Add(claim(of, since(MARCH_1, MARCH_10))))


@CASES.breaks("post_claimed_once_at_a_time", collides=True)
def one_member_at_two_places_of_a_post() -> Break:
    of = stored_post(places=2)
    person = somebody(of.branch)
    return Break(Add(claim(of, person=person, seat=2)), after=Add(claim(of, person=person, seat=1)))


@CASES.breaks("pioneer_claim_takes_a_place_of_the_post")
def a_place_that_the_post_does_not_have() -> Break:
    return Break(Add(claim(stored_post(), seat=2)))


@CASES.breaks("pioneer_claim_takes_a_place_of_the_post")
def fewer_places_than_are_held() -> Break:
    of = stored_post(places=2)
    claim(of, seat=2).save()
    return Break(alter(of, places=1))


@CASES.breaks("pioneer_claim_inside_the_post")
def a_post_held_after_it_was_closed() -> Break:
    return Break(Add(claim(stored_post(during=since(MARCH_1, MARCH_9)))))


@CASES.breaks("pioneer_claim_inside_the_post")
def a_post_closed_under_whoever_holds_it() -> Break:
    return Break(alter(stored_claim().post, during=since(MARCH_1, MARCH_9)))


@CASES.breaks("pioneer_claim_carries_the_post", only_at_once=True)
def a_post_claimed_while_it_is_closed() -> Break:
    of = stored_post()
    return Break(Add(claim(of)), after=alter(of, during=since(MARCH_1, MARCH_9)))


@CASES.breaks("pioneer_claimant_is_in_the_branch")
def a_post_held_by_somebody_of_another_branch() -> Break:
    return Break(Add(claim(stored_post(), person=somebody(march_branch()))))


@CASES.breaks("pioneer_claimant_is_in_the_branch")
def a_holder_who_leaves_the_branch_earlier() -> Break:
    return Break(alter(_membership_of(stored_claim()), during=since(MARCH_1, MARCH_9)))


@CASES.breaks("pioneer_claim_carries_the_membership", only_at_once=True)
def a_post_claimed_while_the_member_leaves_the_branch() -> Break:
    of = stored_post()
    person = somebody(of.branch)
    return Break(Add(claim(of, person=person)), after=alter(Membership.objects.get(person=person), during=since(MARCH_1, MARCH_9)))


@CASES.breaks("only_party_members_claim")
def a_volunteer_at_a_pioneer_post() -> Break:
    of = stored_post()
    return Break(Add(claim(of, person=somebody(of.branch, kind=Person.Kind.VOLUNTEER))))


@CASES.breaks("only_party_members_claim", collides=True)
def a_claimant_who_turns_out_to_be_no_member() -> Break:
    of = stored_post()
    person = somebody(of.branch)
    return Break(Add(claim(of, person=person)), after=alter(person, kind=Person.Kind.RESIDENT))


@CASES.breaks("only_party_members_claim")
def a_claim_handed_to_a_volunteer() -> Break:
    held = stored_claim()
    return Break(alter(held, person=somebody(held.post.branch, kind=Person.Kind.VOLUNTEER)))
