"""Each rule of the tables, broken in one transaction and by two at once, through the ORM and in SQL: it refuses by name, and in words.

The cases stand beside the apps, in `broken_*.py`.
"""

from itertools import chain
from typing import Final

import pytest
from django.db import transaction

from activities.models import Entry, EntryParticipant, Measure
from tests.accounts.broken_rules import CASES as OF_ACCOUNTS
from tests.activities import broken_contact_rules, broken_inspection_rules, broken_need_rules, broken_suggestion_rules, broken_survey_rules  # noqa: F401 - enter their cases
from tests.activities.broken_rules import CASES as OF_ACTIVITIES
from tests.branches.broken_rules import CASES as OF_BRANCHES
from tests.ending.broken_rules import CASES as OF_ENDING
from tests.foundation.broken_rules import CASES as OF_FOUNDATION
from tests.members.broken_rules import CASES as OF_MEMBERS
from tests.retention.broken_rules import CASES as OF_RETENTION
from tests.rules import WAYS, Add, Case, Cases, assert_says, our_apps, refused, refused_at_once, refused_to_both, refused_to_each, rules_of

TABLES: Final = (OF_ACCOUNTS, OF_ACTIVITIES, OF_BRANCHES, OF_ENDING, OF_FOUNDATION, OF_MEMBERS, OF_RETENTION)
KNOWN: Final = list(chain.from_iterable(table.known for table in TABLES))
ONE_AFTER_ANOTHER: Final = [(case, way) for case in KNOWN if not case.only_at_once for way in WAYS]

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.mark.parametrize("app", our_apps())
def test_every_rule_is_broken_here(app: str) -> None:
    broken = {case.rule for table in TABLES if table.app == app for case in table.known}
    assert broken == rules_of(app)


@pytest.mark.django_db
@pytest.mark.parametrize(("case", "way"), ONE_AFTER_ANOTHER, ids=[f"{case}-{way}" for case, way in ONE_AFTER_ANOTHER])
def test_a_broken_rule_is_refused_by_name_and_in_words(case: Case, way: str) -> None:
    assert_says(refused(case, way), case.rule)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", [case for case in KNOWN if case.collides], ids=str)
def test_of_two_at_once_the_second_waits_and_is_refused(case: Case) -> None:
    assert_says(refused_at_once(case), case.rule)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.app)
def test_what_one_row_breaks_is_refused_to_two_at_once(table: Cases) -> None:
    for case in table.known:
        if not case.collides:
            # Rows inside a version are added by the transaction that writes it, and by no other.
            for refusal in refused_to_each(case) if adds_to_a_version(case) else refused_to_both(case):
                assert_says(refusal, case.rule)


def adds_to_a_version(case: Case) -> bool:
    """Look at what a case writes, and leave nothing behind."""
    with transaction.atomic():
        write = case.prepare().write
        transaction.set_rollback(True)
    return isinstance(write, Add) and isinstance(write.row, (Entry, Measure, EntryParticipant))
