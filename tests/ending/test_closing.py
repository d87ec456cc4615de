"""What happens when a branch ends: what goes with it, who may, and that it is never half."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from activities.models import Need, ReportDraft, ReportVersion
from activities.services import accept, needs
from branches.access import Role
from branches.models import Branch
from members.models import Membership, OfficerTerm, Shift, Swap, TimeOff
from portal.accounts.models import Grant, User
from portal.ending import services
from portal.ending.checklist import Checklist
from portal.ending.models import ArchivePack, BranchEnd
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.activities.needs import recorded
from tests.ending.ended import begun, confirmed, prepared, work_off
from tests.factories import file, give, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock
from tests.rules import crossed

pytestmark = pytest.mark.django_db
ONE_DAY = timedelta(days=1)


def test_a_branch_ends_with_everything_that_hangs_on_it(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    reader = make_user("branch-reader", (Role.OFFICIAL, branch))
    end = confirmed(branch, administrator)
    branch.refresh_from_db()
    assert (branch.state, branch.ended_on, branch.closed_at) == ("dissolved", MARCH_6, clock.moment)
    assert {span.upper for span in Membership.objects.filter(branch=branch).values_list("during", flat=True)} == {MARCH_7}
    assert {span.upper for span in OfficerTerm.objects.filter(branch=branch).values_list("during", flat=True)} == {MARCH_7}
    organiser.refresh_from_db()
    assert not organiser.is_active
    assert organiser.grants.get().revoked_by == administrator
    # Whoever only reads goes on reading.
    assert User.objects.get(pk=reader.pk).is_active
    assert reader.grants.get().revoked_at is None
    assert AuditEntry.objects.filter(action="branch.closed", object_id=branch.public_id, actor=administrator).count() == 1
    # The pack that counts is of the closed branch, and nobody has to ask for it.
    assert end.packs.filter(made_at=None).count() == 1
    work_off()
    assert end.packs.filter(made_at=None).count() == 0


def test_a_clerk_of_two_branches_keeps_the_account(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    other = make_branch(city.community)
    clerk = make_user("clerk-of-two", (Role.ORGANISER, branch), (Role.ORGANISER, other))
    confirmed(branch, administrator)
    clerk.refresh_from_db()
    assert clerk.is_active
    assert [grant.branch for grant in clerk.grants.filter(revoked_at=None)] == [other]


def test_an_end_is_not_confirmed_while_something_is_left_to_do(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    recorded(branch, organiser)
    end = begun(branch, organiser)
    with pytest.raises(ValidationError) as refused:
        services.confirm(actor=administrator, end=end)
    assert len(refused.value.messages) == len(Checklist(end).lacks) == 6
    branch.refresh_from_db()
    assert branch.closed_at is None


def test_the_branch_prepares_and_the_office_above_confirms(administrator: User, organiser: User, official: User, branch: Branch, clock: Clock) -> None:
    with pytest.raises(Forbidden):
        begun(branch, official)
    end = prepared(branch, organiser)
    with pytest.raises(Forbidden):
        services.confirm(actor=organiser, end=end)
    assert services.confirm(actor=administrator, end=end).state == "confirmed"


@pytest.mark.parametrize(("days", "field"), [(-40, "last_day"), (91, "last_day"), (-2, "last_day")])
def test_a_branch_does_not_end_on_an_impossible_day(administrator: User, organiser: User, branch: Branch, clock: Clock, days: int, field: str) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=3)
    with pytest.raises(ValidationError) as refused:
        begun(branch, administrator, MARCH_6 + days * ONE_DAY)
    assert list(refused.value.message_dict) == [field]


def test_an_end_to_come_is_prepared_and_confirmed_on_its_day(administrator: User, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator, MARCH_7)
    with pytest.raises(ValidationError) as refused:
        services.confirm(actor=administrator, end=end)
    assert "last_day" in refused.value.message_dict
    clock.move_to(clock.moment + ONE_DAY)
    services.explain(actor=administrator, end=end, what="day", reason="未报", days=[MARCH_7])
    assert services.confirm(actor=administrator, end=end).state == "confirmed"


def test_days_without_a_report_are_found_and_may_be_explained(administrator: User, organiser: User, reviewer: User, branch: Branch, clock: Clock) -> None:
    Branch.objects.filter(pk=branch.pk).update(reports_from=MARCH_5 - 2 * ONE_DAY)
    branch.refresh_from_db()
    file(branch, MARCH_5, by=organiser, vehicles=3)
    accepted = file(branch, MARCH_6, by=organiser, vehicles=3)
    accept(actor=reviewer, version=accepted.version)
    end = begun(branch, organiser)
    assert [(each.day, each.state) for each in Checklist(end).open_days] == [
        (MARCH_5 - 2 * ONE_DAY, "missing"),
        (MARCH_5 - ONE_DAY, "missing"),
        (MARCH_5, "waiting"),
    ]
    assert services.explain(actor=organiser, end=end, what="day", reason="未建群", days=[MARCH_5, MARCH_6, MARCH_5 - ONE_DAY]) == 2
    assert [each.reason for each in Checklist(end).open_days] == ["", "未建群", "未建群"]
    with pytest.raises(ValidationError):
        services.explain(actor=organiser, end=end, what="day", reason=" ", days=[MARCH_5])


def test_open_needs_are_handed_on_all_at_once(administrator: User, organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    other = make_branch(city.community)
    first, second = recorded(branch, organiser, household="1栋"), recorded(branch, organiser, household="2栋")
    end = begun(branch, administrator)
    assert services.hand_on_needs(actor=administrator, end=end, to=other) == 2
    first.refresh_from_db()
    assert (first.branch, first.origin, first.state) == (other, branch, "open")
    third = recorded(branch, organiser, household="3栋")
    assert services.hand_on_needs(actor=administrator, end=end, to=city.street) == 1
    third.refresh_from_db()
    assert (third.branch, third.with_region, third.state) == (branch, city.street, "handed_on")
    assert not Checklist(end).numbers["needs"]
    assert second.events.count() == 1 + 1
    with pytest.raises(ValidationError):
        services.hand_on_needs(actor=administrator, end=end, to=branch)


def test_what_a_street_was_handed_is_answered_when_the_branch_is_over(
    administrator: User, organiser: User, reviewer: User, city: City, branch: Branch, clock: Clock
) -> None:
    need = needs.hand_on(actor=organiser, need=recorded(branch, organiser), seen=1, to=city.street)
    confirmed(branch, administrator)
    with pytest.raises(IntegrityError), transaction.atomic():
        needs.take_back(actor=reviewer, need=need, seen=2, note="不归我管")
    assert needs.resolve(actor=reviewer, need=need, seen=2, result="已送药").state == "resolved"
    with pytest.raises(IntegrityError), transaction.atomic():
        Need.objects.filter(pk=need.pk).update(result="改口", revision=9)


def test_drafts_swaps_and_times_off_end_with_the_branch(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    person = branch.memberships.get().person
    TimeOff.objects.create(branch=branch, person=person, during=(MARCH_5, None))
    ReportDraft.objects.create(user=organiser, branch=branch, business_date=MARCH_6)
    confirmed(branch, administrator)
    assert TimeOff.objects.get().during.upper == MARCH_7
    assert not ReportDraft.objects.exists()
    assert not Swap.objects.filter(state="asked").exists()
    assert not Shift.objects.filter(business_date__gt=MARCH_6).exists()


def test_an_end_is_given_up_and_begun_again(organiser: User, branch: Branch, clock: Clock) -> None:
    end = begun(branch, organiser)
    assert services.begin(actor=organiser, branch=branch, last_day=MARCH_5).pk == end.pk
    services.stop(actor=organiser, end=end)
    with pytest.raises(Conflict):
        services.save_stock(actor=organiser, end=end, text="无")
    assert begun(branch, organiser).pk != end.pk


# --- Opened again -----------------------------------------------------------------------------------------------------------


def test_a_dissolved_branch_is_opened_again_with_its_people_and_its_clerks(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    end = confirmed(branch, administrator)
    services.reopen(actor=administrator, end=end, reason="最后两日的数据要更正")
    branch.refresh_from_db()
    assert (branch.state, branch.ended_on, branch.closed_at) == ("active", None, None)
    assert {span.upper for span in Membership.objects.filter(branch=branch).values_list("during", flat=True)} == {None}
    assert {span.upper for span in OfficerTerm.objects.filter(branch=branch).values_list("during", flat=True)} == {None}
    organiser = User.objects.get(pk=organiser.pk)
    assert organiser.is_active
    assert file(branch, MARCH_6, by=organiser, vehicles=1).version.state == "filed"
    again = begun(branch, organiser)
    assert again.pk != end.pk
    assert again.narrative == end.narrative


def test_whoever_opens_a_branch_again_gives_nothing_to_themselves_and_opens_no_sensitive_fields(administrator: User, branch: Branch, clock: Clock) -> None:
    own = give(administrator, Role.ORGANISER, branch)
    clerk = make_user("clerk", (Role.ORGANISER, branch))
    plain, rich = clerk.grants.get(), give(clerk, Role.SHIFT_LEADER, branch, sensitive=True)
    end = confirmed(branch, administrator)
    services.reopen(actor=administrator, end=end, reason="继续值守")

    assert set(Grant.objects.filter(pk__in=[own.pk, plain.pk, rich.pk], revoked_at=None)) == {plain}
    assert AuditEntry.objects.filter(action="grant.given", object_id=plain.public_id, actor=administrator).count() == 1


def test_who_is_in_another_branch_by_then_stays_there(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    gone = make_person("已走", city.company, branch)
    end = confirmed(branch, administrator)
    Membership.objects.create(person=gone, branch=make_branch(city.community), during=(MARCH_7, None))
    services.reopen(actor=administrator, end=end, reason="继续值守")
    assert gone.memberships.get(branch=branch).during.upper == MARCH_7
    assert branch.memberships.exclude(person=gone).get().during.upper is None


def test_a_branch_is_not_opened_without_a_reason_nor_after_its_fields_are_erased(administrator: User, branch: Branch, clock: Clock) -> None:
    end = confirmed(branch, administrator)
    with pytest.raises(ValidationError):
        services.reopen(actor=administrator, end=end, reason=" ")
    clock.move_to(clock.moment + 181 * ONE_DAY)
    with pytest.raises(ValidationError):
        services.reopen(actor=administrator, end=end, reason="想再开")
    with pytest.raises(IntegrityError), transaction.atomic():
        Branch.objects.filter(pk=branch.pk).update(closed_at=None)


# --- At once ----------------------------------------------------------------------------------------------------------------


def together(*deeds: Any) -> list[Any]:
    """Do several things at once, each in a thread and a connection of its own; return what came of each."""
    gate, results = Barrier(len(deeds)), [None] * len(deeds)

    def run(place: int, deed: Any) -> None:
        try:
            gate.wait()
            results[place] = deed()
        except Exception as error:
            results[place] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does(administrator: User, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator)
    done = together(*[lambda: services.confirm(actor=User.objects.get(pk=administrator.pk), end=end)] * 2)
    assert sorted(type(each).__name__ for each in done) == ["BranchEnd", "Conflict"]
    assert AuditEntry.objects.filter(action="branch.closed").count() == 1
    assert ArchivePack.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_end_that_postgresql_chose_to_end_a_circle_of_waits_is_confirmed_all_the_same(administrator: User, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator)
    confirmed = crossed(lambda: services.confirm(actor=administrator, end=end), held=branch.memberships.get(), wanted=branch)
    assert confirmed.state == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_a_branch_that_postgresql_chose_to_end_a_circle_of_waits_is_opened_again_all_the_same(administrator: User, branch: Branch, clock: Clock) -> None:
    end = confirmed(branch, administrator)
    opened = crossed(lambda: services.reopen(actor=administrator, end=end, reason="还要用"), held=branch.memberships.get(), wanted=branch)
    assert opened.state == "reopened"


@pytest.mark.django_db(transaction=True)
def test_a_beginning_that_ends_a_circle_of_waits_is_asked_for_once_more_in_words(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    end = begun(branch, administrator)
    with pytest.raises(ValidationError) as refused:
        crossed(lambda: begun(branch, administrator, MARCH_5), held=end, wanted=branch)
    assert refused.value.code == "deadlock"
    end.refresh_from_db()
    assert end.last_day == MARCH_6


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_branch_locks_accounts_before_their_grants(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator)
    # Without the second try: there is no circle in the first place.
    once: Any = services.confirm.__wrapped__  # type: ignore[attr-defined]
    assert crossed(lambda: once(actor=administrator, end=end), held=organiser, wanted=organiser.grants.get()).state == "confirmed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_a_report_filed_while_the_branch_closes_is_there_whole_or_not_at_all(
    administrator: User, organiser: User, branch: Branch, clock: Clock, attempt: int
) -> None:
    end = prepared(branch, administrator)
    filed, closed = together(
        lambda: file(branch, MARCH_6, by=User.objects.get(pk=organiser.pk), uid=uuid4(), vehicles=3, home_isolated=1),
        lambda: services.confirm(actor=User.objects.get(pk=administrator.pk), end=end),
    )
    branch.refresh_from_db()
    version = ReportVersion.objects.filter(branch=branch).first()
    if isinstance(filed, Exception):
        assert version is None
        assert branch.closed_at is not None
    else:
        assert version is not None
        assert version.entries.count() == 2
        # Filed before the closing looked, it waits for review, and the end with it.
        assert branch.closed_at is not None or isinstance(closed, ValidationError)
    assert (BranchEnd.objects.get(pk=end.pk).state == "confirmed") == (branch.closed_at is not None)
