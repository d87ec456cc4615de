"""Pioneer posts: opened, claimed by Party members, released and claimed again, never by more than there are places for."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from branches.access import Role
from branches.models import Branch
from members import services as people_services
from members.models import Person, PioneerClaim, PioneerPost
from members.services import pioneers
from members.services.pioneers import PostFacts
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.threads import at_once
from tests.factories import make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def post(organiser: User, branch: Branch) -> PioneerPost:
    return pioneers.open_post(actor=organiser, branch=branch, facts=PostFacts("东门先锋岗", "守好东门"), first_day=MARCH_5)


@pytest.fixture
def colleague(city: City, branch: Branch) -> User:
    return make_user("colleague", (Role.MEMBER, branch), person=make_person("同事", city.company, branch))


def person_of(user: User) -> Person:
    assert user.person is not None
    return user.person


def claimed(user: User, post: PioneerPost, first_day: date = MARCH_6, last_day: date | None = None) -> PioneerClaim:
    return pioneers.claim_post(actor=user, post=post, person=person_of(user), first_day=first_day, last_day=last_day)


def holders(post: PioneerPost, day: date) -> list[str]:
    return sorted(post.claims.on(day).values_list("person__name", flat=True))


def _client(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


# --- Claiming -------------------------------------------------------------------------------------------------------------


def test_a_member_claims_a_post_once_however_often_they_tap(member: User, post: PioneerPost) -> None:
    assert claimed(member, post) == claimed(member, post)
    assert post.claims.count() == 1
    assert AuditEntry.objects.filter(action="pioneer_post.claimed").count() == 1


def test_the_last_place_is_gone_and_a_post_for_two_has_another(member: User, colleague: User, organiser: User, post: PioneerPost) -> None:
    claimed(member, post)
    with pytest.raises(Conflict):
        claimed(colleague, post)
    pioneers.edit_post(actor=organiser, post=post, facts=PostFacts(post.name, post.duty, places=2))
    claimed(colleague, post)
    assert holders(post, MARCH_6) == sorted([person_of(member).name, "同事"])


def test_a_released_post_is_claimed_again_and_keeps_who_held_it(member: User, colleague: User, post: PioneerPost, clock: Clock) -> None:
    claim = claimed(member, post)
    for _tap in range(2):
        pioneers.release_claim(actor=member, claim=claim, last_day=MARCH_6)
    assert pioneers.free_from(post, MARCH_6) == MARCH_7
    with pytest.raises(Conflict):
        claimed(colleague, post)
    claimed(colleague, post, MARCH_7)
    assert (holders(post, MARCH_6), holders(post, MARCH_7)) == ([person_of(member).name], ["同事"])

    clock.move_to(clock.moment + 3 * DAY)
    pioneers.release_claim(actor=colleague, claim=post.claims.get(person=colleague.person), last_day=clock.today())
    claimed(member, post, clock.today() + DAY)
    assert post.claims.filter(person=member.person).count() == 2


@pytest.mark.parametrize("kind", [Person.Kind.STAFF, Person.Kind.VOLUNTEER, Person.Kind.RESIDENT])
def test_whoever_is_no_party_member_is_refused_in_words(organiser: User, branch: Branch, post: PioneerPost, kind: Person.Kind) -> None:
    with pytest.raises(ValidationError, match="Only Party members claim a pioneer post; 某人 is recorded as"):
        pioneers.claim_post(actor=organiser, post=post, person=make_person("某人", branch=branch, kind=kind), first_day=MARCH_6)


def test_a_post_is_claimed_for_the_members_own_time_in_the_branch(organiser: User, branch: Branch, other_branch: Branch, post: PioneerPost) -> None:
    with pytest.raises(ValidationError, match="not in the branch"):
        pioneers.claim_post(actor=organiser, post=post, person=make_person(branch=other_branch), first_day=MARCH_6)
    leaving = make_person(branch=branch)
    people_services.end_membership(actor=organiser, membership=leaving.memberships.get(), last_day=MARCH_7)
    claim = pioneers.claim_post(actor=organiser, post=post, person=leaving, first_day=MARCH_6)
    assert claim.during.upper == MARCH_7 + DAY


def test_a_member_claims_and_releases_for_days_to_come_and_the_organiser_notes_past_ones(member: User, organiser: User, post: PioneerPost) -> None:
    with pytest.raises(ValidationError, match="from today on"):
        claimed(member, post, MARCH_5)
    claim = pioneers.claim_post(actor=organiser, post=post, person=person_of(member), first_day=MARCH_5)
    with pytest.raises(ValidationError, match="from today on"):
        pioneers.release_claim(actor=member, claim=claim, last_day=MARCH_5)
    with pytest.raises(ValidationError, match="from today on"):
        pioneers.release_claim(actor=member, claim=claim, last_day=MARCH_5 - DAY)
    pioneers.release_claim(actor=organiser, claim=claim, last_day=MARCH_5)
    assert holders(post, MARCH_6) == []


def test_what_was_claimed_by_mistake_is_taken_back_on_the_same_day(member: User, colleague: User, post: PioneerPost) -> None:
    pioneers.release_claim(actor=member, claim=claimed(member, post), last_day=MARCH_5)
    assert not post.claims.exists()
    claimed(colleague, post)


def test_nobody_claims_or_releases_for_somebody_else(
    member: User, colleague: User, official: User, other_organiser: User, other_branch: Branch, post: PioneerPost
) -> None:
    claim = claimed(member, post)
    outsider = make_user("outsider", (Role.MEMBER, other_branch), person=make_person(branch=other_branch))
    without_role = make_user("without-role", person=make_person(branch=post.branch))
    for actor in (colleague, official, other_organiser):
        with pytest.raises(Forbidden):
            pioneers.claim_post(actor=actor, post=post, person=person_of(member), first_day=MARCH_6)
        with pytest.raises(Forbidden):
            pioneers.release_claim(actor=actor, claim=claim, last_day=MARCH_6)
    for actor in (outsider, without_role):
        with pytest.raises(Forbidden):
            claimed(actor, post)
    for actor in (member, official):
        with pytest.raises(Forbidden):
            pioneers.close_post(actor=actor, post=post, last_day=MARCH_6)
        with pytest.raises(Forbidden):
            pioneers.edit_post(actor=actor, post=post, facts=PostFacts("别", "别"))


# --- The post -------------------------------------------------------------------------------------------------------------


def test_a_closed_post_releases_its_holder_and_is_claimed_no_more(member: User, organiser: User, post: PioneerPost) -> None:
    claimed(member, post)
    for _tap in range(2):
        pioneers.close_post(actor=organiser, post=post, last_day=MARCH_6)
    assert holders(post, MARCH_6) == [person_of(member).name]
    assert holders(post, MARCH_7) == []
    with pytest.raises(ValidationError, match="not open"):
        claimed(member, post, MARCH_7)


def test_fewer_places_than_are_held_are_refused(member: User, colleague: User, organiser: User, post: PioneerPost) -> None:
    facts = PostFacts(post.name, post.duty, places=2)
    post = pioneers.edit_post(actor=organiser, post=post, facts=facts)
    claimed(member, post)
    claimed(colleague, post)
    with pytest.raises(ValidationError) as refusal:
        pioneers.edit_post(actor=organiser, post=post, facts=PostFacts(post.name, post.duty))
    assert list(refusal.value.message_dict) == ["places"]


def test_the_end_of_a_membership_and_of_a_branch_release_posts(member: User, colleague: User, organiser: User, city: City, post: PioneerPost) -> None:
    claimed(member, post)
    people_services.end_membership(actor=organiser, membership=person_of(member).memberships.get(), last_day=MARCH_6)
    assert holders(post, MARCH_7) == []

    claimed(colleague, post, MARCH_7)
    administrator = make_user("keeper", (Role.ADMINISTRATOR, city.street))
    people_services.end_branch(actor=administrator, branch=post.branch, last_day=MARCH_7)
    post.refresh_from_db()
    assert post.during.upper == MARCH_7 + DAY
    assert holders(post, MARCH_7 + DAY) == []


# --- At once --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_members_claim_the_last_place_and_one_gets_it(member: User, colleague: User, post: PioneerPost) -> None:
    outcomes = at_once(lambda: claimed(member, post), lambda: claimed(colleague, post))
    assert sorted(outcomes) == ["Conflict", "done"]
    assert post.claims.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_tap_claims_a_post_once(member: User, post: PioneerPost) -> None:
    assert at_once(*[lambda: claimed(member, post)] * 3) == ["done"] * 3
    assert post.claims.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_post_is_closed_while_it_is_claimed_and_nobody_holds_it_afterwards(member: User, organiser: User, post: PioneerPost) -> None:
    outcomes = at_once(lambda: claimed(member, post, MARCH_7), lambda: pioneers.close_post(actor=organiser, post=post, last_day=MARCH_6))
    assert outcomes in (["done", "done"], ["done", "ValidationError"], ["ValidationError", "done"])
    assert holders(post, MARCH_7) == []


# --- Pages ----------------------------------------------------------------------------------------------------------------


def test_a_member_claims_and_releases_on_the_page_of_the_post(member: User, colleague: User, post: PioneerPost) -> None:
    address, claim = reverse("squads:post_detail", args=[post.public_id]), reverse("squads:post_claim", args=[post.public_id])
    assert "Claim this post" in _client(member).get(address).content.decode()
    assert "The post is claimed." in _client(member).post(claim, {"first_day": "2020-03-06"}, follow=True).content.decode()

    refused = _client(colleague).post(claim, {"first_day": "2020-03-06"})
    assert refused.status_code == 422
    assert "Somebody else was quicker" in refused.content.decode()

    held = post.claims.get()
    assert "Release" in _client(member).get(address).content.decode()
    _client(member).post(reverse("squads:claim_release", args=[held.public_id]), {"last_day": "2020-03-06"})
    assert "A place is free from" in _client(colleague).get(address).content.decode()


def test_an_organiser_notes_a_claim_and_is_told_of_whoever_is_no_member(organiser: User, branch: Branch, member: User, post: PioneerPost) -> None:
    volunteer = make_person("志愿者某", branch=branch, kind=Person.Kind.VOLUNTEER)
    address = reverse("squads:post_claim", args=[post.public_id])
    refused = _client(organiser).post(address, {"person": str(volunteer.public_id), "first_day": "2020-03-06"})
    assert refused.status_code == 422
    assert "Only Party members claim a pioneer post" in refused.content.decode()
    _client(organiser).post(address, {"person": str(person_of(member).public_id), "first_day": "2020-03-06"})
    assert holders(post, MARCH_6) == [person_of(member).name]


def test_the_sign_has_the_duty_and_the_holders_name(organiser: User, member: User, post: PioneerPost) -> None:
    claimed(member, post)
    page = _client(organiser).get(reverse("squads:post_sign", args=[post.public_id])).content.decode()
    assert all(words in page for words in ("Party Member Pioneer Post", post.name, post.duty, person_of(member).name))


def test_the_list_says_which_posts_are_held_and_which_are_free(organiser: User, official: User, member: User, branch: Branch, post: PioneerPost) -> None:
    claimed(member, post)
    pioneers.open_post(actor=organiser, branch=branch, facts=PostFacts("送药先锋岗", "送药"), first_day=MARCH_5)

    def shown(**query: str) -> set[str]:
        page = _client(official).get(reverse("squads:post_list"), query).content.decode()
        return {name for name in ("东门先锋岗", "送药先锋岗") if name in page}

    assert shown() == {"东门先锋岗", "送药先锋岗"}
    assert shown(state="held") == {"东门先锋岗"}
    assert shown(state="free") == {"送药先锋岗"}
    assert shown(day="2020-03-05", state="held") == set()


@pytest.mark.django_db(transaction=True)
def test_the_list_goes_into_a_file_without_names_of_people(official: User, member: User, post: PioneerPost) -> None:
    claimed(member, post)
    text = b"".join(_client(official).get(reverse("squads:post_export", args=["csv"])).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "东门先锋岗" in text
    assert person_of(member).name not in text
