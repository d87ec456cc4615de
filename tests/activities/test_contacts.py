"""Which leader answers for which site, and their visits."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from activities.models import ContactPoint, ContactVisit
from activities.services.contacts import LeaderFacts, VisitFacts, add_point, close, record_visit, set_leader
from activities.services.inspections import PointFacts, let_pass, mend
from branches.access import Role
from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from portal.foundation import clock as portal_clock
from portal.foundation.errors import Conflict, Forbidden
from tests.accounts.threads import at_once
from tests.activities.contacted import DAY, contact, visited
from tests.factories import make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def leader_user(point: ContactPoint) -> User:
    """An account of whoever answers for a site; it holds no grant at all."""
    return make_user("leader", person=point.terms.get().leader)


def test_a_leader_of_a_work_unit_answers_for_a_community(city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer, unit=city.bureau, name="王局长")

    term = point.terms.get()
    assert (term.leader.name, term.office, term.duty_phone, term.during.lower) == ("王局长", "副局长", "19900009999", MARCH_6 - 20 * DAY)
    assert term.leader.secondments.get().home_unit == city.bureau
    assert not term.leader.memberships.exists()


def test_the_same_leader_of_two_sites_is_one_person(city: City, reviewer: User) -> None:
    for spot in ("东门", "西门"):
        contact(city.community, reviewer, spot=spot, unit=city.bureau, name="王局长")
    for spot in ("南门", "北门"):
        contact(city.community, reviewer, spot=spot, name="李主任")

    assert Person.objects.filter(name__in=["王局长", "李主任"]).count() == 2


def test_only_who_keeps_contact_points_there_gives_a_site_out(
    city: City, official: User, organiser: User, liaison: User, administrator: User, reviewer: User
) -> None:
    for actor in (official, organiser, liaison):
        with pytest.raises(Forbidden):
            contact(city.community, actor)
    with pytest.raises(Forbidden):
        contact(city.other_community, reviewer)
    assert contact(city.community, administrator).pk


def test_a_site_is_given_out_once(city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer)
    with pytest.raises(ValidationError) as refusal:
        contact(city.community, reviewer)
    assert list(refusal.value.message_dict) == ["region"]

    close(actor=reviewer, point=point, last_day=MARCH_5)
    assert contact(city.community, reviewer, days_ago=0).pk != point.pk


def test_one_leader_follows_another(city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer)
    first = point.terms.get()
    set_leader(actor=reviewer, point=point, seen=first, leader=LeaderFacts("李主任", MARCH_6))

    second, before = point.terms.order_by("-during")
    assert (second.leader.name, second.during.lower, before.during.upper) == ("李主任", MARCH_6, MARCH_6)
    with pytest.raises(Conflict):
        set_leader(actor=reviewer, point=point, seen=first, leader=LeaderFacts("赵主任", MARCH_7))
    with pytest.raises(ValidationError) as refusal:
        set_leader(actor=reviewer, point=point, seen=second, leader=LeaderFacts("赵主任", MARCH_5))
    assert list(refusal.value.message_dict) == ["from_day"]


def test_a_name_mistyped_on_the_first_day_is_corrected(city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer)
    set_leader(actor=reviewer, point=point, seen=point.terms.get(), leader=LeaderFacts("示例局座", MARCH_6 - 20 * DAY))
    assert point.terms.get().leader.name == "示例局座"


def test_the_leader_records_visits_without_any_grant(city: City, reviewer: User, official: User) -> None:
    point = contact(city.community, reviewer)
    visit = visited(point, leader_user(point))

    assert (visit.leader, visit.visited_on) == (point.terms.get().leader, MARCH_6)
    with pytest.raises(Forbidden):
        visited(point, official)
    assert visited(point, reviewer, stand_in="科长").stand_in == "科长"


def test_a_leader_of_the_past_records_no_more(city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer)
    past = leader_user(point)
    set_leader(actor=reviewer, point=point, seen=point.terms.get(), leader=LeaderFacts("李主任", MARCH_6))
    with pytest.raises(Forbidden):
        visited(point, past)
    assert visited(point, reviewer, days_ago=1).leader == past.person


def test_nobody_visits_before_somebody_answers_or_in_time_to_come(city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer, days_ago=3)
    for days_ago in (5, -1):
        with pytest.raises(ValidationError) as refusal:
            visited(point, reviewer, days_ago=days_ago)
        assert list(refusal.value.message_dict) == ["visited_at"]


def test_what_is_to_be_mended_goes_to_a_branch_there(city: City, reviewer: User, branch: Branch, other_branch: Branch, organiser: User, official: User) -> None:
    point = contact(city.community, reviewer)
    mending = visited(point, reviewer, branch=branch, points=[PointFacts("加装一盏灯", MARCH_7)]).points.get()

    assert (mending.branch, mending.inspection, mending.found_on) == (branch, None, MARCH_6)
    assert let_pass(actor=official, point=mend(actor=organiser, point=mending, seen=1, note="已装"), seen=2).state == "checked"
    for elsewhere in (other_branch, None):
        with pytest.raises(ValidationError, match="branch"):
            visited(point, reviewer, branch=elsewhere, points=[PointFacts("灯", MARCH_7)])


def test_what_nobody_visited_for_seven_days_is_known(city: City, reviewer: User, clock: Clock) -> None:
    seen_today, long_ago, never, fresh = (contact(city.community, reviewer, spot=f"{n}门", days_ago=9 if n < 3 else 2) for n in range(4))
    visited(seen_today, reviewer)
    visited(long_ago, reviewer, days_ago=8)

    week_ago = portal_clock.today() - 7 * DAY
    assert set(ContactPoint.objects.all().with_visits().unvisited(week_ago)) == {long_ago, never}
    assert list(ContactPoint.objects.all().with_visits().order_by("waits_since", "pk")) == [never, long_ago, fresh, seen_today]


def test_who_sees_a_site(city: City, reviewer: User, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, liaison: User) -> None:
    point = contact(city.community, reviewer)
    for reader, sees in ((organiser, True), (liaison, True), (other_organiser, False), (leader_user(point), True), (make_user("nobody"), False)):
        assert ContactPoint.objects.visible_to(reader).exists() is sees
    told = [reader.username for reader in (organiser, liaison, reviewer) if ContactPoint.objects.all().told_to(reader).exists()]
    assert told == ["organiser", "reviewer"]


# --- Several at once ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_double_tap_stores_one_site_and_one_visit(city: City, reviewer: User) -> None:
    uid, facts = uuid4(), LeaderFacts("示例局长", MARCH_5)
    add = lambda: add_point(actor=reviewer, region=city.community, spot="", leader=facts, uid=uid)  # noqa: E731 - the same call, twice
    assert at_once(add, add) == ["done", "done"]
    point = ContactPoint.objects.get()
    came = VisitFacts(portal_clock.now(), "良好")
    visit = lambda: record_visit(actor=reviewer, point=point, facts=came, uid=uid)  # noqa: E731 - the same call, twice
    # The same identifier with other content is refused, as it says something else.
    assert at_once(visit, visit) == ["Conflict", "Conflict"]
    uid = uuid4()
    assert at_once(visit, visit) == ["done", "done"]
    assert ContactVisit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_name_a_leader_one_does_and_the_other_is_told(city: City, reviewer: User) -> None:
    point, colleague = contact(city.community, reviewer), make_user("colleague", (Role.REVIEWER, city.street))
    first = point.terms.get()

    ended = at_once(
        lambda: set_leader(actor=reviewer, point=point, seen=first, leader=LeaderFacts("李主任", MARCH_6)),
        lambda: set_leader(actor=colleague, point=point, seen=first, leader=LeaderFacts("赵主任", MARCH_6)),
    )

    assert sorted(ended) == ["Conflict", "done"]
    assert point.terms.filter(during__contains=MARCH_6).count() == 1


def test_whoever_sees_everything_sees_each_site_and_what_was_found_there(reviewer: User, city: City) -> None:
    point = contact(city.community, reviewer)
    visited(point, reviewer)
    wide = make_user("wide", (Role.OFFICIAL, None))

    assert ContactPoint.objects.visible_to(wide).get() == point
    assert ContactPoint.objects.told_to(wide).get() == point
    assert ContactVisit.objects.visible_to(wide).count() == 1
