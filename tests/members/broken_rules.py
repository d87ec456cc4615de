"""What PostgreSQL keeps of people and their time in branches, broken on purpose: cases of `tests/test_every_rule.py`."""

from datetime import date
from itertools import count

from django.db.backends.postgresql.psycopg_any import DateRange

from branches.models import Branch
from members.models import Membership, OfficerTerm, Person, Secondment
from tests.factories import ALWAYS, make_branch, make_person, make_region, make_unit, since
from tests.members import broken_service_notes  # noqa: F401 - enter their cases
from tests.members.broken_roster import CASES as OF_THE_ROSTER
from tests.members.broken_squads import CASES as OF_SQUADS
from tests.rules import Add, Break, Cases, alter

CASES = Cases("members")
CASES.known += OF_THE_ROSTER.known + OF_SQUADS.known
NEVER = DateRange(date(2020, 3, 1), date(2020, 3, 1))
MARCH_1, MARCH_9, MARCH_10, MARCH_31 = date(2020, 3, 1), date(2020, 3, 9), date(2020, 3, 10), date(2020, 3, 31)
MARCH = since(MARCH_1, MARCH_31)
_serial = count(1)


def march_branch() -> Branch:
    """A branch that lived from 1 to 31 March."""
    return make_branch(make_region("示例社区", "community"), established_on=MARCH_1, ended_on=MARCH_31)


def membership(branch: Branch | None = None, during: DateRange = MARCH, person: Person | None = None) -> Membership:
    return Membership.objects.create(person=person or make_person(), branch=branch or march_branch(), during=during)


def secretary(branch: Branch, during: DateRange) -> OfficerTerm:
    return OfficerTerm(membership=membership(branch, during), office="secretary", during=during)


# --- Sources ------------------------------------------------------------------------------------------------------------


@CASES.breaks("person_once_per_source", collides=True)
def a_person_loaded_twice() -> Break:
    key = f"p{next(_serial)}"
    return Break(Add(Person(name="乙", source="名册", key=key)), after=Add(Person(name="甲", source="名册", key=key)))


@CASES.breaks("secondment_once_per_source", collides=True)
def a_secondment_loaded_twice() -> Break:
    unit, one, other, key = make_unit("示例局"), make_person(), make_person(), f"s{next(_serial)}"
    return Break(
        Add(Secondment(person=one, home_unit=unit, during=MARCH, source="名册", key=key)),
        after=Add(Secondment(person=other, home_unit=unit, during=MARCH, source="名册", key=key)),
    )


@CASES.breaks("membership_once_per_source", collides=True)
def a_membership_loaded_twice() -> Break:
    branch, one, other, key = march_branch(), make_person(), make_person(), f"m{next(_serial)}"
    return Break(
        Add(Membership(person=one, branch=branch, during=MARCH, source="名册", key=key)),
        after=Add(Membership(person=other, branch=branch, during=MARCH, source="名册", key=key)),
    )


@CASES.breaks("officer_term_once_per_source", collides=True)
def a_term_loaded_twice() -> Break:
    held, key = membership(), f"t{next(_serial)}"
    return Break(
        Add(OfficerTerm(membership=held, office="team_leader", during=MARCH, source="名册", key=key)),
        after=Add(OfficerTerm(membership=held, office="deputy_secretary", during=MARCH, source="名册", key=key)),
    )


# --- Secondments --------------------------------------------------------------------------------------------------------


@CASES.breaks("secondment_for_a_time")
def a_secondment_for_no_time() -> Break:
    return Break(Add(Secondment(person=make_person(), home_unit=make_unit("示例局"), during=NEVER)))


@CASES.breaks("sent_by_one_unit_at_a_time", collides=True)
def two_units_send_one_person() -> Break:
    person = make_person()
    return Break(
        Add(Secondment(person=person, home_unit=make_unit("二公司"), during=since(MARCH_10))),
        after=Add(Secondment(person=person, home_unit=make_unit("一公司"), during=since(MARCH_1, MARCH_10))),
    )


# --- Memberships --------------------------------------------------------------------------------------------------------


@CASES.breaks("membership_for_a_time")
def a_membership_for_no_time() -> Break:
    return Break(Add(Membership(person=make_person(), branch=march_branch(), during=NEVER)))


@CASES.breaks("one_membership_at_a_time", collides=True)
def one_person_in_two_branches_on_one_day() -> Break:
    person = make_person()
    return Break(
        Add(Membership(person=person, branch=march_branch(), during=since(MARCH_10, MARCH_31))),
        after=Add(Membership(person=person, branch=march_branch(), during=since(MARCH_1, MARCH_10))),
    )


@CASES.breaks("membership_inside_the_branch_life")
def a_membership_that_starts_before_the_branch() -> Break:
    return Break(Add(Membership(person=make_person(), branch=march_branch(), during=since(date(2020, 2, 29), MARCH_10))))


@CASES.breaks("membership_inside_the_branch_life")
def a_membership_without_end_in_a_branch_that_ended() -> Break:
    return Break(Add(Membership(person=make_person(), branch=march_branch(), during=since(MARCH_10))))


@CASES.breaks("membership_inside_the_branch_life")
def a_membership_made_longer_than_the_branch() -> Break:
    return Break(alter(membership(), during=since(MARCH_1)))


@CASES.breaks("membership_inside_the_branch_life", collides=True)
def a_branch_ended_while_somebody_joins_for_longer() -> Break:
    branch = march_branch()
    return Break(alter(branch, ended_on=MARCH_10), after=Add(Membership(person=make_person(), branch=branch, during=MARCH)))


@CASES.breaks("membership_inside_the_branch_life")
def a_span_of_the_branch_written_by_hand() -> Break:
    """The trigger writes the true one over it."""
    return Break(Add(Membership(person=make_person(), branch=march_branch(), during=since(MARCH_1), branch_life=ALWAYS)))


@CASES.breaks("membership_carries_the_branch_life", only_at_once=True)
def somebody_joins_while_the_branch_is_ended_earlier() -> Break:
    branch = march_branch()
    return Break(Add(Membership(person=make_person(), branch=branch, during=MARCH)), after=alter(branch, ended_on=MARCH_10))


# --- Terms of office ----------------------------------------------------------------------------------------------------


@CASES.breaks("officer_term_for_a_time")
def a_term_for_no_time() -> Break:
    return Break(Add(OfficerTerm(membership=membership(), office="secretary", during=NEVER)))


@CASES.breaks("officer_term_inside_the_membership")
def a_term_that_outlives_the_membership() -> Break:
    return Break(Add(OfficerTerm(membership=membership(during=since(MARCH_1, MARCH_10)), office="team_leader", during=since(MARCH_1, date(2020, 3, 11)))))


@CASES.breaks("officer_term_inside_the_membership", collides=True)
def a_membership_ended_while_its_holder_is_given_an_office() -> Break:
    held = membership()
    return Break(alter(held, during=since(MARCH_1, MARCH_10)), after=Add(OfficerTerm(membership=held, office="team_leader", during=MARCH)))


@CASES.breaks("term_carries_the_membership", only_at_once=True)
def an_office_given_while_the_membership_is_ended() -> Break:
    held = membership()
    return Break(Add(OfficerTerm(membership=held, office="team_leader", during=MARCH)), after=alter(held, during=since(MARCH_1, MARCH_10)))


@CASES.breaks("one_secretary_at_a_time", collides=True)
def two_secretaries_on_one_day() -> Break:
    branch = march_branch()
    return Break(Add(secretary(branch, since(MARCH_10, MARCH_31))), after=Add(secretary(branch, since(MARCH_1, MARCH_10))))


@CASES.breaks("one_secretary_at_a_time")
def a_team_leader_made_secretary_beside_another() -> Break:
    branch = march_branch()
    secretary(branch, MARCH).save()
    return Break(alter(OfficerTerm.objects.create(membership=membership(branch), office="team_leader", during=MARCH), office="secretary"))
