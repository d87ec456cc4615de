"""Figures: read, combined, printed."""

from decimal import Decimal
from itertools import product

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from activities.figures import (
    NumberError,
    Qualifier,
    combine,
    convert,
    difference,
    format_brief,
    format_change,
    format_figure,
    format_moved,
    format_number,
    format_short,
    from_counts,
    parse_number,
    round_half_up,
)

EXACT, NEARLY, OVER, ABOUT, AT_LEAST = Qualifier.EXACT, Qualifier.NEARLY, Qualifier.OVER, Qualifier.ABOUT, Qualifier.AT_LEAST
QUALIFIERS = st.lists(st.sampled_from(Qualifier), max_size=6)
VALUES = st.decimals(min_value=0, max_value=Decimal("999999999999999.999"), places=3)


# Qualifiers


@pytest.mark.parametrize(
    ("terms", "total"),
    [
        ([], EXACT),
        ([EXACT, EXACT], EXACT),
        ([EXACT, OVER], OVER),
        ([OVER, OVER], OVER),
        ([EXACT, NEARLY], NEARLY),
        ([NEARLY, NEARLY], NEARLY),
        ([AT_LEAST, EXACT], AT_LEAST),
        ([AT_LEAST, OVER], AT_LEAST),
        ([AT_LEAST, OVER, EXACT], AT_LEAST),
        ([AT_LEAST, NEARLY], ABOUT),
        ([OVER, NEARLY], ABOUT),
        ([ABOUT, EXACT], ABOUT),
        ([ABOUT, AT_LEAST], ABOUT),
    ],
)
def test_qualifiers_add_as_the_design_says(terms: list[Qualifier], total: Qualifier) -> None:
    assert combine(terms) is total


@given(QUALIFIERS, QUALIFIERS)
def test_a_sum_of_sums_has_the_qualifier_of_the_sum_of_all(left: list[Qualifier], right: list[Qualifier]) -> None:
    assert combine([combine(left), combine(right)]) is combine([*right, *left])


@given(QUALIFIERS)
def test_counts_of_an_aggregate_give_the_same_qualifier(terms: list[Qualifier]) -> None:
    counts = {name: terms.count(Qualifier(name)) for name in ("nearly", "over", "about", "at_least")}

    assert from_counts(**counts) is combine(terms)


def test_a_difference_is_exact_only_between_exact_figures() -> None:
    for a, b in product(Qualifier, Qualifier):
        assert difference(a, b) is (EXACT if a is b is EXACT else ABOUT)


def test_qualifiers_are_named_in_both_languages() -> None:
    with translation.override("en"):
        assert [str(q.label) for q in Qualifier] == ["exact", "nearly", "over", "about", "at least"]
    with translation.override("zh-hans"):
        assert [str(q.label) for q in Qualifier] == ["准数", "近", "余", "约", "至少"]


# Reading


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("200", "200"),
        (" １２３ ", "123"),
        ("1,234", "1234"),
        ("1，234，567", "1234567"),
        ("1 234", "1234"),
        ("1\u00a0234", "1234"),
        ("\u300012．5\u3000", "12.5"),
        ("1.2万", "12000"),
        ("1.2 萬", "12000"),
        ("1,200万", "12000000"),
        ("0.0001万", "1"),
        ("007", "7"),
        (".5", "0.5"),
        ("12.000", "12"),
        ("0", "0"),
        ("999999999999999", "999999999999999"),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, value: str) -> None:
    number = parse_number(typed, decimals=1)

    assert number == Decimal(value)
    assert str(number) == value


@pytest.mark.parametrize("typed", ["", "  ", "\u3000"])
def test_blank_is_missing_and_not_zero(typed: str) -> None:
    assert parse_number(typed, decimals=0) is None


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("2oo", "not_a_number", "not a number"),
        ("12a", "not_a_number", "not a number"),
        ("1e20", "not_a_number", "not a number"),
        ("٣", "not_a_number", "not a number"),
        ("二百", "not_a_number", "not a number"),
        ("12。5", "not_a_number", "not a number"),
        ("5.", "not_a_number", "not a number"),
        (".", "not_a_number", "not a number"),
        ("万", "not_a_number", "not a number"),
        ("1.2.3", "not_a_number", "not a number"),
        ("-5", "negative", "below zero"),
        ("－５", "negative", "below zero"),
        ("−5", "negative", "below zero"),
        ("1" + "0" * 20, "too_large", "too large"),
        ("1000000000000000", "too_large", "too large"),
        ("100000000000万", "too_large", "too large"),
        ("9" * 5000, "too_large", "too large"),
        ("1.5", "decimals", "whole numbers"),
        ("1.00000000000000000000000000000000000000000000001", "decimals", "whole numbers"),
        ("1.23456万", "decimals", "whole numbers"),
        ("1,,2", "separator", "separator"),
        ("12,34", "separator", "separator"),
        ("1,2345", "separator", "separator"),
        ("0,123", "separator", "separator"),
        ("1,234 567", "separator", "separator"),
        (",5", "separator", "separator"),
        ("1 2", "separator", "separator"),
        ("约700", "qualifier", "number alone"),
        ("400余", "qualifier", "number alone"),
        ("400+", "qualifier", "number alone"),
    ],
)
def test_what_is_no_figure_is_refused_in_words(typed: str, code: str, words: str) -> None:
    with translation.override("en"), pytest.raises(NumberError, match=words) as refused:
        parse_number(typed, decimals=0)

    assert refused.value.code == code


def test_too_many_decimals_are_refused_with_the_number_allowed() -> None:
    with translation.override("en"), pytest.raises(NumberError, match="At most 3 digits"):
        parse_number("1.2345", decimals=3)
    with translation.override("en"), pytest.raises(NumberError, match="At most 1 digit may"):
        parse_number("1.25", decimals=1)


def test_refusals_speak_chinese_to_a_chinese_reader() -> None:
    with translation.override("zh-hans"), pytest.raises(NumberError, match="小数点后最多 3 位"):
        parse_number("1.2345", decimals=3)


@given(VALUES, st.sampled_from(["zh-hans", "en"]))
def test_a_printed_number_reads_back_as_itself(value: Decimal, lang: str) -> None:
    assert parse_number(format_number(value, lang), decimals=3) == value


@given(st.text(alphabet="0123456789,. 万-+e１，．余", max_size=24), st.integers(min_value=0, max_value=3))
def test_reading_gives_a_figure_in_bounds_or_refuses(typed: str, decimals: int) -> None:
    try:
        value = parse_number(typed, decimals=decimals)
    except NumberError:
        return
    assert value is None or (0 <= value < 10**15 and value == round(value, decimals))


# Printing


@pytest.mark.parametrize(
    ("value", "qualifier", "unit", "chinese", "english"),
    [
        ("23", EXACT, "人次", "23人次", "23 人次"),
        ("200", NEARLY, "台次", "近200台次", "nearly 200 台次"),
        ("700", ABOUT, "份", "约700份", "about 700 份"),
        ("400", OVER, "人次", "400余人次", "over 400 人次"),
        ("680", OVER, "人次", "680余人次", "over 680 人次"),
        ("41236", OVER, "人次", "超过41,236人次", "over 41,236 人次"),
        ("11.5", OVER, "吨", "超过11.5吨", "over 11.5 吨"),
        ("0", OVER, "户", "超过0户", "over 0 户"),
        ("5", AT_LEAST, "户", "至少5户", "at least 5 户"),
        ("11.500", EXACT, "", "11.5", "11.5"),
    ],
)
def test_a_figure_is_printed_as_each_language_writes_it(value: str, qualifier: Qualifier, unit: str, chinese: str, english: str) -> None:
    assert format_figure(Decimal(value), qualifier, unit, lang="zh-hans") == chinese
    assert format_figure(Decimal(value), qualifier, unit, lang="en") == english


def test_a_total_over_inexact_figures_says_that_it_holds_approximations() -> None:
    assert format_figure(Decimal(41236), OVER, "人次", lang="zh-hans", total=True) == "41,236（含约数）人次"
    assert format_figure(Decimal(41236), ABOUT, "entries", lang="en", total=True) == "41,236 (partly approximate) entries"
    assert format_figure(Decimal(41236), EXACT, "人次", lang="zh-hans", total=True) == "41,236人次"


def test_words_as_printed_are_kept_in_chinese_but_not_in_a_total() -> None:
    words = "约8000多斤"

    assert format_figure(Decimal(8000), ABOUT, "斤", lang="zh-hans", text=words) == words
    assert format_figure(Decimal(8000), ABOUT, "斤", lang="zh-hans", total=True, text=words) == "8,000（含约数）斤"
    assert format_figure(Decimal(8000), ABOUT, "jin", lang="en", text=words) == "about 8,000 jin"


@pytest.mark.parametrize(
    ("value", "qualifier", "chinese", "english"),
    [
        ("41236", EXACT, "41,236", "41,236"),
        ("41236", ABOUT, "约4.1万", "about 41,000"),
        ("41236", OVER, "约4.1万", "about 41,000"),
        ("20000", NEARLY, "近2万", "nearly 20,000"),
        ("12000", OVER, "1.2万余", "over 12,000"),
        ("30000", AT_LEAST, "至少3万", "at least 30,000"),
        ("9999", ABOUT, "约9,999", "about 9,999"),
        ("400", OVER, "400余", "over 400"),
        ("123456789", ABOUT, "约1.2亿", "about 120,000,000"),
        ("99999600", ABOUT, "约1亿", "about 100,000,000"),
    ],
)
def test_a_chat_rounds_large_inexact_figures_only(value: str, qualifier: Qualifier, chinese: str, english: str) -> None:
    assert format_short(Decimal(value), qualifier, "zh-hans") == chinese
    assert format_short(Decimal(value), qualifier, "en") == english


@pytest.mark.parametrize(
    ("value", "qualifier", "chinese", "english"),
    [
        ("8802", Qualifier.OVER, "8,802人次（含约数）", "8,802 person-times (partly approximate)"),
        ("41236", Qualifier.OVER, "约4.1万人次", "about 41,000 person-times"),
        ("20000", Qualifier.NEARLY, "约2万人次", "about 20,000 person-times"),
        ("41236", Qualifier.EXACT, "41,236人次", "41,236 person-times"),
    ],
)
def test_a_total_in_a_chat_has_no_word_that_is_true_of_one_figure_only(value: str, qualifier: Qualifier, chinese: str, english: str) -> None:
    assert format_short(Decimal(value), qualifier, "zh-hans", unit_label="人次", total=True) == chinese
    assert format_short(Decimal(value), qualifier, "en", unit_label="person-times", total=True) == english


@pytest.mark.parametrize(
    ("value", "qualifier", "total", "chinese", "english"),
    [
        ("41236", Qualifier.EXACT, True, "41,236", "41,236"),
        ("8802", Qualifier.OVER, True, "8,802 含约数", "8,802 partly approximate"),
        ("41236", Qualifier.AT_LEAST, True, "4.1万 含约数", "41,000 partly approximate"),
        ("99999600", Qualifier.ABOUT, True, "1亿 含约数", "100,000,000 partly approximate"),
        ("41236", Qualifier.NEARLY, False, "近41,236", "nearly 41,236"),
    ],
)
def test_over_a_bar_a_total_has_the_note_of_its_tile_in_a_word(value: str, qualifier: Qualifier, total: bool, chinese: str, english: str) -> None:
    assert format_brief(Decimal(value), qualifier, "zh-hans", total=total) == chinese
    assert format_brief(Decimal(value), qualifier, "en", total=total) == english


@pytest.mark.parametrize(
    ("value", "qualifier", "said"), [("1836", Qualifier.ABOUT, "增加约1,836"), ("-1836", Qualifier.ABOUT, "减少约1,836"), ("-2", Qualifier.EXACT, "减少2")]
)
def test_a_change_is_a_word_in_a_chinese_sentence(value: str, qualifier: Qualifier, said: str) -> None:
    assert format_moved(Decimal(value), qualifier, "zh-hans") == said
    assert format_moved(Decimal(value), qualifier, "en") == format_change(Decimal(value), qualifier, "en")


def test_a_change_carries_its_sign() -> None:
    assert format_change(Decimal(1204), EXACT, "zh-hans") == "+1,204"
    assert format_change(Decimal(-96), EXACT, "en") == "−96"
    assert format_change(Decimal(0), EXACT, "zh-hans") == "0"
    assert format_change(Decimal(1204), ABOUT, "zh-hans") == "约+1,204"
    assert format_change(Decimal(-96), ABOUT, "en") == "about −96"


# Arithmetic


def test_weights_are_converted_without_losing_a_digit() -> None:
    assert str(convert(Decimal(3), Decimal("0.5"))) == "1.500"
    assert convert(Decimal("11.5"), Decimal(1000)) == 11500
    with translation.override("en"), pytest.raises(NumberError, match="three decimals"):
        convert(Decimal("0.001"), Decimal("0.5"))
    with translation.override("en"), pytest.raises(NumberError, match="too large"):
        convert(Decimal(10) ** 14, Decimal(1000))


def test_a_percentage_is_rounded_half_up() -> None:
    assert [round_half_up(n, 200) for n in (0, 1, 2, 3, 199, 200)] == [0, 1, 1, 2, 100, 100]
    assert round_half_up(Decimal("2.5"), Decimal(1000)) == 0
    assert round_half_up(1, 8) == 13
    with pytest.raises(ZeroDivisionError):
        round_half_up(1, 0)
