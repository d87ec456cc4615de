"""Squads: founded over grids, joined, led, ended; what ends stays on record, and a form sent twice founds one squad."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from branches.access import Role
from branches.models import Branch, Region
from members import services as people_services
from members.grids import grids_of
from members.models import Membership, Person, Squad, SquadMember
from members.services import squads
from members.services.squads import SquadFacts
from portal.accounts.models import User
from portal.ending import services as ending
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry, Change
from tests.accounts.threads import at_once
from tests.ending.ended import prepared
from tests.factories import make_person, make_region, make_user, since
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock
from tests.rules import crossed

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def grids(city: City) -> list[Region]:
    return [make_region(f"第{number}网格", "site", city.community) for number in "一二三四五六七"]


@pytest.fixture
def people(branch: Branch) -> list[Person]:
    return [make_person(f"示例{kind}", branch=branch, kind=kind) for kind in Person.Kind.values]


def founded(organiser: User, branch: Branch, name: str = "示例突击队", *, first_day: date = MARCH_5, uid: UUID | None = None, **rest: object) -> Squad:
    return squads.found_squad(actor=organiser, branch=branch, facts=SquadFacts(name), first_day=first_day, uid=uid or uuid4(), **rest)  # type: ignore[arg-type]


def inside(squad: Squad, day: date = MARCH_6) -> set[str]:
    return set(squad.members.on(day).values_list("person__name", flat=True))


def leader(squad: Squad, day: date) -> str:
    return str(squad.members.on(day).get(leads=True).person.name)


def _client(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


# --- Founding -------------------------------------------------------------------------------------------------------------


def test_a_squad_takes_members_staff_volunteers_and_residents_alike(organiser: User, branch: Branch, people: list[Person], grids: list[Region]) -> None:
    squad = founded(organiser, branch, leader=people[0], people=people, grids=grids[:1])

    assert inside(squad) == {person.name for person in people}
    assert leader(squad, MARCH_6) == people[0].name
    assert [grid.region for grid in squad.grids.on(MARCH_6)] == grids[:1]
    assert AuditEntry.objects.filter(action="squad.founded", object_id=squad.public_id).count() == 1


def test_the_same_form_sent_twice_founds_one_squad_and_another_form_under_its_identifier_is_refused(organiser: User, branch: Branch) -> None:
    uid = uuid4()
    assert founded(organiser, branch, uid=uid) == founded(organiser, branch, uid=uid)
    with pytest.raises(Conflict):
        founded(organiser, branch, "另一队", uid=uid)
    assert Squad.objects.count() == 1


def test_only_people_of_the_branch_join_and_only_in_their_time(organiser: User, branch: Branch, other_branch: Branch) -> None:
    stranger, late = make_person("外人", branch=other_branch), make_person("后来")
    Membership.objects.create(person=late, branch=branch, during=since(MARCH_7))
    with pytest.raises(ValidationError, match="外人 is not in the branch"):
        founded(organiser, branch, people=[stranger])
    with pytest.raises(ValidationError, match="后来 is not in the branch"):
        founded(organiser, branch, people=[late])
    assert inside(founded(organiser, branch, people=[late], first_day=MARCH_7), MARCH_7) == {"后来"}


def test_a_grid_lies_in_the_host_region_or_is_covered_by_the_branch(organiser: User, branch: Branch, city: City, grids: list[Region]) -> None:
    squad = founded(organiser, branch, grids=[grids[0], city.community])
    with pytest.raises(ValidationError, match="临湖社区 is neither covered"):
        squads.cover_grids(actor=organiser, squad=squad, regions=[city.other_community], first_day=MARCH_6)

    branch.covers.add(city.other_community)
    assert squads.cover_grids(actor=organiser, squad=squad, regions=[city.other_community], first_day=MARCH_6) == []
    assert squad.grids.count() == 3


def test_seven_squads_are_founded_over_seven_grids_in_one_go(organiser: User, branch: Branch, grids: list[Region]) -> None:
    uid, named = uuid4(), [(region, f"{region.name}突击队") for region in grids]
    for _tap in range(2):
        made = squads.found_squads(actor=organiser, branch=branch, kind="shock", first_day=MARCH_6, named=named, uid=uid)

    assert len(made) == Squad.objects.count() == 7
    assert all([held.squad.name for held in grid.coverage] == [f"{grid.region.name}突击队"] for grid in grids_of(branch, MARCH_6))


def test_of_seven_names_one_that_is_taken_is_named_and_none_is_founded(organiser: User, branch: Branch, grids: list[Region]) -> None:
    founded(organiser, branch, "二队")
    named = [(grids[0], "一队"), (grids[1], "二队")]
    with pytest.raises(ValidationError) as refusal:
        squads.found_squads(actor=organiser, branch=branch, kind="shock", first_day=MARCH_6, named=named, uid=uuid4())
    assert list(refusal.value.message_dict) == [f"name-{grids[1].public_id}"]
    assert Squad.objects.count() == 1


def test_a_grid_of_two_squads_is_allowed_and_said(organiser: User, branch: Branch, grids: list[Region]) -> None:
    founded(organiser, branch, "一队", grids=grids[:1])
    second = founded(organiser, branch, "二队")
    shared = squads.cover_grids(actor=organiser, squad=second, regions=grids[:2], first_day=MARCH_6)
    assert [row.region for row in shared] == grids[:1]
    assert [grid.region for grid in grids_of(branch, MARCH_6) if grid.is_shared] == grids[:1]


# --- Later ----------------------------------------------------------------------------------------------------------------


def test_whoever_joins_twice_is_in_it_once_and_may_come_back(organiser: User, branch: Branch, people: list[Person]) -> None:
    squad = founded(organiser, branch, people=people[:1])
    assert squads.add_people(actor=organiser, squad=squad, people=people[:2], first_day=MARCH_6) == 1

    squads.end_member(actor=organiser, member=squad.members.get(person=people[0]), last_day=MARCH_5)
    assert inside(squad) == {people[1].name}
    squads.add_people(actor=organiser, squad=squad, people=people[:1], first_day=MARCH_7)
    assert squad.members.filter(person=people[0]).count() == 2
    assert inside(squad, MARCH_5) == {people[0].name}


def test_a_day_before_the_first_takes_an_entry_back(organiser: User, branch: Branch, people: list[Person], grids: list[Region]) -> None:
    squad = founded(organiser, branch, people=people[:1], grids=grids[:1])
    squads.end_member(actor=organiser, member=squad.members.get(), last_day=MARCH_5 - DAY)
    squads.end_grid(actor=organiser, grid=squad.grids.get(), last_day=MARCH_5 - DAY)
    assert not squad.members.exists()
    assert not squad.grids.exists()


def test_a_new_leader_follows_and_the_old_one_stays_in_the_squad(organiser: User, branch: Branch, people: list[Person]) -> None:
    squad = founded(organiser, branch, people=people[:2], leader=people[0])
    for _tap in range(2):
        squads.set_leader(actor=organiser, squad=squad, person=people[1], from_day=MARCH_6)
    assert (leader(squad, MARCH_5), leader(squad, MARCH_6)) == (people[0].name, people[1].name)
    assert inside(squad, MARCH_6) == {people[0].name, people[1].name}

    squads.set_leader(actor=organiser, squad=squad, person=people[2], from_day=MARCH_6)
    assert leader(squad, MARCH_6) == people[2].name
    assert inside(squad, MARCH_6) == {person.name for person in people[:3]}


def test_a_squad_that_ends_takes_its_people_and_grids_along_and_keeps_its_history(
    organiser: User, branch: Branch, people: list[Person], grids: list[Region]
) -> None:
    squad = founded(organiser, branch, people=people, grids=grids[:2])
    for _tap in range(2):
        squads.end_squad(actor=organiser, squad=squad, last_day=MARCH_6)

    assert squad.members.on(MARCH_6).count() == len(people)
    assert not squad.members.on(MARCH_7).exists()
    assert not squad.grids.on(MARCH_7).exists()
    with pytest.raises(ValidationError, match="before the start"):
        squads.end_squad(actor=organiser, squad=squad, last_day=MARCH_5 - DAY)
    with pytest.raises(ValidationError, match="ended by then"):
        squads.add_people(actor=organiser, squad=squad, people=[make_person(branch=branch)], first_day=MARCH_7)


def test_whoever_leaves_the_branch_leaves_its_squads_on_that_day(organiser: User, branch: Branch, people: list[Person]) -> None:
    squad = founded(organiser, branch, people=people[:2])
    people_services.end_membership(actor=organiser, membership=people[0].memberships.get(), last_day=MARCH_6)
    assert inside(squad, MARCH_6) == {people[0].name, people[1].name}
    assert inside(squad, MARCH_7) == {people[1].name}


def test_the_end_of_a_branch_ends_its_squads(organiser: User, branch: Branch, city: City, people: list[Person], grids: list[Region]) -> None:
    squad = founded(organiser, branch, people=people, grids=grids[:1])
    later = founded(organiser, branch, "明日队", first_day=MARCH_7, people=people[:1])
    administrator = make_user("keeper", (Role.ADMINISTRATOR, city.street))

    people_services.end_branch(actor=administrator, branch=branch, last_day=MARCH_6)

    squad.refresh_from_db()
    assert squad.during.upper == MARCH_7
    assert not SquadMember.objects.on(MARCH_7).exists()
    assert not Squad.objects.filter(pk=later.pk).exists()


def test_pages_of_a_branch_that_is_over_show_its_squads_as_they_were_at_its_end(
    organiser: User, administrator: User, official: User, branch: Branch, people: list[Person], grids: list[Region], clock: Clock
) -> None:
    founded(organiser, branch, "一队", people=people, grids=grids[:3])
    ending.confirm(actor=administrator, end=prepared(branch, administrator))
    clock.move_to(clock.now() + 30 * DAY)
    client = _client(official)
    page = client.get(reverse("branches:branch_detail", args=[branch.public_id])).content.decode()
    assert "一队" in page
    assert "3 / 7" in page
    assert "No squad" not in page
    coverage = reverse("squads:coverage", args=[branch.public_id])
    assert "4 grids without a squad" in client.get(coverage).content.decode()
    assert "That is no day. Shown is 6 March 2020." in client.get(coverage + "?day=x").content.decode()


def test_nobody_else_keeps_the_squads_of_a_branch(
    branch: Branch, organiser: User, other_organiser: User, official: User, member: User, people: list[Person], grids: list[Region]
) -> None:
    squad = founded(organiser, branch, people=people[:1], grids=grids[:1])
    for actor in (other_organiser, official, member):
        for attempt in (
            lambda actor=actor: founded(actor, branch, "别队"),
            lambda actor=actor: squads.edit_squad(actor=actor, squad=squad, facts=SquadFacts("别名")),
            lambda actor=actor: squads.add_people(actor=actor, squad=squad, people=people, first_day=MARCH_6),
            lambda actor=actor: squads.set_leader(actor=actor, squad=squad, person=people[0], from_day=MARCH_6),
            lambda actor=actor: squads.cover_grids(actor=actor, squad=squad, regions=grids, first_day=MARCH_6),
            lambda actor=actor: squads.end_member(actor=actor, member=squad.members.get(), last_day=MARCH_6),
            lambda actor=actor: squads.end_grid(actor=actor, grid=squad.grids.get(), last_day=MARCH_6),
            lambda actor=actor: squads.end_squad(actor=actor, squad=squad, last_day=MARCH_6),
        ):
            with pytest.raises(Forbidden):
                attempt()


def test_whoever_joins_or_covers_changes_what_other_systems_read_of_the_squad(
    organiser: User, branch: Branch, people: list[Person], grids: list[Region]
) -> None:
    squad = founded(organiser, branch)
    before = Change.objects.filter(model="squad", object_id=squad.public_id).count()
    squads.add_people(actor=organiser, squad=squad, people=people, first_day=MARCH_6)
    squads.cover_grids(actor=organiser, squad=squad, regions=grids[:1], first_day=MARCH_6)
    assert Change.objects.filter(model="squad", object_id=squad.public_id).count() == before + 2


# --- At once --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_double_tap_founds_one_squad(organiser: User, branch: Branch, grids: list[Region]) -> None:
    uid = uuid4()
    assert at_once(*[lambda: founded(organiser, branch, uid=uid, grids=grids[:1])] * 2) == ["done", "done"]
    assert Squad.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_leaders_named_at_once_follow_each_other(organiser: User, branch: Branch, people: list[Person]) -> None:
    squad = founded(organiser, branch, people=people)
    outcomes = at_once(*[lambda person=person: squads.set_leader(actor=organiser, squad=squad, person=person, from_day=MARCH_6) for person in people[:2]])
    assert outcomes == ["done", "done"]
    assert squad.members.on(MARCH_6).filter(leads=True).count() == 1
    assert squad.members.on(MARCH_6).count() == len(people)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["member", "grid"])
def test_a_page_that_ends_a_circle_of_waits_says_so_and_keeps_what_was_typed(
    organiser: User, branch: Branch, people: list[Person], grids: list[Region], kind: str
) -> None:
    squad = founded(organiser, branch, people=people, grids=grids[:1])
    row = squad.members.get(person=people[0]) if kind == "member" else squad.grids.get()
    client, address, typed = _client(organiser), reverse(f"squads:{kind}_end", args=[row.public_id]), {"last_day": "2020-03-06"}

    answer = crossed(lambda: client.post(address, typed), held=row, wanted=squad)

    assert answer.status_code == 422
    assert "Nothing of yours is stored: send it once more." in answer.content.decode()
    assert 'value="2020-03-06"' in answer.content.decode()
    assert client.post(address, typed).status_code == 302


# --- Pages ----------------------------------------------------------------------------------------------------------------


def test_the_page_of_the_branch_shows_each_grid_and_those_that_nobody_covers(organiser: User, official: User, branch: Branch, grids: list[Region]) -> None:
    founded(organiser, branch, "一队", grids=grids[:3])
    page = _client(official).get(reverse("squads:coverage", args=[branch.public_id])).content.decode()
    assert "4 grids without a squad" in page
    assert all(grid.name in page for grid in grids)
    assert "Found a squad for each free grid" not in page
    assert "Found a squad for each free grid" in _client(organiser).get(reverse("squads:coverage", args=[branch.public_id])).content.decode()

    earlier = _client(official).get(reverse("squads:coverage", args=[branch.public_id]) + "?day=2020-03-04").content.decode()
    assert "7 grids without a squad" in earlier


def test_an_uncovered_grid_is_given_to_a_squad_beside_it(organiser: User, branch: Branch, grids: list[Region]) -> None:
    squad = founded(organiser, branch, "一队")
    body = {"squad": str(squad.public_id), "region": str(grids[0].public_id)}
    done = _client(organiser).post(reverse("squads:grid_cover", args=[branch.public_id]), body, follow=True)
    assert "一队 covers 第一网格." in done.content.decode()
    assert [grid.region for grid in squad.grids.all()] == grids[:1]


def test_a_form_with_a_mistake_comes_back_with_all_that_was_typed(organiser: User, branch: Branch, people: list[Person]) -> None:
    founded(organiser, branch, "一队")
    body = {"name": "一队", "kind": "patrol", "task": "夜间巡逻", "first_day": "2020-03-06", "people": [str(people[0].public_id)], "uid": str(uuid4())}
    page = _client(organiser).post(reverse("squads:squad_add", args=[branch.public_id]), body)
    text = page.content.decode()
    assert page.status_code == 422
    assert "The branch has a squad of this name in that time." in text
    assert "夜间巡逻" in text
    assert "checked" in text


def test_names_of_whoever_the_reader_does_not_see_are_masked(organiser: User, branch: Branch, city: City, people: list[Person]) -> None:
    squad = founded(organiser, branch, people=people, leader=people[0])
    community = make_user("community", (Role.COMMUNITY, city.community))
    for name, arguments in (("squads:squad_list", []), ("squads:squad_detail", [squad.public_id]), ("squads:coverage", [branch.public_id])):
        address = reverse(name, args=arguments)
        assert people[0].name in _client(organiser).get(address).content.decode()
        assert people[0].name not in _client(community).get(address).content.decode()


def test_the_list_is_of_a_day_and_filtered_by_kind_region_and_unit(
    organiser: User, other_organiser: User, city_official: User, branch: Branch, other_branch: Branch, city: City
) -> None:
    own, other = founded(organiser, branch, "江边队"), founded(other_organiser, other_branch, "湖边队")
    squads.end_squad(actor=organiser, squad=own, last_day=MARCH_5)

    def shown(**query: str) -> set[str]:
        page = _client(city_official).get(reverse("squads:squad_list"), query).content.decode()
        return {name for name in (own.name, other.name) if name in page}

    assert shown() == {"湖边队"}
    assert shown(day="2020-03-05") == {"江边队", "湖边队"}
    assert shown(day="2020-03-05", region=str(city.street.public_id)) == {"江边队"}
    assert shown(day="2020-03-05", work_unit=str(city.bureau.public_id)) == {"湖边队"}
    assert shown(day="2020-03-05", kind="patrol") == set()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.django_db(transaction=True)
def test_the_list_goes_into_a_file_without_names_of_people(organiser: User, branch: Branch, people: list[Person], grids: list[Region], format: str) -> None:
    founded(organiser, branch, people=people, leader=people[0], grids=grids[:2])
    answer = _client(organiser).get(reverse("squads:squad_export", args=[format]))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(action="squads.exported").count() == 1
    if format == "csv":
        text = content.decode("utf-8-sig")
        assert "示例突击队" in text
        assert "第一网格" in text
        assert people[0].name not in text
