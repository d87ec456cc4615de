"""A version is dealt with once: whoever comes second waits, and is told."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from activities.models import ReportDraft, ReportVersion
from activities.services import accept, confirm, discard_draft, return_to_branch, save_draft, withdraw
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.factories import current, file, make_user
from tests.personas import MARCH_6, City
from tests.rules import outcome_of_second

pytestmark = pytest.mark.usefixtures("clock")


def all_at_once(*deeds: Callable[[], Any]) -> list[Exception | None]:
    """Do each deed in a thread and a connection of its own, at the same moment; return each refusal, in the order of the deeds."""
    together = Barrier(len(deeds))
    refusals: list[Exception | None] = [None] * len(deeds)

    def run(position: int, deed: Callable[[], Any]) -> None:
        try:
            together.wait(10)
            deed()
        except Exception as error:
            refusals[position] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair, daemon=True) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return refusals


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_at_once_one_deals_with_the_version_and_the_other_is_told(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    colleague = make_user("second-reviewer", (Role.REVIEWER, city.north))
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version

    refusals = all_at_once(lambda: accept(actor=reviewer, version=version), lambda: accept(actor=colleague, version=version))

    refused = [refusal for refusal in refusals if refusal is not None]
    assert [type(refusal) for refusal in refused] == [Conflict]
    assert AuditEntry.objects.filter(action="report.accepted").count() == 1
    version.refresh_from_db()
    assert version.reviewed_by == (reviewer if refusals[0] is None else colleague)


@pytest.mark.django_db(transaction=True)
def test_accepting_and_returning_at_once_leave_a_returned_or_an_accepted_version_with_its_log(branch: Branch, organiser: User, reviewer: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version

    accepted, returned = all_at_once(lambda: accept(actor=reviewer, version=version), lambda: return_to_branch(actor=reviewer, version=version, note="请核对"))

    # An accepted version may still be returned; a returned one is no longer accepted.
    assert returned is None
    assert accepted is None or isinstance(accepted, Conflict)
    version.refresh_from_db()
    assert (version.state, version.known_until is not None) == ("returned", True)
    assert AuditEntry.objects.filter(action="report.accepted").exists() is (accepted is None)


@pytest.mark.django_db(transaction=True)
def test_returning_and_withdrawing_at_once_are_done_once(branch: Branch, organiser: User, reviewer: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    refusals = all_at_once(
        lambda: return_to_branch(actor=reviewer, version=version, note="请核对"), lambda: withdraw(actor=organiser, version=version, reason="填错日期")
    )
    assert sorted(type(refusal).__name__ for refusal in refusals) == ["Conflict", "NoneType"]
    assert current(branch, MARCH_6) is None


@pytest.mark.django_db(transaction=True)
def test_a_new_version_filed_while_the_old_one_is_accepted_leaves_one_current(branch: Branch, organiser: User, reviewer: User) -> None:
    first = file(branch, MARCH_6, by=organiser, vehicles=200).version

    accepted, filed = all_at_once(lambda: accept(actor=reviewer, version=first), lambda: file(branch, MARCH_6, by=organiser, base=1, vehicles=210))

    assert filed is None, filed
    assert accepted is None or isinstance(accepted, Conflict)
    assert ReportVersion.objects.current().get().number == 2
    first.refresh_from_db()
    assert first.state == "superseded"
    # Whoever accepted stays on record, though the version was superseded right after.
    assert (first.reviewed_by is not None) is (accepted is None)


@pytest.mark.django_db(transaction=True)
def test_a_new_version_filed_while_the_old_one_is_returned_leaves_one_current(branch: Branch, organiser: User, reviewer: User) -> None:
    first = file(branch, MARCH_6, by=organiser, vehicles=200).version

    returned, filed = all_at_once(
        lambda: return_to_branch(actor=reviewer, version=first, note="请核对"), lambda: file(branch, MARCH_6, by=organiser, vehicles=210)
    )

    assert filed is None, filed
    assert returned is None or isinstance(returned, Conflict)
    assert ReportVersion.objects.current().get().number == 2
    first.refresh_from_db()
    assert first.state == ("returned" if returned is None else "superseded")


@pytest.mark.parametrize("verb", ["return", "withdraw"])
@pytest.mark.django_db(transaction=True)
def test_a_filing_waits_for_a_version_that_is_just_being_returned_or_withdrawn(branch: Branch, organiser: User, reviewer: User, verb: str) -> None:
    first = file(branch, MARCH_6, by=organiser, vehicles=200).version
    deeds: dict[str, Callable[[], Any]] = {
        "return": lambda: return_to_branch(actor=reviewer, version=first, note="请核对"),
        "withdraw": lambda: withdraw(actor=organiser, version=first, reason="填错日期"),
    }

    assert outcome_of_second(deeds[verb], lambda: file(branch, MARCH_6, by=organiser, vehicles=210)) is None

    first.refresh_from_db()
    assert first.state in {"returned", "withdrawn"}
    assert ReportVersion.objects.current().get().number == 2


@pytest.mark.django_db(transaction=True)
def test_a_report_filed_on_behalf_is_confirmed_once(branch: Branch, organiser: User, reviewer: User) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    version = file(branch, MARCH_6, by=reviewer, on_behalf=True, vehicles=1).version
    refusals = all_at_once(lambda: confirm(actor=organiser, version=version), lambda: confirm(actor=colleague, version=version))
    assert sorted(type(refusal).__name__ for refusal in refusals) == ["Conflict", "NoneType"]


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_save_a_draft_at_once_keep_one(branch: Branch, organiser: User) -> None:
    def save(typed: str) -> Callable[[], Any]:
        return lambda: save_draft(user=organiser, branch=branch, day=MARCH_6, data={"vehicles": typed}, base=0)

    assert all_at_once(*(save(str(number)) for number in range(4))) == [None] * 4
    assert ReportDraft.objects.get().data["vehicles"] in {"0", "1", "2", "3"}


def test_a_version_that_is_not_on_behalf_needs_no_confirmation(branch: Branch, organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    with pytest.raises(Conflict) as refusal:
        confirm(actor=organiser, version=version)
    assert refusal.value.code == "state"


def test_an_accepted_version_is_returned_with_a_note_only(branch: Branch, organiser: User, reviewer: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    accept(actor=reviewer, version=version)
    for note in ("", " \n"):
        with pytest.raises(ValidationError):
            return_to_branch(actor=reviewer, version=version, note=note)
    assert return_to_branch(actor=reviewer, version=version, note=" 请核对 ").review_note == "请核对"


def test_a_superseded_version_is_neither_accepted_nor_returned_nor_withdrawn(branch: Branch, organiser: User, reviewer: User) -> None:
    old = file(branch, MARCH_6, by=organiser, vehicles=200).version
    file(branch, MARCH_6, by=organiser, vehicles=210)
    deeds: list[Callable[[], Any]] = [
        lambda: accept(actor=reviewer, version=old),
        lambda: return_to_branch(actor=reviewer, version=old, note="请核对"),
        lambda: withdraw(actor=organiser, version=old, reason="填错"),
    ]
    for deed in deeds:
        with pytest.raises(Conflict) as refusal:
            deed()
        assert refusal.value.current == old


def test_a_draft_is_kept_by_whoever_files_and_by_the_reviewer_on_the_telephone(branch: Branch, organiser: User, reviewer: User) -> None:
    for user in (organiser, reviewer):
        save_draft(user=user, branch=branch, day=MARCH_6, data={"vehicles": "2"}, base=0)
        again = save_draft(user=user, branch=branch, day=MARCH_6, data={"vehicles": "20"}, base=1)
        assert (again.data, again.base) == ({"vehicles": "20"}, 1)
    assert ReportDraft.objects.count() == 2
    discard_draft(user=organiser, branch=branch, day=MARCH_6)
    assert ReportDraft.objects.get().user == reviewer


@pytest.mark.parametrize("who", ["official", "liaison", "administrator", "member", "other_organiser", "auditor", "client_machine"])
def test_nobody_else_keeps_a_draft(request: pytest.FixtureRequest, branch: Branch, who: str) -> None:
    stranger: User = request.getfixturevalue(who)
    with pytest.raises(Forbidden):
        save_draft(user=stranger, branch=branch, day=MARCH_6, data={"vehicles": "2"}, base=0)
    assert not ReportDraft.objects.exists()


def test_a_filing_ends_the_drafts_of_whoever_filed_and_leaves_a_colleague_s(branch: Branch, organiser: User) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    for user in (organiser, colleague):
        save_draft(user=user, branch=branch, day=MARCH_6, data={"vehicles": "2"}, base=0)
    file(branch, MARCH_6, by=organiser, vehicles=2)
    assert ReportDraft.objects.get().user == colleague
