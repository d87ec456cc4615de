"""From the form over the preview to the receipt: what is typed, saved, refused and filed."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from activities.models import Measure, ReportDraft, ReportVersion
from activities.services import save_draft
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_of, form_url, send
from tests.factories import current, file, make_user
from tests.personas import MARCH_5, MARCH_6

pytestmark = pytest.mark.usefixtures("clock")


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
