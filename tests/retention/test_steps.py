"""Steps of the erasure: each whole with its certificate or not at all, however a run ends and however many run at once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import Error, IntegrityError, connection, transaction

from activities.models import Need
from branches.models import Branch
from members.models import Person
from members.services import end_branch
from portal.accounts.models import User
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry
from portal.foundation.sensitive import GONE, Since
from portal.retention.models import Certificate, Hold
from portal.retention.naming import row_hash
from portal.retention.services import erasing
from portal.retention.services.erasing import erase_all, erase_step
from portal.retention.services.holding import lift_hold, place_hold
from tests.accounts.threads import at_once
from tests.activities.needs import recorded
from tests.personas import MARCH_6, Clock

LONG = timedelta(days=181)


@pytest.fixture
def over(branch: Branch, organiser: User, administrator: User, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Branch:
    """A branch with five needs, long ended; a step takes two rows of each kind."""
    for number in range(5):
        recorded(branch, organiser, household=f"{number}栋101")
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    clock.move_to(clock.now() + LONG)
    monkeypatch.setattr(erasing, "STEP", 2)
    return branch


class Killed(BaseException):
    """The worker is killed."""


def told() -> int:
    return Need.objects.exclude(words=GONE).count()


@pytest.mark.django_db
def test_a_run_that_is_killed_between_steps_leaves_nothing_half_and_the_next_goes_on(over: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    first, steps = uuid4(), []

    def die(percent: int) -> None:
        steps.append(percent)
        if len(steps) == 2:
            raise Killed

    with pytest.raises(Killed):
        erase_all(first, die)
    assert (told(), Certificate.objects.count()) == (1, 2)
    assert [one.counts["activities.Need.words"] for one in Certificate.objects.order_by("pk")] == [2, 2]

    second = uuid4()
    erase_all(second)

    assert told() == 0
    of_branch = Certificate.objects.filter(rule="branch").order_by("pk")
    assert [(one.run, one.counts["activities.Need.words"]) for one in of_branch] == [(first, 2), (first, 2), (second, 1)]
    # No row is in two certificates.
    rows = [bytes(one.hashes)[start : start + 16] for one in of_branch for start in range(0, len(bytes(one.hashes)), 16)]
    assert len(rows) == len(set(rows)) == 5
    assert all(one.is_intact for one in Certificate.objects.all())


@pytest.mark.django_db
def test_a_step_that_fails_has_neither_erased_nor_certified(over: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_said: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(erasing, "certify", fail)
    with pytest.raises(RuntimeError):
        erase_step(Since.BRANCH, over.pk, uuid4())
    assert (told(), Certificate.objects.count()) == (5, 0)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_erase_each_row_once(over: Branch) -> None:
    runs = [uuid4() for _worker in range(3)]
    assert at_once(*(lambda run=run: erase_all(run) for run in runs)) == ["done"] * 3
    assert told() == 0
    assert sum(one.counts.get("activities.Need.words", 0) for one in Certificate.objects.all()) == 5
    assert sum(one.counts.get("members.Person.name", 0) for one in Certificate.objects.all()) == Person.objects.count()


@pytest.mark.django_db
def test_a_hold_keeps_a_branch_and_its_people_until_it_ends_or_is_lifted(over: Branch, security: User, clock: Clock) -> None:
    until = clock.today() + timedelta(days=3)
    with_end = place_hold(actor=security, branch=over, reason="信访复核", until=until)
    without = place_hold(actor=security, branch=over, reason="审计调阅")
    assert erase_all(uuid4())["rows"] == 0
    clock.move_to(clock.now() + timedelta(days=4))
    assert erase_all(uuid4())["rows"] == 0
    lift_hold(actor=security, hold=without)
    erase_all(uuid4())
    assert (told(), Person.objects.filter(unnamed_at=None).count(), with_end.stands) == (0, 0, False)
    assert list(AuditEntry.objects.filter(action__startswith="hold.").order_by("pk").values_list("action", flat=True)) == ["hold.placed"] * 2 + ["hold.lifted"]


@pytest.mark.django_db
def test_the_database_itself_keeps_what_is_held(over: Branch, security: User) -> None:
    hold = place_hold(actor=security, branch=over, reason="审计调阅")
    gone = {"words": GONE, "words_folded": None, "household": "", "contact": "", "phone": ""}
    with pytest.raises(IntegrityError), transaction.atomic():
        Need.objects.update(**gone)
    lift_hold(actor=security, hold=hold)
    assert Need.objects.update(**gone) == 5


@pytest.mark.django_db
def test_a_hold_needs_a_reason_a_day_to_come_and_a_security_officer(over: Branch, security: User, administrator: User, auditor: User, clock: Clock) -> None:
    for wrong in ({"reason": "  "}, {"reason": "审计", "until": clock.today() - timedelta(days=1)}):
        with pytest.raises(ValidationError):
            place_hold(actor=security, branch=over, **wrong)
    for actor in (administrator, auditor):
        with pytest.raises(Forbidden):
            place_hold(actor=actor, branch=over, reason="审计")
    hold = place_hold(actor=security, branch=over, reason="审计")
    with pytest.raises(Forbidden):
        lift_hold(actor=administrator, hold=hold)
    assert Hold.objects.in_force().count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_nobody_alters_a_certificate_or_a_hold(over: Branch, security: User, change: str) -> None:
    hold = place_hold(actor=security, branch=over, reason="审计")
    lift_hold(actor=security, hold=hold)
    erase_all(uuid4())
    for table, column in (("retention_certificate", "rows = rows + 1"), ("retention_hold", "reason = 'x'")):
        statement = {"update": f"UPDATE {table} SET {column}", "delete": f"DELETE FROM {table}", "truncate": f"TRUNCATE {table}"}[change]
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_a_claim_is_checked_without_the_row(over: Branch) -> None:
    need = Need.objects.order_by("pk")[0]
    erase_all(uuid4())
    holding = [one for one in Certificate.objects.all() if one.holds(row_hash("activities.Need", need.public_id))]
    assert len(holding) == 1
    assert not holding[0].holds(row_hash("activities.Need", uuid4()))
    assert not holding[0].holds(row_hash("members.Person", need.public_id))


@pytest.mark.django_db
def test_an_altered_certificate_does_not_have_its_digest(over: Branch) -> None:
    erase_all(uuid4())
    one = Certificate.objects.order_by("pk")[0]
    assert one.is_intact
    one.counts["activities.Need.words"] += 1
    assert not one.is_intact
    one.counts["activities.Need.words"] -= 1
    one.hashes = bytes(one.hashes)[16:]
    assert not one.is_intact
