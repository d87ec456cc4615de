"""The form of a day in a real browser: drafts, no network, a lost sign-in, two tabs, and no script at all."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from activities.figures import NumberError, parse_number
from activities.models import Measure, ReportDraft, ReportVersion
from activities.receipts import decimal_text
from activities.services import Figure, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.browser.conftest import type_sign_in
from tests.factories import current, file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]

ContextOf = Callable[..., BrowserContext]
CODE = re.compile(r"^\w{4}-\w{4}-\w{4}$")
# In a browser: the phone keeps a copy of no form.
NOTHING_TYPED = "() => !Object.keys(localStorage).some((key) => key.startsWith('typed:'))"


@pytest.fixture
def url(branch: Branch, organiser: User) -> str:
    """The form of 6 March, for a branch that reported the day before."""
    file(branch, MARCH_5, by=organiser, vehicles=186, turned_back=19, goods_unloaded=0)
    return reverse("activities:report_edit", args=[branch.public_id, MARCH_6])


@pytest.fixture
def page(context_of: ContextOf, organiser: User, url: str) -> Page:
    """The form, open on a phone in English."""
    page = context_of(organiser, language="en").new_page()
    page.goto(url)
    return page


def state(page: Page) -> Any:
    return page.locator("[data-draft-state]")


def code_of_what_stands(page: Page) -> str:
    """Wait until the form says the code of what is typed in it, and return it."""
    expect(state(page)).to_have_attribute("data-code", CODE)
    return str(state(page).get_attribute("data-code"))


def expect_values(page: Page, **values: str) -> None:
    """Wait until the fields of these metrics hold these values."""
    for metric, typed in values.items():
        expect(page.locator(f"[name=v_{metric}]")).to_have_value(typed)


def pick(page: Page, metric: str, qualifier: str) -> None:
    page.locator(f"label:has([name=q_{metric}][value={qualifier}])").click()


def test_a_day_is_filed_with_taps_and_the_phone_forgets_its_copy(page: Page, branch: Branch) -> None:
    page.fill("[name=v_vehicles]", "２００")
    pick(page, "vehicles", "nearly")
    page.fill("[name=v_goods_unloaded]", "1.5")
    page.select_option("[name=u_goods_unloaded]", "t")
    expect(page.locator("[data-left]")).to_have_text("1 figure is not filled in")

    page.click("[data-zero-rest]")
    expect(page.locator("[data-zeroed]")).to_contain_text("turned back")
    expect(page.locator("[data-left]")).to_have_text("All usual figures are filled in")
    page.locator("[data-zeroed] button").click()
    expect_values(page, turned_back="")
    page.click("[data-zero-rest]")

    page.locator(".dock").get_by_role("button", name="Preview").click()
    expect(page.get_by_text("nearly 200 vehicle-times")).to_be_visible()
    page.get_by_role("button", name="File the report").click()
    version = current(branch, MARCH_6)
    assert version is not None
    expect(page.locator(".receipt .code")).to_contain_text(version.receipt)
    expect(page.locator("#chat-text")).to_contain_text("200")
    assert dict(Measure.objects.filter(entry__version=version).values_list("metric__code", "value")) == {
        "vehicles": 200,
        "turned_back": 0,
        "goods_unloaded": 1500,
    }
    page.wait_for_function(NOTHING_TYPED)


def test_what_is_typed_is_saved_by_itself_and_found_again(page: Page, url: str, context_of: ContextOf, organiser: User) -> None:
    page.fill("[name=v_vehicles]", "20x")
    expect(state(page)).to_have_text("Draft saved 21:00")
    assert ReportDraft.objects.get().data["v_vehicles"] == "20x"
    other_phone = context_of(organiser).new_page()
    other_phone.goto(url)
    expect_values(other_phone, vehicles="20x")


def test_without_network_the_phone_keeps_it_and_offers_it_back(page: Page, url: str, branch: Branch) -> None:
    page.context.set_offline(True)
    page.fill("[name=v_vehicles]", "２０１")
    page.fill("[name=note]", "夜班")
    expect(state(page)).to_contain_text("Offline, kept on this phone")
    code = code_of_what_stands(page)

    # Filing waits for the network, and says so instead of losing the page.
    page.locator(".dock").get_by_role("button", name="Preview").click()
    expect(page.locator("[data-toasts]")).to_contain_text("You are offline")
    assert not ReportDraft.objects.exists()

    # Whatever reaches the server by itself once the network is back does not, so that only the phone has it.
    page.route("**/draft/", lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    expect_values(page, vehicles="")
    page.click("[data-restore-yes]")
    expect_values(page, vehicles="２０１")
    assert page.input_value("[name=note]") == "夜班"

    # The code of what the phone held is the receipt number of the filing: same content, same identifier.
    page.locator(".dock").get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="File the report").click()
    expect(page.locator(".receipt .code")).to_contain_text(str(code))
    version = current(branch, MARCH_6)
    assert version is not None
    assert version.receipt == code


def test_a_code_is_said_no_more_when_something_else_is_typed(page: Page) -> None:
    page.context.set_offline(True)
    page.fill("[name=v_vehicles]", "200")
    first = code_of_what_stands(page)
    typed = """() => {
      const field = document.querySelector("[name=v_vehicles]"), line = document.querySelector("[data-draft-state]");
      field.value = "201";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return [line.dataset.code, line.textContent];
    }"""
    code, said = page.evaluate(typed)
    assert code == ""
    assert first not in said
    assert "kept on this phone" in said
    assert code_of_what_stands(page) != first


def test_the_phone_computes_the_receipt_of_a_supplement_too(page: Page, url: str, branch: Branch, organiser: User) -> None:
    rounds = [
        Work("patrol", (Figure("patrol_rounds", Decimal(2)), Figure("stalls_moved_on", Decimal(n))), place=branch.region, note=f"第{n}轮") for n in (1, 2)
    ]
    gate = Work("checkpoint", (Figure("vehicles", Decimal(8000), qualifier="about", qualifier_text="约8000多台"), Figure("turned_back", Decimal(3))))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[*rounds, gate], uid=uuid4(), note="旧备注")
    page.goto(url)
    page.context.set_offline(True)
    page.fill("[name=v_turned_back]", "1,204")
    page.locator("details.more summary").click()
    page.fill("#find-figure", "errands run")
    page.fill("[name=v_errands]", "1.2万")
    pick(page, "errands", "over")
    page.fill("[name=v_goods_unloaded]", "0.50")
    page.select_option("[name=u_goods_unloaded]", "jin")
    code = code_of_what_stands(page)
    page.context.set_offline(False)
    page.locator(".dock").get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="File the report").click()
    expect(page.locator(".receipt .code")).to_contain_text(str(code))


SPELLINGS = [
    "200", " 200 ", "０２０", "１２３，４５６．５０", "1,234", "1 234", "12,34", "1,2345", "0,123", ".5",
    "5.", "", "　", "1.2万", "1.23456万", "万", "0.0", "-3", "－３", "2O",
    "约200", "200余", "1e3", "²", "1.2.3", ",", "1万2", "007",
]  # fmt: skip


def test_a_browser_reads_numbers_as_the_server_does(page: Page) -> None:
    def read(typed: str) -> str | None:
        try:
            value = parse_number(typed, decimals=20)
        except NumberError:
            return None
        return "" if value is None else decimal_text(value)

    script = "async (typed) => { const { readNumber } = await import('/static/activities/numbers.js'); return typed.map(readNumber); }"
    assert page.evaluate(script, SPELLINGS) == [read(typed) for typed in SPELLINGS]


def test_a_sign_in_lost_while_typing_loses_nothing(page: Page, url: str, organiser: User) -> None:
    page.fill("[name=v_vehicles]", "200")
    expect(state(page)).to_have_text("Draft saved 21:00")
    page.context.clear_cookies(name="sessionid")
    page.fill("[name=v_vehicles]", "210")
    page.fill("[name=v_turned_back]", "2x")
    banner = page.locator("[data-signed-out]")
    expect(banner).to_be_visible()
    # Typed on, before the pause after which it would be noticed again.
    page.fill("[name=v_turned_back]", "2y")

    banner.get_by_role("link").click()
    type_sign_in(page, organiser)
    page.wait_for_url(f"**{url}")
    expect(page.locator("[data-restore-words]")).to_contain_text("is back")
    expect_values(page, vehicles="210", turned_back="2y")


def test_what_is_typed_while_a_draft_is_saved_is_not_said_to_be_saved(page: Page) -> None:
    # The first saving takes long enough to type another letter; the next one never ends.
    page.evaluate("""() => {
      const send = window.fetch, field = document.querySelector("[name=v_vehicles]");
      let times = 0;
      window.fetch = async (...asked) => {
        if (times++) return new Promise(() => {});
        const answer = await send(...asked), read = answer.json.bind(answer);
        answer.json = async () => {
          field.value = "2001";
          field.dispatchEvent(new Event("input", { bubbles: true }));
          setTimeout(() => { document.documentElement.dataset.answered = "yes"; }, 0);
          return read();
        };
        return answer;
      };
    }""")
    page.fill("[name=v_vehicles]", "200")
    expect(page.locator("html")).to_have_attribute("data-answered", "yes")
    copies = page.evaluate("Object.values(localStorage).filter((text) => text.includes('v_vehicles')).map((text) => JSON.parse(text))")
    assert [(copy["saved"], "2001" in str(copy["fields"])) for copy in copies] == [(False, True)]
    assert "Draft saved" not in state(page).inner_text()


def test_an_old_token_leads_on_with_what_was_typed(page: Page) -> None:
    page.fill("[name=v_vehicles]", "200")
    page.evaluate("document.querySelector('form[data-report] [name=csrfmiddlewaretoken]').value = 'x'.repeat(64)")
    page.locator(".dock").get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Go on with what you typed").click()
    expect_values(page, vehicles="200")
    assert not ReportVersion.objects.exclude(daily_report__business_date=MARCH_5).exists()


def test_a_letter_in_a_value_is_said_beside_the_field_which_has_the_focus(page: Page) -> None:
    page.fill("[name=v_vehicles]", "200")
    page.fill("[name=v_turned_back]", "2O")
    page.locator(".dock").get_by_role("button", name="Preview").click()
    row = page.locator(".numrow.invalid")
    expect(row).to_contain_text("This is not a number.")
    expect(page.locator("[name=v_turned_back]")).to_be_focused()
    expect(page.get_by_role("alert").first).to_contain_text("turned back")
    expect_values(page, vehicles="200")


@pytest.mark.parametrize(
    ("typed", "is_figure"), [("12", True), ("１,２００", True), ("12a", False), ("-5", False), ("1.5", False), ("1" + "0" * 20, False), ("约200", False)]
)
def test_only_what_is_a_figure_is_marked_as_done(page: Page, typed: str, is_figure: bool) -> None:
    page.fill("[name=v_vehicles]", typed)
    expect(page.locator(".numrow.done")).to_have_count(int(is_figure))


def test_what_was_put_right_is_red_no_longer(page: Page) -> None:
    page.fill("[name=v_vehicles]", "12a")
    page.fill("[name=v_turned_back]", "-3")
    page.locator(".dock").get_by_role("button", name="Preview").click()
    # The scripts run after the page is there.
    page.wait_for_load_state()
    expect(page.locator(".numrow.invalid")).to_have_count(2)

    page.fill("[name=v_vehicles]", "12b")
    expect(page.locator(".numrow.invalid")).to_have_count(2)
    page.fill("[name=v_vehicles]", "12")
    expect(page.locator(".numrow.invalid")).to_have_count(1)
    expect(page.locator(".error-summary li")).to_have_count(1)
    assert page.locator("[name=v_vehicles]").get_attribute("aria-invalid") is None
    page.fill("[name=v_turned_back]", "3")
    expect(page.locator(".error-summary, .errorlist")).to_have_count(0)


def test_yesterdays_weight_follows_the_unit_that_is_chosen(page: Page, url: str, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, reason="漏计", goods_unloaded=7620, vehicles=186, units={"goods_unloaded": "jin"})
    page.goto(url)
    beside = page.locator(".numrow:has([name=v_goods_unloaded]) .y")
    for unit, said in (("", "yesterday 3,810 kg"), ("jin", "yesterday 7,620 jin"), ("t", "yesterday 3.81 t")):
        page.select_option("[name=u_goods_unloaded]", unit)
        expect(beside).to_have_text(said, use_inner_text=True)


def test_a_figure_that_there_is_not_is_said_not_to_be(page: Page) -> None:
    page.locator("details.more summary").click()
    page.fill("#find-figure", "flying carpets")
    expect(page.get_by_text("There is no such figure.")).to_be_visible()
    page.fill("#find-figure", "errands")
    expect(page.get_by_text("There is no such figure.")).to_have_count(0)


def test_the_hint_to_fill_in_zero_goes_when_all_is_filled_in(page: Page) -> None:
    hint = page.locator("[data-fill-hint]")
    expect(hint).to_be_visible()
    page.click("[data-zero-rest]")
    expect(hint).to_be_hidden()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_no_word_of_a_label_is_broken_on_a_phone(context_of: ContextOf, organiser: User, url: str, language: str) -> None:
    page = context_of(organiser, language=language, viewport={"width": 360, "height": 740}).new_page()
    page.goto(url)
    page.locator("details.more summary").click()
    page.fill("[name=v_turned_back]", "1" + "0" * 20)
    # A word that is broken stands in two boxes.
    broken = """() => [...document.querySelectorAll(".numrow > label")].flatMap((label) => {
        const text = label.firstChild, words = [...text.textContent.matchAll(/[A-Za-z]+/g)];
        return words.filter((word) => {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
        }).map((word) => word[0]);
    })"""
    assert page.evaluate(broken) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_button_says_how_many_reports_are_ticked(context_of: ContextOf, reviewer: User, city: City, branch: Branch, url: str) -> None:
    clerk = make_user("clerk", (Role.ORGANISER, city.street))
    for each in (branch, make_branch(city.community, "一号临时党支部")):
        file(each, MARCH_6, by=clerk, vehicles=1)
    page = context_of(reviewer, language="en").new_page()
    page.goto(reverse("activities:review_list"))
    button = page.locator("[data-accept-ticked]")
    expect(button).to_contain_text("(2)")
    for tick in page.locator(".tick input").all():
        tick.uncheck()
    expect(button).to_contain_text("(0)")
    expect(button).to_be_disabled()


def test_a_second_tab_is_asked_only_about_what_both_changed(page: Page, url: str, branch: Branch) -> None:
    second = page.context.new_page()
    second.goto(url)
    for tab, vehicles, metric in ((page, "200", "turned_back"), (second, "210", "goods_unloaded")):
        tab.fill("[name=v_vehicles]", vehicles)
        tab.fill(f"[name=v_{metric}]", "5")
    page.locator(".dock").get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="File the report").click()
    expect(page.locator(".receipt")).to_be_visible()

    second.locator(".dock").get_by_role("button", name="Preview").click()
    expect(second.locator(".questions fieldset")).to_have_count(1)
    expect_values(second, turned_back="5", goods_unloaded="5")
    second.locator(".questions label", has_text="200").click()
    second.locator(".dock").get_by_role("button", name="Preview").click()
    second.get_by_role("button", name="File the report").click()
    expect(second.locator(".receipt")).to_be_visible()
    version = current(branch, MARCH_6)
    found = Measure.objects.filter(entry__version=version).values_list("metric__code", "value")
    assert dict(found) == {"vehicles": 200, "turned_back": 5, "goods_unloaded": 5}


def test_a_double_tap_on_file_stores_one_version(page: Page) -> None:
    page.fill("[name=v_vehicles]", "200")
    page.locator(".dock").get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="File the report").dblclick()
    expect(page.locator(".receipt")).to_be_visible()
    assert ReportVersion.objects.filter(daily_report__business_date=MARCH_6).count() == 1


def test_the_whole_way_works_without_script(context_of: ContextOf, organiser: User, reviewer: User, url: str, branch: Branch) -> None:
    page = context_of(organiser, javascript=False, language="en").new_page()
    page.goto(reverse("activities:today"))
    page.get_by_role("link", name="Fill in today's report").click()
    page.fill("[name=v_vehicles]", "200")
    page.get_by_role("button", name="The rest are 0").click()
    expect_values(page, turned_back="0")
    page.get_by_role("button", name="Undo").click()
    expect_values(page, turned_back="")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("The draft is saved. It is not filed yet.")).to_be_visible()
    page.fill("[name=v_turned_back]", "1")
    page.locator("[name=v_vehicles]").press("Enter")
    page.get_by_role("button", name="File the report").click()
    expect(page.locator(".receipt")).to_be_visible()

    desk = context_of(reviewer, javascript=False, language="en").new_page()
    desk.goto(reverse("activities:review_list"))
    desk.locator("summary", has_text="Return").click()
    desk.get_by_role("button", name="Return it").click()
    expect(desk.get_by_text("Say what to look at before you return a report.")).to_be_visible()
    desk.fill("textarea[name=note]", "请核对")
    desk.get_by_role("button", name="Return it").click()
    page.goto(reverse("activities:today"))
    expect(page.get_by_text("请核对")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_scrolls_sideways(context_of: ContextOf, organiser: User, reviewer: User, url: str, branch: Branch, width: int) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=10**14, turned_back=1, qualifiers={"vehicles": "over"}).version
    for back in (2, 3):
        file(branch, MARCH_6 - timedelta(days=back), by=make_user(f"u{back}", (Role.ORGANISER, branch)), vehicles=1)
    addresses = [
        (organiser, url),
        (organiser, reverse("activities:today")),
        (organiser, reverse("activities:report_list")),
        (organiser, reverse("activities:report_receipt", args=[version.public_id])),
        (organiser, reverse("activities:report_detail", args=[version.report.public_id])),
        (organiser, reverse("activities:entry_detail", args=[version.entries.get().public_id])),
        (organiser, reverse("activities:period_edit", args=[branch.public_id])),
        (reviewer, reverse("activities:review_list")),
    ]
    pages = {user: context_of(user, language="en", viewport={"width": width, "height": 740}).new_page() for user in (organiser, reviewer)}
    for user, address in addresses:
        pages[user].goto(address)
        assert pages[user].evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), address


def test_signing_out_leaves_nothing_on_the_phone_that_the_server_has(page: Page) -> None:
    page.fill("[name=v_vehicles]", "200")
    expect(state(page)).to_have_text("Draft saved 21:00")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    page.wait_for_function(NOTHING_TYPED)
