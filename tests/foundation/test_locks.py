"""Rows that are locked: whoever waited for one reads it as it is when they have it, and what it names too."""

import re
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.utils.translation import override

from activities.models import Need
from activities.services.needs import hand_on
from branches.models import Branch, Region
from branches.services import move_branch, refusals_beside
from portal.accounts.models import User
from portal.foundation import locks
from portal.foundation.models import AuditEntry
from portal.foundation.refusals import is_deadlock
from tests.accounts.threads import at_once
from tests.activities.needs import recorded
from tests.personas import MARCH_6, City
from tests.rules import PATIENCE, crossed, outcome_of_second

# In one statement, what is joined is what the row named before whoever held it let go.
JOINED_WHILE_LOCKED = re.compile(r"select_for_update\([^\n]*select_related\([^\n]*\.get\(|select_related\([^\n]*select_for_update\([^\n]*\.get\(")

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.django_db(transaction=True)
def test_a_branch_that_two_move_at_once_is_moved_twice(administrator: User, branch: Branch, city: City) -> None:
    def moving(region: Region) -> None:
        move_branch(actor=administrator, branch=Branch.objects.get(pk=branch.pk), region=region, from_day=MARCH_6)

    assert outcome_of_second(lambda: moving(city.street), lambda: moving(city.community)) is None
    first, second = AuditEntry.objects.filter(action="branch.moved").order_by("pk")
    assert first.details["now"] == second.details["was"] == str(city.street.public_id)
    branch.refresh_from_db()
    assert branch.region == city.community


@pytest.mark.django_db(transaction=True)
def test_whoever_waited_for_a_row_finds_what_it_names_now(organiser: User, branch: Branch, city: City) -> None:
    need = recorded(branch, organiser)
    found: list[Need] = []

    def taking() -> None:
        with transaction.atomic():
            found.append(locks.row(Need, need.pk, "branch", "with_unit", "with_region"))

    outcome = outcome_of_second(lambda: hand_on(actor=organiser, need=need, seen=1, to=city.street), taking)
    assert outcome is None
    assert (found[0].with_region, found[0].branch, found[0].revision) == (city.street, branch, 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "words"), [("en", "Nothing of yours is stored"), ("zh-hans", "请再提交一次")])
def test_of_two_who_wait_for_each_other_one_is_told_to_send_it_once_more(city: City, language: str, words: str) -> None:
    crossed = Barrier(2)
    sentences: list[str] = []

    def taking(first: Region, then: Region) -> None:
        with override(language):
            try:
                with refusals_beside({}):
                    locks.row(Region, first.pk)
                    crossed.wait(PATIENCE)
                    locks.row(Region, then.pk)
            except ValidationError as refusal:
                sentences.extend(refusal.messages)
                raise

    outcomes = at_once(lambda: taking(city.street, city.community), lambda: taking(city.community, city.street))
    assert sorted(outcomes) == ["ValidationError", "done"]
    assert words in "".join(sentences)


@pytest.mark.django_db(transaction=True)
def test_within_another_transaction_a_circle_of_waits_is_for_that_one_to_answer(city: City) -> None:
    def inside() -> None:
        with transaction.atomic():
            locks.row(Region, city.street.pk)
            with refusals_beside({}):
                locks.row(Region, city.community.pk)

    with pytest.raises(OperationalError) as refused:
        crossed(inside, held=city.community, wanted=city.street)
    assert is_deadlock(refused.value)


def test_no_row_is_locked_and_joined_in_one_statement() -> None:
    apps = [Path(settings.BASE_DIR) / name for name in ("branches", "members", "activities", "portal")]
    sources = [path for app in apps for path in app.rglob("*.py")]
    assert len(sources) > 300
    assert [str(path) for path in sources if JOINED_WHILE_LOCKED.search(path.read_text(encoding="utf-8"))] == []
