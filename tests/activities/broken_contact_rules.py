"""Each rule of contact points, broken on purpose: cases of `tests/test_every_rule.py`."""

from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from activities.models import ContactPoint, ContactTerm, ContactVisit
from tests.activities.broken_inspection_rules import kept as kept_point
from tests.activities.broken_inspection_rules import point as mending
from tests.activities.broken_rules import CASES
from tests.activities.rows import HOUR, NINE, serial, stored
from tests.factories import ALWAYS, make_person, make_region, make_user, since
from tests.personas import MARCH_5, MARCH_6, MARCH_7
from tests.rules import Add, Break, Remove, alter


def contact(**values: Any) -> ContactPoint:
    """A contact point, not stored."""
    region = values.pop("region", None) or make_region(f"第{next(serial)}小区", "compound")
    return ContactPoint(**{"region": region, "made_on": MARCH_5} | values)


def term(of: ContactPoint | None = None, **values: Any) -> ContactTerm:
    """A leader's time since ever, not stored."""
    return ContactTerm(**{"point": of or stored(contact()), "leader": make_person(), "during": ALWAYS} | values)


def visit(**values: Any) -> ContactVisit:
    """A visit of 6 March, not stored."""
    given = {"visited_at": NINE, "visited_on": MARCH_6, "found": "良好", "recorded_by": make_user(), "recorded_at": NINE}
    return ContactVisit(**{"point": values.pop("point", None) or stored(contact()), "leader": make_person()} | given | values)


@CASES.breaks("contact_point_once_at_a_place", collides=True)
def a_site_given_out_twice() -> Break:
    held = contact()
    return Break(Add(contact(region=held.region)), after=Add(held))


@CASES.breaks("contact_point_ends_after_it_began")
def a_contact_point_that_ends_before_it_began() -> Break:
    return Break(Add(contact(made_on=MARCH_6, closed_on=MARCH_5)))


@CASES.breaks("contact_point_is_kept")
def a_contact_point_removed() -> Break:
    return Break(Remove(stored(contact())))


@CASES.breaks("contact_term_for_a_time")
def a_leader_for_no_time() -> Break:
    return Break(Add(term(during=DateRange(empty=True))))


@CASES.breaks("contact_point_one_leader_at_a_time", collides=True)
def two_leaders_at_a_time() -> Break:
    held = stored(contact())
    return Break(Add(term(held, during=since(MARCH_6))), after=Add(term(held, during=since(MARCH_5, MARCH_7))))


@CASES.breaks("contact_visit_says_what_was_found")
def a_visit_that_says_nothing() -> Break:
    return Break(Add(visit(found="")))


@CASES.breaks("contact_visit_was_before_it_was_recorded")
def a_visit_that_is_still_to_come() -> Break:
    return Break(Add(visit(visited_at=NINE + HOUR)))


@CASES.breaks("contact_visit_stays_as_recorded")
def a_visit_that_found_something_else() -> Break:
    return Break(alter(stored(visit()), found="很差"))


@CASES.breaks("contact_visit_stays_as_recorded")
def a_visit_removed() -> Break:
    return Break(Remove(stored(visit())))


@CASES.breaks("inspection_point_of_one_finding")
def a_point_that_nobody_found() -> Break:
    held = mending()
    held.inspection = None
    return Break(Add(held))


@CASES.breaks("inspection_point_of_one_finding")
def a_point_found_by_both() -> Break:
    return Break(Add(mending(visit=stored(visit()))))


@CASES.breaks("inspection_point_keeps_its_beginning")
def a_point_found_on_a_visit_after_all() -> Break:
    return Break(alter(kept_point(), visit=stored(visit()), inspection=None, revision=2))
