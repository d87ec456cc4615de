"""The receipt number: the same in Python and in a browser, and safe to read aloud."""

import json
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from shutil import which
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, Route, sync_playwright

from activities.figures import Qualifier
from activities.receipts import ALPHABET, canonical, check_receipt, decimal_text, read_receipt, receipt_number

BASE = Path(__file__).resolve().parents[2]
VECTORS: dict[str, Any] = json.loads((BASE / "fixtures" / "receipt_vectors.json").read_text(encoding="utf-8"))
FILINGS: list[dict[str, Any]] = VECTORS["filings"]
UID = UUID("0190a8f0-7c1e-7b3a-8f00-000000000001")

# No unassigned characters: a browser and Python may know different versions of Unicode, and so compose them differently.
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cn", "Co"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
RECEIPTS = st.builds(lambda value: receipt_number({"value": value}, UID), st.integers(0, 10**9))


# Python


@pytest.mark.parametrize("vector", FILINGS, ids=lambda vector: vector["name"])
def test_python_gives_the_number_of_each_vector(vector: dict[str, Any]) -> None:
    assert canonical(vector["filing"]).decode() == vector["canonical"]
    assert receipt_number(vector["filing"], UUID(vector["uid"])) == vector["receipt"]


@pytest.mark.parametrize("filing", VECTORS["refused"], ids=ascii)
def test_python_refuses_what_has_no_single_form(filing: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        canonical(filing)


@pytest.mark.parametrize(("value", "text"), VECTORS["decimals"])
def test_a_decimal_is_written_in_one_way(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@pytest.mark.parametrize(("typed", "number"), VECTORS["spellings"])
def test_a_number_is_understood_as_people_type_it(typed: str, number: str | None) -> None:
    assert read_receipt(typed) == number
    assert check_receipt(typed) is (number is not None)


def test_python_writes_its_own_types_as_a_browser_writes_strings() -> None:
    ours = {"value": Decimal("11.50"), "large": Decimal("1E+3"), "qualifier": Qualifier.OVER, "list": (1, 2)}

    assert canonical(ours) == canonical({"value": "11.5", "large": "1000", "qualifier": "over", "list": [1, 2]})


def test_another_uuid_gives_another_number() -> None:
    assert receipt_number({}, UID) != receipt_number({}, UUID(int=UID.int + 1))


@given(RECEIPTS, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_always_caught(receipt: str, place: int, symbol: str) -> None:
    symbols = list(receipt.replace("-", ""))
    wrong = symbols.copy()
    wrong[place] = symbol

    assert check_receipt("".join(wrong)) is (wrong == symbols)


@given(RECEIPTS, st.integers(0, 11), st.integers(0, 11))
def test_two_symbols_swapped_are_always_caught(receipt: str, a: int, b: int) -> None:
    symbols = list(receipt.replace("-", ""))
    swapped = symbols.copy()
    swapped[a], swapped[b] = swapped[b], swapped[a]

    assert check_receipt("".join(swapped)) is (swapped == symbols)


# JavaScript


@pytest.fixture(scope="module")
def receipt_page() -> Iterator[Page]:
    """A page of an invented https origin that has the module as `receipt`: no server, and yet a secure context."""
    module = (BASE / "activities" / "static" / "activities" / "receipt.js").read_text(encoding="utf-8")

    def answer(route: Route) -> None:
        script = route.request.url.endswith(".js")
        route.fulfill(body=module if script else "<!doctype html>", content_type="text/javascript; charset=utf-8" if script else "text/html")

    with sync_playwright() as playwright:
        # The system's Chromium where there is one, otherwise Playwright's own.
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        page = browser.new_page()
        page.route("https://portal.test/**", answer)
        page.goto("https://portal.test/")
        page.evaluate("async () => { window.receipt = await import('/receipt.js'); }")
        yield page
        browser.close()


# Filings cross as JSON text: Playwright's own serialiser loses keys such as __proto__.
NUMBERS = """async (text) => Promise.all(JSON.parse(text).map(async ({ filing, uid }) => {
    try {
        return [receipt.canonical(filing), await receipt.receiptNumber(filing, uid)];
    } catch (error) {
        return [error.name, error.message];
    }
}))"""


def in_browser(page: Page, filings: list[dict[str, Any]]) -> list[list[str]]:
    answers: list[list[str]] = page.evaluate(NUMBERS, json.dumps(filings))
    return answers


def test_a_browser_gives_the_number_of_each_vector(receipt_page: Page) -> None:
    assert in_browser(receipt_page, FILINGS) == [[vector["canonical"], vector["receipt"]] for vector in FILINGS]


def test_a_browser_refuses_what_has_no_single_form(receipt_page: Page) -> None:
    answers = in_browser(receipt_page, [{"filing": filing, "uid": str(UID)} for filing in VECTORS["refused"]])

    assert {name for name, _message in answers} == {"RangeError"}
    assert receipt_page.evaluate("() => { try { receipt.canonical({ on: new Date() }); } catch (error) { return error.name; } }") == "TypeError"


def test_a_browser_reads_numbers_and_decimals_alike(receipt_page: Page) -> None:
    assert receipt_page.evaluate("(rows) => rows.map(([typed]) => receipt.readReceipt(typed))", VECTORS["spellings"]) == [
        row[1] for row in VECTORS["spellings"]
    ]
    assert receipt_page.evaluate("(rows) => rows.map(([digits]) => receipt.decimalText(digits))", VECTORS["decimals"]) == [
        row[1] for row in VECTORS["decimals"]
    ]


def test_a_browser_without_a_secure_context_says_so(receipt_page: Page) -> None:
    browser = receipt_page.context.browser
    assert browser is not None
    insecure = browser.new_page()
    insecure.route("**/*", lambda route: route.fulfill(status=200, body="<!doctype html>", content_type="text/html"))
    insecure.goto("http://portal.test/")
    module = (BASE / "activities" / "static" / "activities" / "receipt.js").read_text(encoding="utf-8")
    message = insecure.evaluate(
        "async (code) => { const m = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));"
        " return m.receiptNumber({}, '0190a8f0-7c1e-7b3a-8f00-000000000001').catch((error) => error.message); }",
        module,
    )
    insecure.close()

    assert message == "The receipt number needs a secure connection (https)."


def test_a_browser_and_python_agree_on_filings_of_any_shape(receipt_page: Page) -> None:
    drawn: list[dict[str, Any]] = []

    # Drawn first and sent at once: a round trip for each example would take minutes.
    @settings(database=None, derandomize=True, max_examples=200)
    @given(st.dictionaries(TEXT, JSON, max_size=4))
    def draw(filing: dict[str, Any]) -> None:
        with suppress(ValueError):  # two keys that are equal in NFC
            canonical(filing)
            drawn.append(filing)

    draw()

    assert len(drawn) > 100
    expected = [[canonical(filing).decode(), receipt_number(filing, UID)] for filing in drawn]
    assert in_browser(receipt_page, [{"filing": filing, "uid": str(UID)} for filing in drawn]) == expected
