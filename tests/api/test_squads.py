"""Squads and pioneer posts over the API: who reads which, and whose names in full."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from branches.access import Role
from branches.models import Branch
from members.services import pioneers, squads
from members.services.pioneers import PostFacts
from members.services.squads import SquadFacts
from portal.accounts.models import User
from tests.api.conftest import Caller
from tests.factories import make_person, make_user
from tests.personas import MARCH_5, City

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


@pytest.fixture
def kept(organiser: User, branch: Branch, city: City) -> None:
    person = make_person("欧阳示例", city.company, branch)
    squads.found_squad(actor=organiser, branch=branch, facts=SquadFacts("示例突击队"), first_day=MARCH_5, uid=uuid4(), leader=person, grids=[city.community])
    post = pioneers.open_post(actor=organiser, branch=branch, facts=PostFacts("东门先锋岗", "守好东门"), first_day=MARCH_5)
    pioneers.claim_post(actor=organiser, post=post, person=person, first_day=MARCH_5)


@pytest.mark.usefixtures("kept")
def test_another_system_reads_squads_and_posts_with_masked_names(call: Call, client_machine: User) -> None:
    (squad,) = call(client_machine).rows("squads/")
    assert {name: squad[name] for name in ("name", "kind", "people")} == {"name": "示例突击队", "kind": "shock", "people": 1}
    assert [(each["name"], each["leads"]) for each in squad["members"]] == [("欧***", True)]
    assert [grid["region"]["name"] for grid in squad["grids"]] == ["望江社区"]

    (post,) = call(client_machine).rows("pioneer-posts/", {"state": "held"})
    assert (post["held"], [claim["name"] for claim in post["claims"]]) == (1, ["欧***"])
    assert call(client_machine).rows("pioneer-posts/", {"state": "free"}) == []
    assert call(client_machine).rows("squads/", {"kind": "patrol"}) == []
    assert call(client_machine).rows("squads/", {"day": "2020-03-04"}) == []


@pytest.mark.usefixtures("kept")
def test_whoever_sees_a_person_reads_their_name_and_nobody_else_does(call: Call, city: City, organiser: User, other_organiser: User) -> None:
    community = make_user("community", (Role.COMMUNITY, city.community))
    assert call(organiser).rows("squads/")[0]["members"][0]["name"] == "欧阳示例"
    (member,) = call(community).rows("squads/")[0]["members"]
    assert (member["name"], member["person"]) == ("欧***", None)
    assert call(other_organiser).rows("squads/") == []
