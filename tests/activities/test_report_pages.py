"""The organiser's pages: home, form, preview, receipt, list, a report with its versions."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from activities.models import DailyReport, Measure, ReportDraft, ReportVersion
from activities.services import Figure, Participation, Work, accept, file_daily_report, return_to_branch, save_draft
from branches.access import Role
from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.factories import PASSWORD, current, file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")

REPORT = "activities:report_edit"


def client_of(user: User, *, english: bool = True, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf, headers={"accept-language": "en"} if english else {})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form_url(branch: Branch, day: date = MARCH_6, name: str = REPORT) -> str:
    return reverse(name, args=[branch.public_id, day])


def form_of(page: Any) -> dict[str, str]:
    """What a browser without script would send back from a page: hidden inputs, texts, checked radios and chosen options."""
    html = page.content.decode()
    body = html[html.index('<form class="form"') : html.index("</form>", html.index('<form class="form"'))]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        attrs = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attrs.get("type") in {"radio", "checkbox"} and " checked" not in tag:
            continue
        if "name" in attrs and attrs["name"] != "ask":
            fields[attrs["name"]] = attrs.get("value", "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s*([^<]*)</textarea>', body):
        fields[name] = text
    return fields


def send(client: Client, url: str, page: Any, **typed: str) -> Any:
    return client.post(url, {**form_of(page), **typed})


def test_the_form_asks_first_for_what_the_branch_usually_reports(branch: Branch, organiser: User) -> None:
    for back in range(1, 4):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, stalls_moved_on=3, vehicles=186)

    page = client_of(organiser).get(form_url(branch))

    codes = [row.metric.code for section in page.context["form"].usual_sections() for row in section.rows]
    assert codes == ["vehicles", "stalls_moved_on"]
    rows = [row for section in page.context["form"].usual_sections() for row in section.rows]
    assert (rows[0].past.day, rows[0].past.text) == ("yesterday", "186")
    assert b"due 23:30, 2 h 30 min left" in page.content


def test_a_branch_without_history_is_asked_for_the_gate_first(branch: Branch, organiser: User) -> None:
    page = client_of(organiser).get(form_url(branch))
    assert "vehicles" in page.context["form"].sheet.usual


def test_yesterday_stands_beside_the_field_with_its_qualifier(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200, qualifiers={"vehicles": "nearly"})
    page = client_of(organiser, english=False).get(form_url(branch))
    assert "昨日 近200" in page.content.decode()


def past_of(client: Client, branch: Branch, day: date = MARCH_6) -> dict[str, tuple[str, str]]:
    """What stands beside each field: when it was given, and the figure."""
    form = client.get(form_url(branch, day)).context["form"]
    rows = [row for section in [*form.usual_sections(), *form.other_sections()] for row in section.rows]
    return {row.metric.code: (row.past.day, row.past.text) for row in rows if row.past}


def test_yesterdays_weight_stands_in_the_unit_that_the_field_has(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, goods_unloaded=7620, units={"goods_unloaded": "jin"})
    client = client_of(organiser, english=False)
    assert past_of(client, branch) == {"goods_unloaded": ("昨日", "3,810公斤")}
    file(branch, MARCH_6, by=organiser, goods_unloaded=5740, units={"goods_unloaded": "jin"})
    assert past_of(client, branch) == {"goods_unloaded": ("昨日", "7,620斤")}
    html = client.get(form_url(branch)).content.decode()
    assert re.findall(r'<span data-in-unit="(\w*)"( hidden)?>([^<]+)', html) == [
        ("jin", "", "7,620斤"),
        ("t", " hidden", "3.81吨"),
        ("", " hidden", "3,810公斤"),
    ]


def test_a_figure_not_given_yesterday_stands_with_the_day_it_was_given(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_5 - timedelta(days=20), by=organiser, home_isolated=4, turned_back=1)
    file(branch, MARCH_5 - timedelta(days=2), by=organiser, vehicles=770)
    version = file(branch, MARCH_5, by=organiser, person_entries=9).version
    client = client_of(organiser)
    # A value that holds is as old as it is; other figures of weeks ago say nothing any more.
    expected = {"vehicles": ("3 Mar", "770"), "home_isolated": ("14 Feb", "4"), "person_entries": ("yesterday", "9")}
    assert past_of(client, branch) == expected
    assert client.get(form_url(branch)).context["missed_eve"] == ""

    return_to_branch(actor=reviewer, version=version, note="请核对")
    assert past_of(client, branch) == {code: past for code, past in expected.items() if code != "person_entries"}
    assert "The report of yesterday was returned" in client.get(form_url(branch)).content.decode()
    assert "No report counts for 4 March" in client.get(form_url(branch, MARCH_5)).content.decode()
    assert past_of(client, branch, MARCH_5 - timedelta(days=1))["vehicles"] == ("3 Mar", "770")


def test_a_branch_that_never_reported_is_not_told_that_yesterday_is_missing(branch: Branch, organiser: User) -> None:
    assert client_of(organiser).get(form_url(branch)).context["missed_eve"] == ""


def test_a_correction_is_looked_through_with_what_changes_first(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=770, turned_back=2, errands=4)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    preview = send(client, url, page, action="preview", v_errands="", v_turned_back="２", v_vehicles="777")
    assert [(row.label, row.before, row.text) for row in preview.context["changed"]] == [
        ("vehicles registered", "770 vehicle-times", "777 vehicle-times"),
        ("errands run", "4 person-times", "left blank"),
    ]
    assert [row.label for row in preview.context["rows"]] == ["turned back"]
    assert b"No figure changes" in send(client, url, page, action="preview").content


def test_a_draft_is_called_one_on_the_home_page_and_on_the_form(branch: Branch, organiser: User, clock: Clock) -> None:
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"v_vehicles": "77"}, base=0)
    client = client_of(organiser)
    for moment in (clock.moment, branch.due_at(MARCH_6) + MINUTE):
        clock.move_to(moment)
        assert client.get(form_url(branch)).context["state"] == "draft"
        assert [row.state for row in client.get(reverse("activities:today")).context["rows"]] == ["draft"]


def test_a_day_past_its_due_time_is_missing_on_the_home_page_and_on_the_form(branch: Branch, organiser: User, clock: Clock) -> None:
    client = client_of(organiser)
    states = []
    for moment in (clock.moment, branch.due_at(MARCH_6) + MINUTE):
        clock.move_to(moment)
        states.append((client.get(form_url(branch)).context["state"], client.get(reverse("activities:today")).context["rows"][0].state))
    assert states == [("due", "due"), ("missing", "missing")]


def test_a_branch_that_owes_nothing_has_nothing_to_be_filed(city: City) -> None:
    quiet = make_branch(city.community, "安静临时党支部", reports_daily=False)
    client = client_of(make_user("clerk", (Role.ORGANISER, quiet)))
    for page in (client.get(form_url(quiet)), client.get(reverse("activities:today"))):
        assert 'class="pill' not in page.content.decode()


def test_the_home_page_counts_what_waits(branch: Branch, organiser: User, reviewer: User) -> None:
    return_to_branch(actor=reviewer, version=file(branch, MARCH_5, by=organiser, vehicles=200).version, note="请核对")
    page = client_of(organiser).get(reverse("activities:today"))
    assert page.context["waiting"] == "1 report is still to be filed, 1 report was returned, 6 past days are missing"


def test_a_kind_named_like_its_only_figure_is_said_once(branch: Branch, organiser: User) -> None:
    version = file(branch, MARCH_5, by=organiser, duty_person_times=8, vehicles=3).version
    client = client_of(organiser, english=False)
    receipt = client.get(reverse("activities:report_receipt", args=[version.public_id])).content.decode()
    assert re.findall(r'<h3 class="kind">([^<]+)', receipt) == ["卡口出入"]
    form = client.get(form_url(branch)).context["form"]
    assert [(section.label, section.says_its_row) for section in form.usual_sections()] == [("卡口出入", False), ("值守", True)]


def test_without_script_a_day_goes_from_form_over_preview_to_receipt(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)

    preview = send(client, url, page, action="preview", v_vehicles="２００", q_vehicles="nearly", v_goods_unloaded="1.5", u_goods_unloaded="t")
    assert preview.status_code == 200
    assert "nearly 200 vehicle-times" in preview.content.decode()
    assert not ReportVersion.objects.exists()

    answer = send(client, url, preview, action="file")
    version = ReportVersion.objects.get()
    assert answer.url == reverse("activities:report_receipt", args=[version.public_id])
    receipt = client.get(answer.url)
    assert version.receipt in receipt.content.decode()
    assert Measure.objects.get(metric__code="goods_unloaded").value == 1500
    assert not ReportDraft.objects.exists()


def test_the_preview_names_the_usual_figures_that_stay_blank(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=186, turned_back=3)
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    assert preview.context["missing"] == "turned back"
    send(client, url, preview, action="file")
    assert not Measure.objects.filter(entry__version=current(branch, MARCH_6), metric__code="turned_back").exists()


def test_the_preview_warns_about_a_figure_three_times_as_high_and_does_not_refuse_it(branch: Branch, organiser: User) -> None:
    for back in range(1, 6):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, vehicles=180 + back)
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="1800")
    assert "More than three times what is usual here (about 180 vehicle-times)." in preview.content.decode()
    assert send(client, url, preview, action="file").status_code == 302


def test_zero_is_a_figure_and_blank_is_missing(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="0", v_turned_back=" ")
    send(client, url, preview, action="file")
    assert list(Measure.objects.values_list("metric__code", "value")) == [("vehicles", Decimal(0))]


def test_the_rest_are_zero_names_the_fields_and_is_undone(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=186, turned_back=3, errands=12)
    client, url = client_of(organiser), form_url(branch)

    filled = send(client, url, client.get(url), action="zero", v_vehicles="200")
    assert filled.context["zeroed_names"] == "turned back, errands run"
    assert (form_of(filled)["v_turned_back"], form_of(filled)["v_vehicles"]) == ("0", "200")

    undone = send(client, url, filled, action="unzero")
    assert (form_of(undone)["v_turned_back"], form_of(undone)["v_vehicles"]) == ("", "200")


def test_a_draft_is_saved_without_script_and_found_again(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    assert send(client, url, client.get(url), action="draft", v_vehicles="12x").status_code == 302
    again = client.get(url)
    assert form_of(again)["v_vehicles"] == "12x"
    assert b"Draft saved 21:00" in again.content
    assert not ReportVersion.objects.exists()


def test_a_draft_of_one_clerk_is_not_shown_to_another(branch: Branch, organiser: User) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    save_draft(user=colleague, branch=branch, day=MARCH_6, data={"v_vehicles": "77"}, base=0)
    assert form_of(client_of(organiser).get(form_url(branch)))["v_vehicles"] == ""


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2OO", "This is not a number. Type digits only, such as 200."),
        ("1" + "0" * 20, "This number is too large. Figures stay below 1,000,000,000,000,000."),
        ("-3", "A figure cannot be below zero."),
        ("1.5", "Counts are whole numbers: nothing may follow the decimal point."),
        ("12,34", "The separator stands in an unusual place. Type the number without separators, such as 1234 or 12.34."),
        ("约200", "Type the number alone; choose “nearly”, “over”, “about” or “at least” beside it."),
    ],
)
def test_what_is_no_figure_is_said_beside_its_field_and_nothing_is_lost(branch: Branch, organiser: User, language: str, typed: str, sentence: str) -> None:
    client, url = client_of(organiser, english=language == "en"), form_url(branch)
    for action in ("preview", "file"):
        page = send(client, url, client.get(url), action=action, v_vehicles=typed, v_turned_back="23", note="一切正常")
        with translation.override(language):
            said = translation.gettext(sentence)
        assert (language == "en") == (said == sentence)
        assert page.status_code == 422
        assert page.context["form"].errors["v_vehicles"] == [said]
        back = form_of(page)
        assert (back["v_vehicles"], back["v_turned_back"], back["note"]) == (typed, "23", "一切正常")
        assert re.search(r'name="v_vehicles"[^>]*autofocus', page.content.decode())
    assert not ReportVersion.objects.exists()


@pytest.mark.parametrize(("typed", "value"), [("１２３", 123), ("1,234", 1234), ("１，２３４", 1234), (" 200 ", 200), ("1.2万", 12000)])
def test_numbers_are_read_as_people_type_them(branch: Branch, organiser: User, typed: str, value: int) -> None:
    client, url = client_of(organiser), form_url(branch)
    send(client, url, client.get(url), action="file", v_vehicles=typed)
    assert Measure.objects.get().value == value


def test_an_unknown_figure_is_named_and_nothing_is_stored(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = send(client, url, client.get(url), action="file", v_vehicles="200", v_flying_carpets="3")
    assert page.status_code == 422
    assert "There is no figure called “flying_carpets”" in page.content.decode()
    assert not ReportVersion.objects.exists()


def test_more_satisfied_than_valid_answers_are_refused_beside_the_field(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = send(client, url, client.get(url), action="file", v_survey_valid="10", v_survey_satisfied="11")
    assert page.status_code == 422
    assert "v_survey_satisfied" in page.context["form"].errors


def test_an_empty_form_is_not_filed(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = send(client, url, client.get(url), action="file")
    assert page.status_code == 422
    assert "blank counts as missing" in page.content.decode()


@pytest.mark.parametrize("day", ["2020-02-30", "2020-13-01", "0000-00-00", "2020-3-6", "0001-01-01", "9999-12-31"])
def test_an_impossible_day_is_a_page_that_is_not_there(branch: Branch, organiser: User, day: str) -> None:
    assert client_of(organiser).get(f"/reports/{branch.public_id}/{day}/").status_code == 404


def test_tomorrow_says_that_it_is_not_here_yet_and_leads_to_today(branch: Branch, organiser: User) -> None:
    page = client_of(organiser).get(form_url(branch, MARCH_7))
    assert page.status_code == 404
    assert b"This day is not here yet." in page.content
    assert form_url(branch).encode() in page.content


def test_a_branch_outside_the_scope_is_not_there_and_one_that_is_only_read_is_forbidden(
    branch: Branch, other_branch: Branch, organiser: User, official: User, member: User, liaison: User
) -> None:
    assert client_of(organiser).get(form_url(other_branch)).status_code == 404
    assert client_of(organiser).post(form_url(other_branch), {"action": "file", "v_vehicles": "1"}).status_code == 404
    for reader in (official, member, liaison):
        assert client_of(reader).get(form_url(branch)).status_code == 403
        assert client_of(reader).post(form_url(branch), {"action": "file", "v_vehicles": "1"}).status_code == 403
    assert not DailyReport.objects.exists()


def test_a_second_tap_on_file_stores_once_and_shows_the_same_receipt(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    first, second = (send(client, url, preview, action="file") for _ in range(2))
    assert first.url == second.url
    assert ReportVersion.objects.count() == 1


def test_a_second_tap_after_the_due_time_is_no_correction(branch: Branch, organiser: User, clock: Clock) -> None:
    client, url = client_of(organiser), form_url(branch, MARCH_5)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    first, second = (send(client, url, preview, action="file") for _ in range(2))
    assert first.url == second.url


def test_a_form_sent_again_with_a_change_becomes_a_new_version_after_a_look(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    send(client, url, preview, action="file")
    again = send(client, url, preview, action="file", v_vehicles="210")
    assert again.status_code == 409
    assert "You have filed this form already" in again.content.decode()
    send(client, url, again, action="file")
    assert [version.number for version in ReportVersion.objects.order_by("number")] == [1, 2]


def test_a_supplement_before_the_due_time_starts_from_what_was_filed(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200, turned_back=23, note="一切正常")
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    assert (form_of(page)["v_vehicles"], form_of(page)["note"]) == ("200", "一切正常")
    assert b'name="reason"' not in page.content
    send(client, url, page, action="file", v_vehicles="210")
    version = current(branch, MARCH_6)
    assert version is not None
    assert (version.nature, version.note) == ("supplement", "一切正常")
    assert Measure.objects.get(entry__version=version, metric__code="turned_back").value == 23


def test_after_the_due_time_a_correction_asks_for_its_reason(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    assert b'name="reason"' in page.content
    refused = send(client, url, page, action="preview", v_vehicles="210")
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["reason"])
    preview = send(client, url, refused, action="preview", reason="二号门漏计")
    send(client, url, preview, action="file")
    version = current(branch, MARCH_6)
    assert version is not None
    assert (version.nature, version.reason) == ("correction", "二号门漏计")


def test_what_a_form_cannot_show_stays_in_the_next_version(branch: Branch, city: City, organiser: User) -> None:
    person = make_person("示例党员甲", city.company, branch)
    rounds = [Work("patrol", (Figure("patrol_rounds", Decimal(2)),), place=city.street, participants=(Participation(person, Decimal(3)),)) for _ in range(2)]
    gate = Work("checkpoint", (Figure("vehicles", Decimal(8000), qualifier="about", qualifier_text="约8000多台"),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[*rounds, gate], uid=uuid4())
    client, url = client_of(organiser), form_url(branch)

    send(client, url, client.get(url), action="file", v_turned_back="5")

    version = current(branch, MARCH_6)
    assert version is not None
    patrols = version.entries.filter(kind="patrol")
    assert [(entry.place, entry.participants.get().person, entry.measures.get().value) for entry in patrols] == [(city.street, person, Decimal(2))] * 2
    [checkpoint] = version.entries.filter(kind="checkpoint")
    assert sorted(checkpoint.measures.values_list("metric__code", "qualifier_text")) == [("turned_back", ""), ("vehicles", "约8000多台")]


# --- Somebody else, another tab, a lost sign-in ---------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["preview", "file"])
def test_figures_that_only_one_side_changed_are_merged_without_a_question(branch: Branch, organiser: User, action: str) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch), name="示例同事")
    file(branch, MARCH_6, by=organiser, vehicles=200, turned_back=23)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    file(branch, MARCH_6, by=colleague, vehicles=200, turned_back=25)

    merged = send(client, url, page, action=action, v_vehicles="210")
    assert merged.status_code == 409
    assert "示例同事 filed this report at 21:00" in merged.content.decode()
    assert "Taken over from what was filed meanwhile: turned back." in merged.content.decode()
    assert (form_of(merged)["v_vehicles"], form_of(merged)["v_turned_back"]) == ("210", "25")
    assert merged.context["questions"] == []
    assert send(client, url, merged, action="file").status_code == 302


@pytest.mark.parametrize(("pick", "value"), [("mine", 210), ("theirs", 220)])
def test_a_figure_that_both_changed_is_asked_about(branch: Branch, organiser: User, pick: str, value: int) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    file(branch, MARCH_6, by=organiser, vehicles=200)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    file(branch, MARCH_6, by=colleague, vehicles=220)

    asked = send(client, url, page, action="file", v_vehicles="210")
    [question] = asked.context["questions"]
    assert (asked.status_code, question.mine, question.theirs) == (409, "210 vehicle-times", "220 vehicle-times")
    unanswered = send(client, url, asked, action="file", ask="vehicles")
    assert unanswered.status_code == 422
    assert [question.name for question in unanswered.context["questions"]] == ["vehicles"]

    assert send(client, url, unanswered, action="file", ask="vehicles", pick_vehicles=pick).status_code == 302
    assert Measure.objects.get(entry__version=current(branch, MARCH_6)).value == value


def test_a_second_tab_is_merged_like_somebody_else(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    first_tab, second_tab = client.get(url), client.get(url)
    send(client, url, first_tab, action="file", v_vehicles="200")
    merged = send(client, url, second_tab, action="file", v_turned_back="23")
    assert merged.status_code == 409
    assert (form_of(merged)["v_vehicles"], form_of(merged)["v_turned_back"]) == ("200", "23")


def test_a_draft_that_somebody_overtook_is_merged_when_it_is_opened(branch: Branch, organiser: User) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"v_turned_back": "23"}, base=0)
    file(branch, MARCH_6, by=colleague, vehicles=220)
    page = client_of(organiser).get(form_url(branch))
    assert (form_of(page)["v_vehicles"], form_of(page)["v_turned_back"], form_of(page)["base"]) == ("220", "23", "1")


def test_a_lost_sign_in_leads_back_to_the_form_with_everything_typed(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    client.logout()

    wall = send(client, url, page, action="file", v_vehicles="2OO", note="夜班")
    assert wall.status_code == 302
    assert wall.url.startswith(reverse("accounts:sign_in"))
    signed_in: Any = client.post(wall.url, {"username": organiser.username, "password": PASSWORD})
    assert signed_in.url == url
    back = client.get(url)
    assert (form_of(back)["v_vehicles"], form_of(back)["note"]) == ("2OO", "夜班")
    assert b"Everything you typed is here" in back.content
    assert not ReportVersion.objects.exists()
    send(client, url, back, action="file", v_vehicles="200")
    assert form_of(client.get(url))["v_vehicles"] == "200"


def test_whoever_is_not_signed_in_sees_nothing_of_the_form(branch: Branch, db: None) -> None:
    for name in (REPORT, "activities:on_behalf"):
        assert Client().get(form_url(branch, name=name)).status_code == 302
    assert Client().get(reverse("activities:period_edit", args=[branch.public_id])).status_code == 302
    assert Client().post(form_url(branch, name="activities:draft_save"), {"v_vehicles": "1"}).status_code == 302


def test_a_form_with_an_old_token_goes_on_with_what_was_typed(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser, csrf=True), form_url(branch)
    page = client.get(url)
    refused = client.post(url, {**form_of(page), "csrfmiddlewaretoken": "x" * 64, "action": "file", "v_vehicles": "2OO", "note": "<b>夜班</b>"})
    assert refused.status_code == 403
    assert b"nothing is lost" in refused.content

    html = refused.content.decode()
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    assert kept["v_vehicles"] == "2OO"
    assert "<b>夜班" not in html
    back = client.post(url, kept)
    assert back.status_code == 200
    assert form_of(back)["v_vehicles"] == "2OO"
    assert not ReportVersion.objects.exists()


def test_a_draft_sent_by_script_answers_with_the_time(branch: Branch, organiser: User, official: User, other_branch: Branch) -> None:
    client = client_of(organiser)
    url = form_url(branch, name="activities:draft_save")
    assert client.post(url, {"v_vehicles": "12", "base": "0", "csrfmiddlewaretoken": "x"}).json() == {"saved_at": "21:00"}
    assert ReportDraft.objects.get().data == {"v_vehicles": "12"}
    assert client.get(url).status_code == 405
    assert client_of(official).post(url, {"v_vehicles": "12"}).status_code == 403
    assert client.post(form_url(other_branch, name="activities:draft_save"), {}).status_code == 404
    assert client.post(form_url(branch, MARCH_7, "activities:draft_save"), {}).status_code == 422


# --- Home, receipt, reading ----------------------------------------------------------------------------------------------


def test_returned_reports_stand_first_on_the_organisers_home(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    quiet = make_branch(city.community, "安静临时党支部")
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, vehicles=200)
    version = current(branch, MARCH_5)
    assert version is not None
    return_to_branch(actor=reviewer, version=version, note="请核对出入人次")
    clerk = make_user("clerk", (Role.ORGANISER, branch), (Role.ORGANISER, quiet))

    page = client_of(clerk).get(reverse("activities:today"))
    assert [row.branch for row in page.context["rows"]] == [branch, quiet]
    html = page.content.decode()
    assert "请核对出入人次" in html
    assert html.count("btn primary") == 1
    assert html.index("请核对出入人次") < html.index(quiet.name)


def test_home_names_missing_days_drafts_and_reports_to_confirm(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_5, by=reviewer, on_behalf=True, vehicles=200)
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"v_vehicles": "1"}, base=0)
    [row] = client_of(organiser).get(reverse("activities:today")).context["rows"]
    assert row.missing == [MARCH_6 - timedelta(days=back) for back in range(2, 8)]
    assert (row.state, len(row.to_confirm)) == ("draft", 1)


def test_who_files_for_no_branch_is_told_so(official: User) -> None:
    assert b"You file for no branch" in client_of(official).get(reverse("activities:today")).content


def test_the_receipt_shows_number_figures_and_chat_text(branch: Branch, organiser: User, official: User, other_organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200, qualifiers={"vehicles": "nearly"}).version
    url = reverse("activities:report_receipt", args=[version.public_id])
    page = client_of(organiser, english=False).get(url)
    assert version.receipt in page.content.decode()
    assert "近200" in page.context["chat_text"]
    assert client_of(official).get(url).status_code == 200
    assert client_of(other_organiser).get(url).status_code == 404


def test_a_receipt_number_is_looked_up_as_read_aloud(branch: Branch, organiser: User, other_organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    url = reverse("activities:report_list")
    spoken = version.receipt.lower().replace("-", " ")
    assert client_of(organiser).get(url, {"receipt": spoken}).context["receipt_version"] == version
    wrong = ("0" if version.receipt[0] != "0" else "1") + version.receipt[1:]
    assert client_of(organiser).get(url, {"receipt": wrong}).context["receipt_state"] == "misread"
    assert client_of(other_organiser).get(url, {"receipt": spoken}).context["receipt_state"] == "unknown"


def test_the_list_is_filtered_and_shows_nothing_outside_the_scope(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city_official: User
) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    file(branch, MARCH_5, by=organiser, vehicles=200)
    version = file(other_branch, MARCH_6, by=other_organiser, vehicles=1).version
    url = reverse("activities:report_list")

    def listed(user: User, **query: str) -> list[tuple[Branch, date]]:
        return [(report.branch, report.business_date) for report, _version in client_of(user).get(url, query).context["rows"]]

    assert listed(organiser) == [(branch, MARCH_6), (branch, MARCH_5)]
    assert len(listed(city_official)) == 3
    assert listed(city_official, since="2020-03-05", until="2020-03-05") == [(branch, MARCH_5)]
    assert listed(city_official, branch=str(other_branch.public_id)) == [(other_branch, MARCH_6)]
    assert listed(city_official, region=str(branch.region.public_id)) == [(branch, MARCH_6), (branch, MARCH_5)]
    assert listed(city_official, since="2020-03-06", state="filed") == [(other_branch, MARCH_6), (branch, MARCH_6)]
    assert listed(organiser, branch=str(other_branch.public_id)) == []
    assert listed(city_official, since="2020-02-30") == []
    assert version.receipt


def test_a_report_shows_each_version_with_what_it_changed(branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200, note="王某家")
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    file(branch, MARCH_6, by=organiser, vehicles=210, turned_back=3, reason="二号门漏计", note="王某家")
    url = reverse("activities:report_detail", args=[DailyReport.objects.get().public_id])

    page = client_of(organiser).get(url)
    newest = page.context["versions"][0]
    assert [(change.label, change.before, change.text) for change in newest.changes] == [
        ("vehicles registered", "200 vehicle-times", "210 vehicle-times"),
        ("turned back", "not reported", "3 person-times"),
    ]
    assert "王某家" in page.content.decode()
    assert AuditEntry.objects.filter(action="note.seen", actor=organiser).count() == 2

    seen = client_of(official).get(url).content.decode()
    assert "二号门漏计" in seen
    assert "王某家" not in seen
    assert not AuditEntry.objects.filter(action="note.seen", actor=official).exists()


def test_a_report_outside_the_scope_is_not_there(branch: Branch, organiser: User, other_organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    client = client_of(other_organiser)
    entry = version.entries.get()
    for name, thing in (("report_detail", version.report), ("report_receipt", version), ("entry_detail", entry)):
        assert client.get(reverse(f"activities:{name}", args=[thing.public_id])).status_code == 404


def test_an_entry_shows_a_liaison_only_their_own_people_and_no_note(branch: Branch, city: City, organiser: User, liaison: User) -> None:
    ours, others = make_person("集团甲", city.company, branch), make_person("外单位乙", city.bureau, branch)
    work = Work("patrol", (Figure("patrol_rounds", Decimal(2)),), note="张某家门口", participants=(Participation(ours, Decimal(2)), Participation(others)))
    version = file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[work], uid=uuid4()).version
    url = reverse("activities:entry_detail", args=[version.entries.get().public_id])

    seen = client_of(liaison).get(url)
    assert [part.person for part in seen.context["participants"]] == [ours]
    assert "外单位乙" not in seen.content.decode()
    assert "张某" not in seen.content.decode()
    assert b"and 1 person outside what you may see" in seen.content

    whole = client_of(organiser).get(url)
    assert len(whole.context["participants"]) == Person.objects.filter(name__in=["集团甲", "外单位乙"]).count()
    assert "张某家门口" in whole.content.decode()
    assert AuditEntry.objects.filter(action="note.seen", actor=organiser).exists()


def test_the_way_back_to_the_records_stays_on_this_site(branch: Branch, organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    url = reverse("activities:entry_detail", args=[version.entries.get().public_id])
    client = client_of(organiser)
    assert client.get(url, {"from": "/records/?metric=vehicles"}).context["back_href"] == "/records/?metric=vehicles"
    assert client.get(url, {"from": "https://elsewhere.example/"}).context["back_href"] == ""


def test_a_span_of_days_is_filed_read_back_and_returned(branch: Branch, organiser: User, official: User, reviewer: User) -> None:
    client, url = client_of(organiser), reverse("activities:period_edit", args=[branch.public_id])
    page = client.get(url)
    refused = send(client, url, page, relation="adds_to_daily", first_day="2020-03-05", last_day="2020-03-01", v_vehicles="9")
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["last_day"])
    assert send(client, url, page, relation="adds_to_daily", first_day="2020-02-30", last_day="2020-03-01", v_vehicles="9").status_code == 422
    answers = [send(client, url, page, relation="adds_to_daily", first_day="2020-03-01", last_day="2020-03-05", v_vehicles="9") for _ in range(2)]
    version = ReportVersion.objects.get()
    assert {answer.url for answer in answers} == {reverse("activities:report_receipt", args=[version.public_id])}
    assert client.get(answers[0].url).status_code == 200
    assert client.get(reverse("activities:period_detail", args=[version.report.public_id])).status_code == 200
    assert client_of(official).get(url).status_code == 403

    act = {"act": "return", "version": str(version.public_id), "next": reverse("activities:period_detail", args=[version.report.public_id])}
    refused = client_of(reviewer).post(reverse("activities:review_act"), act, follow=True)
    assert b"Say what to look at before you return a report." in refused.content
    client_of(reviewer).post(reverse("activities:review_act"), {**act, "note": "请核对"})
    version.refresh_from_db()
    assert version.state == "returned"


def test_an_organiser_withdraws_with_a_reason_and_an_official_does_not(branch: Branch, organiser: User, official: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    url = reverse("activities:report_withdraw", args=[version.public_id])
    assert client_of(official).post(url, {"reason": "x"}).status_code == 403
    client_of(organiser).post(url, {"reason": " "})
    assert current(branch, MARCH_6) is not None
    client_of(organiser).post(url, {"reason": "填错日期"})
    assert current(branch, MARCH_6) is None


def test_a_correction_of_a_punctual_report_is_not_called_late_anywhere(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    version = file(branch, MARCH_6, by=organiser, vehicles=210, reason="二号门漏计").version
    addresses = [
        reverse("activities:report_list"),
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[version.report.public_id]),
        reverse("branches:branch_detail", args=[branch.public_id]),
    ]
    client = client_of(organiser)
    assert not [address for address in addresses if "<span>Late</span>" in client.get(address).content.decode()]

    late = file(branch, MARCH_5, by=organiser, vehicles=200).version
    addresses[1:3] = [reverse("activities:report_receipt", args=[late.public_id]), reverse("activities:report_detail", args=[late.report.public_id])]
    assert [address for address in addresses if "<span>Late</span>" in client.get(address).content.decode()] == addresses


# --- Queries ---------------------------------------------------------------------------------------------------------------


def many_days(branch: Branch, organiser: User, days: int) -> None:
    for back in range(1, days + 1):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, vehicles=back, turned_back=1, group_buy_chats=4)


@pytest.mark.parametrize("days", [3, 20])
def test_the_form_takes_the_same_queries_whatever_came_before(branch: Branch, organiser: User, django_assert_num_queries: Any, days: int) -> None:
    many_days(branch, organiser, days)
    file(branch, MARCH_6, by=organiser, vehicles=200)
    client = client_of(organiser)
    with django_assert_num_queries(14):
        client.get(form_url(branch))


@pytest.mark.parametrize("days", [3, 20])
def test_home_list_and_report_take_the_same_queries_at_any_size(branch: Branch, city: City, organiser: User, django_assert_num_queries: Any, days: int) -> None:
    for number in range(days // 3):
        extra = make_branch(city.community, f"第{number}临时党支部")
        clerk = make_user(f"clerk{number}", (Role.ORGANISER, city.community))
        file(extra, MARCH_5, by=clerk, vehicles=2)
    many_days(branch, organiser, days)
    clerk = make_user("wide", (Role.ORGANISER, city.community))
    client = client_of(clerk)
    with django_assert_num_queries(8):
        client.get(reverse("activities:today"))
    with django_assert_num_queries(9):
        client.get(reverse("activities:report_list"))
    version = current(branch, MARCH_5)
    assert version is not None
    accept(actor=make_user("r", (Role.REVIEWER, city.street)), version=version)
    with django_assert_num_queries(10):
        client.get(reverse("activities:report_detail", args=[version.report.public_id]))
