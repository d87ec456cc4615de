"""A roster from the first post to the hand-over, in real browsers: the organiser at a desk, whoever serves with a telephone."""

from datetime import datetime, time
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from branches.access import Role
from branches.models import Branch
from members.models import Assignment, HandOver, Shift
from portal.accounts.models import User
from tests.browser.walks import DESK, SMALL, Walk, overflow
from tests.factories import make_person, make_user
from tests.personas import MARCH_6, MARCH_7, City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


def shift_at(day: Any, hour: int) -> Shift:
    shift: Shift = Shift.objects.get(during__startswith=timezone.make_aware(datetime.combine(day, time(hour))))
    return shift


def somebody(name: str, city: City, branch: Branch) -> User:
    """Somebody of the branch with a sign-in, who came after the roster was filled and so is on no shift."""
    return make_user(name, (Role.MEMBER, branch), person=make_person(name, city.company, branch))


@pytest.fixture
def desk(walk: Walk, organiser: User, city: City, branch: Branch) -> Page:
    """The organiser's desk, for a branch with enough people for a gate."""
    for number in range(7):
        make_person(f"值守{number}", city.company, branch)
    return walk.as_somebody(organiser, DESK)


def fill_the_week(desk: Page, branch: Branch) -> None:
    desk.goto(reverse("roster:roster_today", args=[branch.public_id]))
    expect(desk.get_by_role("heading", name="No post yet")).to_be_visible()
    desk.get_by_role("link", name="Add posts").click()
    desk.fill("[name=names]", "东门")
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_text("Saved. Now fill the roster.")).to_be_visible()
    desk.get_by_role("button", name="Fill", exact=True).click()
    expect(desk.get_by_text("Places still empty: 0.")).to_be_visible()
    expect(desk.locator("table.roster tbody tr").first).to_contain_text("东门")
    desk.get_by_role("link", name="Week sheet").click()
    expect(desk.locator("table.week")).to_contain_text("值守0")
    expect(desk.locator("table.week a.cell.short")).to_have_count(0)


def put_on(desk: Page, shift: Shift, name: str) -> None:
    desk.goto(reverse("roster:shift_detail", args=[shift.public_id]))
    value = desk.locator("select[name=person] option", has_text=name).get_attribute("value")
    desk.select_option("select[name=person]", value)
    desk.get_by_role("button", name="Put on the shift").click()
    expect(desk.get_by_text(f"{name} is on the shift.")).to_be_visible()


def test_a_week_is_filled_people_check_in_swap_and_hand_over(walk: Walk, desk: Page, city: City, branch: Branch) -> None:
    fill_the_week(desk, branch)
    first, second = somebody("示例甲", city, branch), somebody("示例乙", city, branch)
    now, following, later = shift_at(MARCH_6, 16), shift_at(MARCH_7, 0), shift_at(MARCH_7.replace(day=9), 8)
    put_on(desk, now, "示例甲")

    # The code stands at the post; a wrong one is refused beside the field.
    desk.get_by_role("link", name="Code at the post").click()
    code = desk.locator(".digits").inner_text()
    phone = walk.as_somebody(first, SMALL)
    phone.goto(reverse("roster:own_shifts"))
    phone.get_by_role("link", name="Check in").click()
    phone.fill("[name=code]", f"{(int(code) + 1) % 10000:04d}")
    phone.get_by_role("button", name="Check in").click()
    expect(phone.get_by_role("alert").first).to_be_visible()
    phone.fill("[name=code]", code)
    phone.get_by_role("button", name="Check in").click()
    expect(phone.get_by_text("You are checked in.")).to_be_visible()
    desk.goto(reverse("roster:hours"))
    expect(desk.locator("table.data")).to_contain_text("示例甲")

    # A shift to come goes to a colleague, once they agree.
    put_on(desk, later, "示例甲")
    phone.goto(reverse("roster:own_shifts"))
    phone.get_by_role("link", name="Swap").click()
    phone.select_option("[name=colleague]", label="示例乙")
    phone.get_by_role("button", name="Ask").click()
    expect(phone.get_by_text("示例乙 is asked. Until they agree you stay on the shift.")).to_be_visible()
    other = walk.as_somebody(second, SMALL)
    other.goto(reverse("roster:own_shifts"))
    expect(other.get_by_text("示例甲 asks you to take")).to_be_visible()
    other.get_by_role("button", name="Agree").click()
    expect(other.get_by_text("Saved.")).to_be_visible()
    expect(other.locator("main")).to_contain_text("9 March")
    phone.goto(reverse("roster:own_shifts"))
    expect(phone.locator("main")).not_to_contain_text("9 March")
    assert list(Assignment.objects.filter(shift=later, person__in=[first.person, second.person]).values_list("person", flat=True)) == [second.person_id]

    # Whoever goes writes what is left, whoever comes signs what they read.
    put_on(desk, following, "示例乙")
    phone.get_by_role("link", name="Hand-over").click()
    phone.fill("[name=notes]", "西侧通口已封")
    phone.get_by_role("button", name="Sign and hand over").click()
    expect(phone.get_by_text("Somebody of the next shift still has to sign.")).to_be_visible()
    other.goto(reverse("roster:hand_over", args=[now.public_id]))
    expect(other.get_by_text("西侧通口已封")).to_be_visible()
    other.get_by_role("button", name="I take this over").click()
    expect(other.get_by_text("Taken over.", exact=True)).to_be_visible()
    row = HandOver.objects.get(shift=now)
    assert (row.outgoing_by, row.incoming_by) == (first, second)
    for page in (phone, other):
        assert overflow(page) <= 0


def test_several_people_live_on_site_and_one_of_them_leaves(walk: Walk, desk: Page, organiser: User, branch: Branch) -> None:
    phone = walk.as_somebody(organiser, SMALL)
    phone.goto(reverse("roster:on_site", args=[branch.public_id]))
    phone.get_by_role("link", name="Write down who lives on site").click()
    for name in ("值守0", "值守1"):
        phone.get_by_label(name).check()
    phone.fill("[name=place]", "居委会二楼")
    phone.get_by_role("button", name="Save").click()
    expect(phone.locator(".lead .big")).to_contain_text("2 people live on site")
    expect(phone.get_by_role("heading", name="居委会二楼")).to_be_visible()
    phone.get_by_label("值守0").check()
    phone.get_by_role("button", name="End for the ticked ones").click()
    expect(phone.get_by_text("The stay of 1 person ends then.")).to_be_visible()
    phone.fill("#day", "2020-03-07")
    phone.get_by_role("button", name="Show").click()
    expect(phone.locator(".lead .big")).to_contain_text("1 person lives on site")
    assert overflow(phone) <= 0
