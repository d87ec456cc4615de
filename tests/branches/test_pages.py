"""The list of branches, the page of one, and what an administrator changes."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches import services
from branches.access import Role
from branches.models import Branch, BranchPlace, Region, RegionPath, WorkUnit
from members.services import end_branch
from portal.accounts.models import User
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry
from tests.factories import file, give, make_branch, make_person, make_region, make_user, since
from tests.personas import MARCH_5, MARCH_6, City, Clock

LIST = "/branches/"


def page(user: User, address: str, **query: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(address, query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def status(user: User, address: str) -> int:
    client = Client()
    client.force_login(user)
    return client.get(address).status_code


def detail(branch: Branch) -> str:
    return reverse("branches:branch_detail", args=[branch.public_id])


def test_the_list_holds_the_branches_of_the_scope_and_no_others(reviewer: User, branch: Branch, other_branch: Branch) -> None:
    shown = page(reviewer, LIST)
    assert branch.name in shown
    assert other_branch.name not in shown


def test_the_list_is_in_the_order_of_the_pinyin(city: City, official: User) -> None:
    for name in ("赵庄支部", "安庄支部", "李庄支部"):
        make_branch(city.community, name)
    shown = page(official, LIST)
    assert shown.index("安庄支部") < shown.index("李庄支部") < shown.index("赵庄支部")


@pytest.mark.parametrize("words", ["望江", "望江社區", "wjsq", "ＷＪ"])
def test_a_branch_is_found_by_characters_of_either_kind_and_by_initials(official: User, branch: Branch, other_branch: Branch, words: str) -> None:
    shown = page(official, LIST, name=words)
    assert branch.name in shown
    assert other_branch.name not in shown


def test_the_list_narrows_to_a_region_a_work_unit_a_kind_and_a_state(official: User, city: City, branch: Branch, other_branch: Branch) -> None:
    for query in ({"region": str(city.street.public_id)}, {"work_unit": str(city.company.public_id)}):
        shown = page(official, LIST, **query)
        assert branch.name in shown
        assert other_branch.name not in shown
    assert branch.name not in page(official, LIST, kind="work_team")
    assert branch.name not in page(official, LIST, state="dissolved")


def test_a_region_outside_the_scope_is_no_filter(reviewer: User, city: City, branch: Branch) -> None:
    shown = page(reviewer, LIST, region=str(city.other_street.public_id))
    assert branch.name not in shown
    assert "errorlist" in shown


def test_a_page_number_that_makes_no_sense_is_the_first_page(official: User, branch: Branch) -> None:
    for number in ("0", "-1", "x", "9" * 30, "１"):
        assert branch.name in page(official, LIST, page=number)


@pytest.mark.parametrize("rows", [10, 200])
def test_the_list_asks_as_many_questions_at_any_size(official: User, city: City, rows: int) -> None:
    for number in range(rows):
        make_branch(city.community, f"第{number}支部")
    client = Client()
    client.force_login(official)
    with CaptureQueriesContext(connection) as asked:
        client.get(LIST)
    assert len(asked) == 7


def test_the_page_of_a_branch_shows_counted_and_declared_members_apart(official: User, branch: Branch) -> None:
    branch.declared_counts.create(what="members", value=43, as_of=MARCH_5)
    branch.waves.create(ordinal=1, head_count=17)
    shown = page(official, detail(branch))
    assert "43" in shown
    assert "17" in shown
    assert "示例书记" in shown
    assert "199****5678" in shown
    assert "19900005678" not in shown


def test_a_branch_outside_the_scope_is_not_found(reviewer: User, other_branch: Branch) -> None:
    assert status(reviewer, detail(other_branch)) == 404


def test_a_liaison_sees_no_name_of_another_units_officer(liaison: User, city: City, branch: Branch) -> None:
    make_person("外单位人", city.bureau, branch, "committee_member")
    shown = page(liaison, detail(branch))
    assert "示例书记" in shown
    assert "外单位人" not in shown
    assert "外***" in shown


def test_the_page_of_a_branch_lists_its_last_reports_once_each(official: User, organiser: User, branch: Branch, clock: Clock) -> None:
    file(branch, MARCH_5, by=organiser, reason="补报", vehicles=10)
    file(branch, MARCH_6, by=organiser, vehicles=10)
    latest = file(branch, MARCH_6, by=organiser, vehicles=12)
    shown = page(official, detail(branch))
    assert latest.version.receipt in shown
    assert shown.count("/reports/daily/") == 2


def test_an_administrator_sees_a_branch_without_its_reports(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=10)
    assert filed.version.receipt not in page(administrator, detail(branch))


def test_few_members_and_two_deputies_are_pointed_out_not_refused(official: User, city: City, branch: Branch) -> None:
    make_person("甲", city.company, branch, "deputy_secretary")
    shown = page(official, detail(branch))
    assert shown.count("notice warn") == 1
    make_person("乙", city.company, branch, "deputy_secretary")
    shown = page(official, detail(branch))
    assert shown.count("notice warn") == 1  # three members now, but two deputies


def test_a_branch_that_declares_its_members_is_not_one_of_too_few(official: User, branch: Branch) -> None:
    assert "notice warn" in page(official, detail(branch))
    branch.declared_counts.create(what="members", value=15)
    assert "notice warn" not in page(official, detail(branch))


def test_a_reviewer_calls_the_duty_phone_and_an_administrator_does_not_see_it(reviewer: User, administrator: User, branch: Branch) -> None:
    assert "/dashboard/call/" in page(reviewer, detail(branch))
    assert "****5678" not in page(administrator, detail(branch))


@pytest.mark.parametrize("people", [2, 40])
def test_the_page_of_a_branch_asks_at_most_15_questions(official: User, city: City, branch: Branch, people: int) -> None:
    for _ in range(people):
        make_person("", city.company, branch, "committee_member")
        branch.covers.add(make_region("小区", "compound", city.community))
    client = Client()
    client.force_login(official)
    with CaptureQueriesContext(connection) as asked:
        client.get(detail(branch))
    assert len(asked) <= 15, "\n".join(query["sql"][:200] for query in asked)


PAGES = ["branch_edit", "branch_schedule", "branch_move"]


@pytest.mark.parametrize("name", PAGES)
def test_only_the_administrator_of_the_area_opens_the_pages_that_change_a_branch(
    administrator: User, official: User, organiser: User, branch: Branch, other_branch: Branch, name: str
) -> None:
    assert status(administrator, reverse(f"branches:{name}", args=[branch.public_id])) == 200
    assert status(administrator, reverse(f"branches:{name}", args=[other_branch.public_id])) == 404
    assert status(official, reverse(f"branches:{name}", args=[branch.public_id])) == 403
    assert status(organiser, reverse(f"branches:{name}", args=[branch.public_id])) == 403


@pytest.mark.parametrize("name", ["branch_add", "region_add", "work_unit_add"])
def test_only_an_administrator_opens_the_pages_that_add(administrator: User, official: User, name: str) -> None:
    assert status(administrator, reverse(f"branches:{name}")) == 200
    assert status(official, reverse(f"branches:{name}")) == 403


def post(user: User, address: str, **data: str) -> tuple[int, str]:
    client = Client()
    client.force_login(user)
    response = client.post(address, data)
    return response.status_code, response.content.decode()


def test_an_administrator_adds_a_branch_with_what_it_covers_and_who_sends(administrator: User, city: City) -> None:
    make_region("望江苑", "compound", city.community)
    code, _ = post(
        administrator,
        reverse("branches:branch_add"),
        name="新建临时党支部",
        kind="branch",
        region="望江社區",
        covers="望江苑\n",
        sending_units="示例局\n示例一公司",
        reports_daily="on",
    )
    assert code == 302
    added = Branch.objects.get(name="新建临时党支部")
    assert added.region == city.community
    assert [region.name for region in added.covers.all()] == ["望江苑"]
    assert added.sending_units.count() == 2
    assert AuditEntry.objects.filter(action="branch.added", object_id=added.public_id).exists()


def test_a_region_of_another_area_is_refused_beside_its_field(administrator: User, city: City) -> None:
    code, shown = post(administrator, reverse("branches:branch_add"), name="越界支部", kind="branch", region="临湖社区")
    assert code == 422
    assert "临湖社区" in shown
    assert not Branch.objects.filter(name="越界支部").exists()


def test_a_name_that_fits_several_regions_is_asked_about(administrator: User, city: City) -> None:
    make_region("望江一区", "compound", city.community)
    make_region("望江二区", "compound", city.community)
    code, shown = post(administrator, reverse("branches:branch_add"), name="某支部", kind="branch", region="望江")
    assert code == 422
    assert "望江一区" in shown


def test_dates_that_contradict_each_other_are_refused_with_all_that_was_typed(administrator: User, city: City) -> None:
    branch = make_branch(city.community, "旧支部", state="dissolved", ended_on=MARCH_5)
    code, shown = post(administrator, reverse("branches:branch_edit", args=[branch.public_id]), name="改名支部", kind="branch", started_work_on="2020-03-09")
    assert code == 422
    assert "改名支部" in shown
    branch.refresh_from_db()
    assert branch.name == "旧支部"


def test_a_branch_does_not_begin_after_its_members_joined(administrator: User, branch: Branch) -> None:
    code, shown = post(administrator, reverse("branches:branch_edit", args=[branch.public_id]), name="某支部", kind="branch", started_work_on="2020-02-20")
    assert code == 422
    assert 'id="id_started_work_on_error"' in shown


def test_facts_are_changed_and_the_log_names_which(administrator: User, branch: Branch) -> None:
    code, _ = post(administrator, reverse("branches:branch_edit", args=[branch.public_id]), name="改名支部", kind="branch", established_on="2020-02-01")
    assert code == 302
    entry = AuditEntry.objects.get(action="branch.changed")
    assert entry.details == {"fields": ["name", "reports_daily"]}


def test_new_times_hold_from_their_day_and_leave_earlier_days_alone(administrator: User, branch: Branch, clock: Clock) -> None:
    tomorrow = MARCH_6 + timedelta(days=1)
    for day, due in ((MARCH_6, time(20, 0)), (tomorrow, time(21, 0))):
        services.set_schedule(actor=administrator, branch=branch, from_day=day, day_ends_at=time(0, 0), due_time=due, due_next_day=False)
    branch = Branch.objects.get(pk=branch.pk)
    assert branch.schedule_on(MARCH_5).due_time == time(23, 30)
    assert branch.schedule_on(MARCH_6).due_time == time(20, 0)
    assert branch.schedule_on(tomorrow).due_time == time(21, 0)


def test_times_are_never_set_for_days_that_have_passed(administrator: User, branch: Branch, clock: Clock) -> None:
    with pytest.raises(ValidationError):
        services.set_schedule(actor=administrator, branch=branch, from_day=MARCH_5, day_ends_at=time(0, 0), due_time=time(20, 0), due_next_day=False)


@pytest.mark.django_db(transaction=True)
def test_a_branch_moves_from_a_day_on(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    new = make_region("新社区", "community", city.street)
    services.move_branch(actor=administrator, branch=branch, region=new, from_day=MARCH_6)
    places = BranchPlace.objects.filter(branch=branch).order_by("during")
    assert [(place.region_id, place.during.lower) for place in places] == [(city.community.pk, None), (new.pk, MARCH_6)]
    branch.refresh_from_db()
    assert branch.region == new


def test_a_branch_moves_neither_out_of_the_area_nor_by_anybody_else(administrator: User, organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    with pytest.raises(Forbidden):
        services.move_branch(actor=administrator, branch=branch, region=city.other_community, from_day=MARCH_6)
    with pytest.raises(Forbidden):
        services.move_branch(actor=organiser, branch=branch, region=city.community, from_day=MARCH_6)


def test_an_administrator_of_one_branch_does_not_keep_its_host_region(branch: Branch, city: City) -> None:
    keeper = make_user("keeper", (Role.ADMINISTRATOR, branch))
    with pytest.raises(Forbidden):
        services.add_region(actor=keeper, parent=city.community, facts={"name": "某小区", "level": "compound"})


def test_a_region_is_put_below_another_from_a_day_on(city: City, clock: Clock) -> None:
    keeper = make_user("keeper", (Role.ADMINISTRATOR, city.north))
    services.reparent_region(actor=keeper, region=city.community, parent=city.other_street, from_day=MARCH_6)
    above = RegionPath.objects.filter(descendant=city.community, depth=1)
    assert above.get(during__contains=MARCH_5).ancestor == city.street
    assert above.get(during__contains=MARCH_6).ancestor == city.other_street


def test_a_region_cannot_be_put_below_itself(city: City, clock: Clock) -> None:
    keeper = make_user("keeper", (Role.ADMINISTRATOR, city.north))
    with pytest.raises(ValidationError) as refused:
        services.reparent_region(actor=keeper, region=city.street, parent=city.community, from_day=MARCH_6)
    assert "parent" in refused.value.message_dict


def test_a_region_and_a_work_unit_are_added(administrator: User, city: City) -> None:
    code, _ = post(administrator, reverse("branches:region_add"), name="某小区", level="compound", parent="望江社区")
    assert code == 302
    assert Region.objects.below(city.street, date(2020, 3, 6)).filter(name="某小区").exists()
    code, _ = post(administrator, reverse("branches:work_unit_add"), name="新公司")
    assert code == 302
    assert WorkUnit.objects.filter(name="新公司").exists()


def test_a_code_that_another_region_has_is_refused_beside_the_code(administrator: User, city: City) -> None:
    make_region("甲", "compound", city.community, code="420103001001")
    code, shown = post(administrator, reverse("branches:region_add"), name="乙", level="compound", parent="望江社区", code="420103001001")
    assert code == 422
    assert 'id="id_code_error"' in shown


def test_memberships_and_offices_end_with_the_branch(administrator: User, branch: Branch) -> None:
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    branch.refresh_from_db()
    assert (branch.state, branch.ended_on) == ("dissolved", MARCH_6)
    membership = branch.memberships.get()
    assert membership.during.upper == MARCH_6 + timedelta(days=1)
    assert membership.terms.get().during.upper == MARCH_6 + timedelta(days=1)


def test_a_branch_does_not_end_before_somebody_joined(administrator: User, city: City, branch: Branch) -> None:
    late = make_person("后来者")
    branch.memberships.create(person=late, during=since(date(2020, 3, 20)))
    with pytest.raises(ValidationError):
        end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    branch.refresh_from_db()
    assert branch.state == "active"


def test_a_branch_merges_only_into_one_that_the_administrator_keeps_too(administrator: User, city: City, branch: Branch, other_branch: Branch) -> None:
    with pytest.raises(Forbidden):
        end_branch(actor=administrator, branch=branch, last_day=MARCH_6, merged_into=other_branch)
    give(administrator, Role.ADMINISTRATOR, city.other_street)
    assert end_branch(actor=administrator, branch=branch, last_day=MARCH_6, merged_into=other_branch).state == "merged"


def test_the_first_region_of_an_empty_deployment_is_for_who_administers_everything(administrator: User, city: City) -> None:
    code, _ = post(administrator, reverse("branches:region_add"), name="新省", level="province", parent="")
    assert code == 422
    assert not Region.objects.filter(name="新省").exists()
    keeper = make_user("keeper-of-all", (Role.ADMINISTRATOR, None))
    code, _ = post(keeper, reverse("branches:region_add"), name="新省", level="province", parent="")
    assert code == 302
    assert Region.objects.get(name="新省").parents.count() == 0
