"""Pages of the roster: what an organiser does with a phone, what an official sees."""

import csv
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from branches.models import Branch
from members.models import Assignment, DutyPost, Person, Shift, TimeOff
from portal.accounts.models import User
from tests.factories import make_person
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def crew(city: City, branch: Branch) -> list[Person]:
    """Eight more people in the branch."""
    return [make_person(f"值守{number}", city.company, branch) for number in range(8)]


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def posts(organiser: User, branch: Branch, **typed: str) -> Any:
    values = {"names": "东门\n西门\n东门", "duty": "checkpoint", "people": "1", "pattern": "three", "first_day": "2020-03-06", **typed}
    return client_of(organiser).post(reverse("roster:post_add", args=[branch.public_id]), values)


def fill(organiser: User, branch: Branch, **typed: str) -> Any:
    values = {"first_day": "2020-03-06", "last_day": "2020-03-08", **typed}
    return client_of(organiser).post(reverse("roster:roster_fill", args=[branch.public_id]), values, follow=True)


def test_posts_are_added_by_their_names_and_the_roster_fills_itself(organiser: User, branch: Branch, crew: list[Person]) -> None:
    assert posts(organiser, branch).status_code == 302
    assert sorted(DutyPost.objects.values_list("name", flat=True)) == ["东门", "西门"]

    shown = fill(organiser, branch).content.decode()

    assert "Places filled: 18. Places still empty: 0." in shown
    assert "东门" in shown


def test_own_times_are_taken_and_half_a_shift_is_refused_beside_the_field(organiser: User, branch: Branch) -> None:
    refused = posts(organiser, branch, pattern="own", start_1="07:00", end_1="12:30", start_2="19:00")
    assert refused.status_code == 422
    assert "Fill in both ends of the shift." in refused.content.decode()

    posts(organiser, branch, pattern="own", start_1="07:00", end_1="12:30", start_2="19:00", end_2="02:00")
    assert [str(each) for each in DutyPost.objects.all()[0].times.all()] == ["07:00–12:30", "19:00–02:00"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"first_day": "2020-03-05"}, "What is over is not planned any more."),
        ({"last_day": "2020-03-05"}, "The end is before the start."),
        ({"last_day": "2020-04-30"}, "Fill 31 days at most at a time."),
    ],
)
def test_an_impossible_span_is_refused_in_words(organiser: User, branch: Branch, typed: dict[str, str], sentence: str) -> None:
    posts(organiser, branch)
    shown = fill(organiser, branch, **typed)
    assert shown.status_code == 422
    assert sentence in shown.content.decode()


def test_what_stays_empty_is_listed_with_the_reasons(organiser: User, branch: Branch) -> None:
    posts(organiser, branch)
    shown = fill(organiser, branch, last_day="2020-03-06").content.decode()
    assert "1 is on another shift" in shown
    assert "1 would rest less than 8 hours" in shown


def test_a_warning_is_read_before_a_rest_is_set_aside(organiser: User, branch: Branch, crew: list[Person]) -> None:
    posts(organiser, branch, names="东门")
    fill(organiser, branch, first_day="2020-03-07", last_day="2020-03-07")
    morning, noon, _night = Shift.objects.order_by("during")
    noon.assignments.all().delete()
    tired = morning.assignments.get().person
    address = reverse("roster:shift_detail", args=[noon.public_id])
    typed = {"person": str(tired.public_id), "seen": "0"}

    warned = client_of(organiser).post(address, typed)
    assert warned.status_code == 422
    assert "Rests less than 8 hours" in warned.content.decode()
    assert not noon.assignments.exists()

    assert client_of(organiser).post(address, {**typed, "despite": "on"}).status_code == 302
    assert noon.assignments.get().person == tired


def test_an_official_sees_short_posts_first_and_no_names(official: User, organiser: User, branch: Branch) -> None:
    posts(organiser, branch)
    fill(organiser, branch, last_day="2020-03-06")

    shown = client_of(official).get(reverse("roster:shift_list")).content.decode()
    assert "shifts are short of people now" in shown or "shift is short of people now" in shown
    day = client_of(official).get(reverse("roster:roster_day", args=[branch.public_id, MARCH_6])).content.decode()
    assert "示*" in day
    assert "示例书记" not in day


def test_the_list_without_a_question_shows_today_and_tomorrow_and_its_file_the_same(
    organiser: User, official: User, branch: Branch, crew: list[Person]
) -> None:
    posts(organiser, branch)
    fill(organiser, branch, last_day="2020-03-10")

    answer: Any = client_of(official).get(reverse("roster:shift_export", args=["csv"]))
    rows = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))

    assert len(rows) == 1 + 12
    assert {row[0] for row in rows[1:]} == {"2020-03-06", "2020-03-07"}
    assert Assignment.objects.count() == 30


def test_somebody_taken_off_twice_is_off_once_and_said_so(organiser: User, branch: Branch, crew: list[Person], clock: Clock) -> None:
    posts(organiser, branch, names="东门")
    fill(organiser, branch, first_day="2020-03-07", last_day="2020-03-07")
    shift = Shift.objects.order_by("during")[1]
    person, address = shift.assignments.get().person, reverse("roster:shift_change", args=[shift.public_id])

    for sentence in ("is off the shift.", "Nobody of that name is on the shift any more."):
        assert sentence in client_of(organiser).post(address, {"person": str(person.public_id)}, follow=True).content.decode()
    assert not shift.assignments.exists()


@pytest.mark.parametrize("people", ["0", "51", "zwei", "²"])
def test_how_many_a_shift_needs_is_between_one_and_fifty(organiser: User, branch: Branch, people: str) -> None:
    posts(organiser, branch)
    fill(organiser, branch)
    shift = Shift.objects.order_by("during")[0]
    shown = client_of(organiser).post(reverse("roster:shift_change", args=[shift.public_id]), {"people": people}, follow=True)
    assert "between 1 and 50" in shown.content.decode()


def test_whoever_is_off_until_nobody_knows_when_is_listed_and_may_serve_again(organiser: User, branch: Branch, crew: list[Person]) -> None:
    address = reverse("roster:time_off", args=[branch.public_id])
    typed = {"person": str(crew[0].public_id), "reason": "ill", "first_day": "2020-03-05", "last_day": ""}
    shown = client_of(organiser).post(address, typed, follow=True).content.decode()
    off = TimeOff.objects.get()
    end = reverse("roster:time_off_end", args=[off.public_id])

    assert end in shown
    assert end not in client_of(organiser).post(end, follow=True).content.decode()
