"""Pages of a closed branch: they say that it is closed, offer nothing that would be refused, and forms that were bookmarked answer with that sentence."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from activities.models import Survey
from branches.access import Role
from branches.models import Branch
from members.services import end_branch
from tests.factories import make_user
from tests.matrix import MATRIX, Case
from tests.matrix_world import INSIDE, World, build_world
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.django_db

# Pages that only change something: whoever keeps the address of one is told.
FORMS: Final = {
    "organiser": [
        "activities:report_edit",
        "activities:period_edit",
        "activities:need_record",
        "suggestions:suggestion_record",
        "members:member_add",
        "members:officer_set",
        "members:service_note_add",
        "members:service_note_edit",
        "roster:post_add",
        "roster:post_edit",
        "roster:roster_fill",
        "roster:time_off",
        "roster:on_site_add",
        "squads:squad_add",
        "squads:squads_add",
        "squads:squad_edit",
        "squads:squad_end",
        "squads:squad_people",
        "squads:squad_grids",
        "squads:grid_end",
        "squads:member_end",
        "squads:post_add",
        "squads:post_edit",
        "squads:post_close",
        "squads:claim_release",
        "inspections:inspection_record",
        "surveys:survey_new",
        "surveys:survey_edit",
        "surveys:paper",
    ],
    "reviewer": ["activities:on_behalf", "inspections:inspection_record"],
    "administrator": ["branches:branch_edit", "branches:branch_move", "branches:branch_schedule", "members:member_add", "members:membership_end"],
    "community": ["activities:need_record", "suggestions:suggestion_record"],
}
# Pages about something of one branch: they say that it is closed.
ABOUT: Final = {
    "organiser": [
        "branches:branch_detail",
        "portal:branch_dashboard",
        "activities:report_detail",
        "activities:period_detail",
        "activities:need_detail",
        "suggestions:suggestion_detail",
        "inspections:inspection_detail",
        "inspections:point_detail",
        "surveys:survey_detail",
        "surveys:answer_detail",
        "roster:post_list",
        "roster:roster_today",
        "roster:roster_day",
        "roster:roster_week",
        "roster:on_site",
        "roster:hand_over",
        "squads:coverage",
        "squads:squad_detail",
        "squads:post_detail",
    ],
    "reviewer": ["activities:report_detail", "activities:period_detail", "inspections:inspection_detail", "inspections:point_detail", "squads:post_detail"],
    "member": ["squads:post_detail"],
}
# Lists over several branches, of which the only one is closed.
LISTS: Final = {
    "organiser": [
        "activities:today",
        "activities:need_list",
        "activities:report_receipt",
        "suggestions:suggestion_list",
        "inspections:inspection_new",
        "surveys:survey_list",
        "members:service_record",
        "squads:post_list",
        "squads:squad_list",
        "roster:shift_list",
    ],
    "reviewer": ["activities:review_list"],
    "community": ["activities:need_list", "suggestions:suggestion_list"],
}
CHANGES: Final = {name for names in FORMS.values() for name in names} | {
    "activities:need_act",
    "activities:need_done",
    "activities:need_code",
    "activities:report_withdraw",
    "activities:review_act",
    "inspections:inspection_withdraw",
    "inspections:point_act",
    "inspections:file_add",
    "inspections:file_take_away",
    "surveys:survey_act",
    "surveys:question_act",
    "roster:shift_change",
    "roster:shift_record",
    "roster:hand_over_take",
    "roster:on_site_end",
    "roster:time_off_end",
    "roster:roster_copy",
    "squads:post_claim",
    "squads:grid_cover",
    "suggestions:suggestion_act",
}


@pytest.fixture
def world(city: City, catalogue: None, clock: Clock) -> World:
    """A branch with a row of nearly everything, ended and closed."""
    world = build_world(city)
    branch = world.sides[INSIDE].branch
    Survey.objects.filter(branch=branch, opened_at__isnull=False, closed_at=None).update(closed_at=clock.now())
    end_branch(actor=make_user("", (Role.ADMINISTRATOR, None)), branch=branch, last_day=MARCH_6)
    Branch.objects.filter(pk=branch.pk).update(closed_at=clock.now())
    return world


def visits(world: World, pages: dict[str, list[str]]) -> Iterator[tuple[str, str, int, str]]:
    """Open pages as those who may: who, which, the status, and what stands in the main part."""
    for actor, names in pages.items():
        client = Client()
        user = world.actors[actor]
        assert user is not None
        client.force_login(user)
        for name in names:
            line, case = MATRIX[name], Case(world, actor, INSIDE)
            response = client.get(reverse(name, kwargs=line.arguments(case)), line.query(case), headers={"accept-language": "en"})
            yield actor, name, response.status_code, response.content.decode().partition("<main")[2]


def offered_by(main: str) -> set[str]:
    """Return the names of addresses that links and forms of a page lead to; an empty one for a form that is sent to the page itself."""
    found = {""} if re.search(r'<form(?![^>]*action=)[^>]*method="post"', main) else set()
    for address in re.findall(r'<a [^>]*href="(/[^"?#]*)', main) + re.findall(r'<form[^>]*method="post"[^>]*action="(/[^"?#]*)', main):
        try:
            found.add(resolve(address).view_name)
        except Resolver404:
            continue
    return found


def test_pages_of_a_closed_branch_say_so_and_offer_nothing_that_would_be_refused(world: World) -> None:
    about, lists = list(visits(world, ABOUT)), list(visits(world, LISTS))
    assert {status for _actor, _name, status, _main in about + lists} == {200}
    assert [(actor, name) for actor, name, _status, main in about if "Its records are closed" not in main] == []
    offered = {(actor, name, each) for actor, name, _status, main in about + lists for each in offered_by(main) & (CHANGES | {""})}
    assert offered == set()


def test_a_form_of_a_closed_branch_that_was_bookmarked_says_that_it_is_closed(world: World) -> None:
    answered = {(actor, name): status for actor, name, status, _main in visits(world, FORMS)}
    assert {each for each, status in answered.items() if status != 409} == set()


def test_only_what_was_sent_is_said_to_be_lost(world: World) -> None:
    client, post = Client(headers={"accept-language": "en"}), world.sides[INSIDE].post
    organiser = world.actors["organiser"]
    assert organiser is not None
    client.force_login(organiser)
    address = reverse("roster:post_edit", args=[post.public_id])
    opened, sent = client.get(address), client.post(address, {"name": "南门"})
    assert (opened.status_code, sent.status_code) == (409, 409)
    assert ("Nothing that you sent was stored." in opened.content.decode(), "Nothing that you sent was stored." in sent.content.decode()) == (False, True)
