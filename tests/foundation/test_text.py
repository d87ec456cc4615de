"""Folding, sorting and masking of names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.text import PINYIN_KEY_LENGTH, fold, initials, mask_name, mask_phone, pinyin_key, search_text

NAMES = st.text(alphabet=st.one_of(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), st.sampled_from("Ab3 ·-（）")), max_size=40)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("詹家墩社區", "詹家墩社区"), ("詹家墩社区", "詹家墩社区"), ("  ＡＢ座\u3000３号 \n", "ab座 3号"), ("漢口 Hankou", "汉口 hankou"), ("", "")],
)
def test_folding_makes_spellings_of_a_name_equal(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_a_very_long_note_folds() -> None:
    assert fold("國" * 20_000) == "国" * 20_000


def test_names_sort_by_pinyin() -> None:
    names = ["张三", "李四", "欧阳询", "林一", "阿宝", "王五", "重庆路"]

    assert sorted(names, key=pinyin_key) == ["阿宝", "重庆路", "李四", "林一", "欧阳询", "王五", "张三"]


def test_a_sort_key_is_syllables_with_tones_and_the_rest_as_folded() -> None:
    assert pinyin_key("詹家墩社區A座") == "zhan1 jia1 dun1 she4 qu1 a zuo4"
    assert pinyin_key("绿女") == "lv4 nv3"


@given(NAMES)
def test_a_sort_key_has_its_length_and_no_stray_space(name: str) -> None:
    key = pinyin_key(name)

    assert len(key) <= PINYIN_KEY_LENGTH
    assert key == " ".join(key.split())
    assert key == pinyin_key(f" {name} ")


@pytest.mark.parametrize(("name", "letters"), [("詹家墩社区", "zjdsq"), ("詹家墩社區", "zjdsq"), ("A座-3号 ☆", "az3h"), ("重庆路", "cql"), ("", "")])
def test_initials_are_those_of_the_pinyin_and_keep_latin_letters_and_digits(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(NAMES)
def test_initials_are_lower_case_letters_and_digits(name: str) -> None:
    letters = initials(name)

    assert letters == "" or (letters.isascii() and letters.isalnum() and letters == letters.lower())


def test_a_search_column_holds_folded_parts_and_initials_once() -> None:
    assert search_text("詹家墩社區", "武汉", "", "abc") == "詹家墩社区 武汉 abc zjdsq wh"


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812341234", "138****1234"),
        ("+86 138-1234-1234", "138****1234"),
        ("１３８１２３４１２３４", "138****1234"),
        ("027-87654321", "*********21"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_masked_phone_does_not_show_its_middle(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(("name", "masked"), [("张三", "张*"), ("欧阳询", "欧**"), (" 张三 ", "张*"), ("张", "*"), ("", "")])
def test_a_masked_name_keeps_its_first_character_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_ordinals_sort_by_their_number() -> None:
    written = ["第一支部", "第二支部", "第3支部", "第十支部", "第十一支部", "第二十支部", "第二十一支部", "第九十九支部"]
    assert sorted(written, key=pinyin_key) == written
    assert pinyin_key("第三支部") == pinyin_key("第3支部")
    assert pinyin_key("第一六一医院") == pinyin_key("第161医院")
    assert pinyin_key("第二三〇小组") == pinyin_key("第230小组")
    # What is no ordinal that we read stays as it is.
    assert not [name for name in ("第一百二十医院", "第一二三四小组", "第十十组", "第几组") if re.search(r"\d{3}", pinyin_key(name))]
    assert pinyin_key("三元社区").startswith("san1")
