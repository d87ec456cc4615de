"""What is done with a resident's need, and who may do it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from activities.models import Need, NeedEvent
from activities.services.needs import (
    NeedFacts,
    assign,
    call_back,
    correct,
    hand_on,
    likely_duplicates,
    record_need,
    reopen,
    resolve,
    resolve_many,
    take_back,
)
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.activities.needs import recorded
from tests.factories import make_person, make_user
from tests.personas import MARCH_6, City, Clock

HOUR = timedelta(hours=1)
FACTS = NeedFacts("wechat", "food", words="白菜两棵")

pytestmark = pytest.mark.usefixtures("clock")


def course(need: Need) -> list[str]:
    return list(need.events.order_by("number").values_list("kind", flat=True))


# --- Recording ----------------------------------------------------------------------------------------------------------


def test_a_need_is_recorded_on_the_business_date_and_due_by_its_urgency(branch: Branch, organiser: User, clock: Clock) -> None:
    urgent, normal = recorded(branch, organiser, urgency="urgent"), recorded(branch, organiser, urgency="normal")

    assert (urgent.recorded_on, urgent.state, urgent.revision) == (MARCH_6, "open", 1)
    assert urgent.due_at == clock.now() + 2 * HOUR
    assert normal.due_at == clock.now() + 72 * HOUR
    assert course(urgent) == ["recorded"]


def test_sent_twice_a_need_is_stored_once_and_other_content_is_refused(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    first, created = record_need(actor=organiser, branch=branch, facts=FACTS, uid=uid)
    again, created_again = record_need(actor=organiser, branch=branch, facts=FACTS, uid=uid)

    assert (again, created, created_again) == (first, True, False)
    with pytest.raises(Conflict) as refusal:
        record_need(actor=organiser, branch=branch, facts=NeedFacts("wechat", "care"), uid=uid)
    assert refusal.value.code == "reused_uid"
    assert Need.objects.count() == 1


def test_a_question_answered_on_the_spot_is_resolved_with_its_recording(branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser, category="question", result="已告知领取地点")

    assert (need.state, need.resolved_on, need.result) == ("resolved", MARCH_6, "已告知领取地点")
    assert course(need) == ["recorded", "resolved"]


def test_a_shift_leader_and_the_community_record_and_only_the_organiser_goes_on(
    branch: Branch, shift_leader: User, community_secretary: User, organiser: User, official: User, other_organiser: User
) -> None:
    needs = [recorded(branch, who) for who in (shift_leader, community_secretary)]

    for stranger in (official, other_organiser):
        with pytest.raises(Forbidden):
            record_need(actor=stranger, branch=branch, facts=FACTS, uid=uuid4())
    with pytest.raises(Forbidden):
        resolve(actor=shift_leader, need=needs[0], seen=1, result="已送达")
    assert resolve(actor=organiser, need=needs[0], seen=1, result="已送达").is_resolved


def test_a_need_of_another_kind_says_what_it_is(branch: Branch, organiser: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        recorded(branch, organiser, category="other", words="")
    assert "words" in refusal.value.message_dict


def test_a_need_of_the_same_household_telephone_or_words_is_likely_the_same(branch: Branch, organiser: User) -> None:
    held = recorded(branch, organiser)

    for facts in (
        NeedFacts("wechat", "food", household="3栋2单元501"),
        NeedFacts("wechat", "food", phone="19900007788"),
        NeedFacts("wechat", "medicine", words="降压药两盒"),
    ):
        assert list(likely_duplicates(branch, facts)) == [held]
    assert not likely_duplicates(branch, NeedFacts("wechat", "food", words="降压药两盒"))
    assert not likely_duplicates(branch, NeedFacts("wechat", "food"))
    resolve(actor=organiser, need=held, seen=1, result="已送达")
    assert not likely_duplicates(branch, NeedFacts("wechat", "food", phone="19900007788"))


# --- What follows -------------------------------------------------------------------------------------------------------


def test_a_need_goes_its_way_and_each_step_is_an_event(branch: Branch, organiser: User, clock: Clock) -> None:
    need, person = recorded(branch, organiser), make_person("示例志愿者", None, branch)

    assign(actor=organiser, need=need, seen=1, person=person)
    clock.move_to(clock.now() + HOUR)
    resolve(actor=organiser, need=need, seen=2, result="已送达")
    held = call_back(actor=organiser, need=need, seen=3, answer="unsolved", note="少了一盒")

    assert course(need) == ["recorded", "assigned", "resolved", "called_back", "reopened"]
    assert (held.state, held.result, held.resolved_on) == ("open", "", None)
    assert held.due_at == clock.now() + 24 * HOUR
    done = resolve(actor=organiser, need=need, seen=5, result="补送一盒")
    assert call_back(actor=organiser, need=need, seen=6, answer="solved").state == "resolved"
    assert done.assignee == person
    assert set(AuditEntry.objects.filter(object_id=need.public_id).values_list("action", flat=True)) == {
        f"need.{kind}" for kind in ("recorded", "assigned", "resolved", "called_back", "reopened")
    }


def test_only_somebody_of_the_branch_is_given_a_need(branch: Branch, organiser: User, city: City) -> None:
    with pytest.raises(ValidationError) as refusal:
        assign(actor=organiser, need=recorded(branch, organiser), seen=1, person=make_person("外人", city.bureau))
    assert "person" in refusal.value.message_dict


def test_a_need_is_resolved_with_a_result_and_opened_again_with_a_reason(branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)

    with pytest.raises(ValidationError):
        resolve(actor=organiser, need=need, seen=1, result="  ")
    resolve(actor=organiser, need=need, seen=1, result="已送达")
    with pytest.raises(ValidationError):
        reopen(actor=organiser, need=need, seen=2, note="")
    assert reopen(actor=organiser, need=need, seen=2, note="送错了").state == "open"


def test_another_branch_answers_for_what_it_was_handed(branch: Branch, organiser: User, other_branch: Branch, other_organiser: User) -> None:
    need = recorded(branch, organiser)
    assert not Need.objects.visible_to(other_organiser).exists()

    handed = hand_on(actor=organiser, need=need, seen=1, to=other_branch, note="在你们小区")

    assert (handed.branch, handed.origin, handed.state) == (other_branch, branch, "open")
    assert Need.objects.visible_to(organiser).get() == need
    assert Need.objects.told_to(other_organiser).get() == need
    with pytest.raises(Forbidden):
        resolve(actor=organiser, need=need, seen=2, result="已送达")
    assert resolve(actor=other_organiser, need=need, seen=2, result="已送达").is_resolved
    assert list(need.events.order_by("number").values_list("branch", flat=True)) == [branch.pk, branch.pk, other_branch.pk]


def test_the_street_answers_what_it_was_handed_and_gives_back_what_is_not_its_own(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    need, other = recorded(branch, organiser), recorded(branch, organiser, household="5栋")
    assert not Need.objects.told_to(reviewer).exists()
    for one in (need, other):
        hand_on(actor=organiser, need=one, seen=1, to=city.street)

    assert Need.objects.told_to(reviewer).count() == 2
    assert resolve(actor=reviewer, need=need, seen=2, result="街道已协调").with_region is None
    with pytest.raises(ValidationError):
        take_back(actor=reviewer, need=other, seen=2, note="")
    back = take_back(actor=reviewer, need=other, seen=2, note="请支部先上门核实")
    assert (back.state, back.with_region) == ("open", None)
    with pytest.raises(Forbidden):
        resolve(actor=reviewer, need=other, seen=3, result="已送达")


def test_a_unit_that_was_handed_a_need_sees_it_and_no_other(branch: Branch, organiser: User, city: City) -> None:
    bureau = make_user("bureau", (Role.LIAISON, city.bureau))
    need = recorded(branch, organiser)
    recorded(branch, organiser, household="5栋")
    assert not Need.objects.visible_to(bureau).exists()

    hand_on(actor=organiser, need=need, seen=1, to=city.bureau)

    assert Need.objects.visible_to(bureau).get() == need
    assert resolve(actor=bureau, need=need, seen=2, result="已派车").is_resolved
    assert not Need.objects.visible_to(bureau).exists()


def test_another_urgency_moves_the_time_and_the_event_names_fields_not_words(branch: Branch, organiser: User, clock: Clock) -> None:
    need = recorded(branch, organiser)

    held = correct(actor=organiser, need=need, seen=1, facts={"urgency": "urgent", "words": "胰岛素"})

    assert held.due_at == clock.now() + 2 * HOUR
    event = need.events.get(kind="changed")
    assert (event.fields, event.note) == (["urgency", "words"], "")
    assert correct(actor=organiser, need=need, seen=2, facts={"words": "胰岛素"}).revision == 2


@pytest.mark.parametrize("deed", [lambda **given: resolve(**given, result="已送达"), lambda **given: assign(**given, person=None)])
def test_whoever_acts_on_an_older_page_is_told_and_changes_nothing(deed: Any, branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)
    correct(actor=organiser, need=need, seen=1, facts={"words": "胰岛素"})

    with pytest.raises(Conflict) as refusal:
        deed(actor=organiser, need=need, seen=1)

    assert refusal.value.code == "stale"
    assert NeedEvent.objects.filter(need=need).count() == 2


def test_resolving_twice_in_the_same_words_is_a_double_tap(branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)
    resolve(actor=organiser, need=need, seen=1, result="已送达")

    assert resolve(actor=organiser, need=need, seen=1, result="已送达").revision == 2
    with pytest.raises(Conflict):
        resolve(actor=organiser, need=need, seen=1, result="别的结果")


def test_a_list_is_resolved_at_once_but_for_what_changed_meanwhile(branch: Branch, organiser: User) -> None:
    needs = [recorded(branch, organiser, household=f"{number}栋") for number in range(3)]
    correct(actor=organiser, need=needs[1], seen=1, facts={"words": "胰岛素"})

    outcome = resolve_many(actor=organiser, chosen=[(need, 1) for need in needs], result="统一配送到位")

    assert (list(outcome.resolved), list(outcome.changed)) == ([needs[0], needs[2]], [needs[1]])
    assert Need.objects.filter(state="resolved").count() == 2


def test_of_a_list_that_is_not_all_ones_own_nothing_is_resolved(branch: Branch, organiser: User, other_branch: Branch, other_organiser: User) -> None:
    own, other = recorded(branch, organiser), recorded(other_branch, other_organiser)

    with pytest.raises(Forbidden):
        resolve_many(actor=organiser, chosen=[(own, 1), (other, 1)], result="已送达")
    assert not Need.objects.filter(state="resolved").exists()
