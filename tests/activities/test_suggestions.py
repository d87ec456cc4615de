"""What is done with a suggestion, and who may do it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from activities.models import Suggestion
from activities.services.suggestions import SuggestionFacts, answer, correct, give_back, lay_aside, pass_on, record_suggestion, scopes_above
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.activities.suggestions import suggested
from tests.factories import make_branch, make_user
from tests.personas import MARCH_6, City, Clock

FACTS = SuggestionFacts("duty", "夜班卡口没有取暖设备")

pytestmark = pytest.mark.usefixtures("clock")


def course(suggestion: Suggestion) -> list[str]:
    return list(suggestion.events.order_by("number").values_list("kind", flat=True))


@pytest.fixture
def county_reviewer(city: City) -> User:
    return make_user("county-reviewer", (Role.REVIEWER, city.north))


# --- Recording ----------------------------------------------------------------------------------------------------------


def test_the_branch_its_shift_leader_and_its_community_record_and_nobody_else(
    branch: Branch, organiser: User, shift_leader: User, community_secretary: User, reviewer: User, other_organiser: User
) -> None:
    for who in (organiser, shift_leader, community_secretary):
        held = suggested(branch, who)
        assert (held.state, held.recorded_on, course(held)) == ("open", MARCH_6, ["recorded"])
    for who in (reviewer, other_organiser):
        with pytest.raises(Forbidden):
            suggested(branch, who)


def test_sent_twice_a_suggestion_is_stored_once_and_other_content_is_refused(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    first, created = record_suggestion(actor=organiser, branch=branch, facts=FACTS, uid=uid)
    again, created_again = record_suggestion(actor=organiser, branch=branch, facts=FACTS, uid=uid)

    assert (again, created, created_again) == (first, True, False)
    with pytest.raises(Conflict):
        record_suggestion(actor=organiser, branch=branch, facts=SuggestionFacts("work", "复工"), uid=uid)
    assert Suggestion.objects.count() == 1


# --- Upward -------------------------------------------------------------------------------------------------------------


def test_a_suggestion_goes_to_what_lies_above_its_branch_the_nearest_first(branch: Branch, organiser: User, city: City) -> None:
    regions, units = scopes_above(suggested(branch, organiser))

    assert regions == [city.community, city.street, city.north, city.city, city.province]
    assert units == [city.company, city.group]


def test_from_a_region_or_a_unit_it_goes_only_further_up(branch: Branch, organiser: User, city: City) -> None:
    assert scopes_above(suggested(branch, organiser, to=city.street)) == ([city.north, city.city, city.province], [])
    assert scopes_above(suggested(branch, organiser, to=city.company)) == ([], [city.group])
    with pytest.raises(ValidationError):
        suggested(branch, organiser, to=city.other_street)


def test_the_street_passes_it_to_the_county_which_answers(
    branch: Branch, organiser: User, reviewer: User, county_reviewer: User, city: City, clock: Clock
) -> None:
    held = suggested(branch, organiser, to=city.street)
    clock.move_to(clock.now() + timedelta(hours=3))
    held = pass_on(actor=reviewer, suggestion=held, seen=2, to=city.north, note="需区里协调")
    assert held.age == timedelta()
    with pytest.raises(Forbidden):
        answer(actor=reviewer, suggestion=held, seen=3, answer="已安排")
    held = answer(actor=county_reviewer, suggestion=held, seen=3, answer="已调拨电暖器")

    assert (held.state, held.is_with, held.answer, held.for_all) == ("answered", city.north, "已调拨电暖器", False)
    assert course(held) == ["recorded", "passed", "passed", "answered"]
    assert [event.by for event in held.events.order_by("number")] == [None, None, city.street, city.north]
    assert AuditEntry.objects.filter(action="suggestion.answered").exists()


def test_who_has_no_say_in_it_is_refused(branch: Branch, organiser: User, shift_leader: User, other_organiser: User, liaison: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)

    for who in (shift_leader, other_organiser, liaison, organiser):
        with pytest.raises(Forbidden):
            answer(actor=who, suggestion=held, seen=2, answer="已安排")
    for who in (shift_leader, other_organiser, liaison):
        with pytest.raises(Forbidden):
            give_back(actor=who, suggestion=held, seen=2, note="不归我")


def test_a_unit_answers_what_was_passed_to_it(branch: Branch, organiser: User, liaison: User, city: City) -> None:
    held = answer(actor=liaison, suggestion=suggested(branch, organiser, to=city.company), seen=2, answer="已调休")

    assert (held.state, held.is_with) == ("answered", city.company)


def test_it_comes_back_with_a_reason_and_goes_up_again(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)
    with pytest.raises(ValidationError):
        give_back(actor=reviewer, suggestion=held, seen=2, note=" ")
    held = give_back(actor=reviewer, suggestion=held, seen=2, note="请写明数量")
    held = correct(actor=organiser, suggestion=held, seen=3, facts=SuggestionFacts("duty", "夜班卡口缺四台电暖器"))
    held = pass_on(actor=organiser, suggestion=held, seen=4, to=city.street)

    assert course(held) == ["recorded", "passed", "given_back", "changed", "passed"]
    assert held.words == "夜班卡口缺四台电暖器"


def test_an_answer_that_settles_nothing_is_asked_about_again(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = answer(actor=reviewer, suggestion=suggested(branch, organiser, to=city.street), seen=2, answer="正在研究", for_all=True)
    held = pass_on(actor=organiser, suggestion=held, seen=3, to=city.north)

    assert (held.state, held.answer, held.for_all, held.is_with) == ("passed", "", False, city.north)
    assert held.events.get(kind="answered").note == "正在研究"


def test_the_branch_lays_aside_what_is_settled_and_corrects_only_what_is_there(branch: Branch, organiser: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)
    with pytest.raises(Conflict):
        correct(actor=organiser, suggestion=held, seen=2, facts=FACTS)
    with pytest.raises(Conflict):
        lay_aside(actor=organiser, suggestion=held, seen=2, note="已解决")
    held = give_back(actor=organiser, suggestion=held, seen=2, note="已自行解决")
    held = lay_aside(actor=organiser, suggestion=held, seen=3, note="已自行解决")

    assert (held.state, course(held)[-1]) == ("closed", "closed")


def test_corrected_to_the_same_nothing_happens(branch: Branch, organiser: User) -> None:
    held = suggested(branch, organiser)

    assert correct(actor=organiser, suggestion=held, seen=1, facts=FACTS).revision == 1


# --- Who sees it --------------------------------------------------------------------------------------------------------


def test_words_are_for_the_branch_and_for_whoever_it_was_passed_to(
    branch: Branch, organiser: User, shift_leader: User, community_secretary: User, reviewer: User, official: User, county_reviewer: User, city: City
) -> None:
    def told() -> list[User]:
        everybody = (organiser, shift_leader, community_secretary, reviewer, official, county_reviewer)
        return [user for user in everybody if Suggestion.objects.told_to(user).exists()]

    held = suggested(branch, organiser)
    assert told() == [organiser, shift_leader, community_secretary]
    held = pass_on(actor=organiser, suggestion=held, seen=1, to=city.north)
    assert told() == [organiser, shift_leader, community_secretary, official, county_reviewer]
    held = give_back(actor=county_reviewer, suggestion=held, seen=2, note="请先找街道")
    # What they were told they may look at again.
    assert county_reviewer in told()
    pass_on(actor=organiser, suggestion=held, seen=3, to=city.street)
    assert reviewer in told()


def test_an_answer_for_all_is_seen_by_all_branches_below_and_nothing_else_of_it(
    branch: Branch, organiser: User, reviewer: User, other_organiser: User, city: City
) -> None:
    neighbour = make_user("neighbour", (Role.ORGANISER, make_branch(city.community)))
    held = suggested(branch, organiser, to=city.street)
    assert not Suggestion.objects.visible_to(neighbour).exists()
    answer(actor=reviewer, suggestion=held, seen=2, answer="统一配发", for_all=True)

    assert Suggestion.objects.visible_to(neighbour).exists()
    assert not Suggestion.objects.told_to(neighbour).exists()
    assert not Suggestion.objects.followed_by(neighbour).exists()
    # Of another street.
    assert not Suggestion.objects.visible_to(other_organiser).exists()


def test_an_answer_of_a_unit_for_all_is_seen_where_it_sends_people(branch: Branch, organiser: User, liaison: User, other_organiser: User, city: City) -> None:
    sent_to = make_branch(city.other_community)
    sent_to.sending_units.add(city.company)
    there = make_user("there", (Role.ORGANISER, sent_to))
    answer(actor=liaison, suggestion=suggested(branch, organiser, to=city.group), seen=2, answer="已发通知", for_all=True)

    assert Suggestion.objects.visible_to(there).exists()
    assert not Suggestion.objects.visible_to(other_organiser).exists()
