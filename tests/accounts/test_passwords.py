"""Which passwords are taken."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from branches.access import Role
from branches.models import Branch
from portal.accounts import passwords
from tests.factories import make_user

pytestmark = pytest.mark.django_db

GOOD = ("correct horse battery staple", "plum-tree-in-march", "我家门前有两棵老枣树", "xKq9-plm3-trew", "长江大桥 自行车 蓝色 豆皮 " * 9)


@pytest.mark.parametrize("password", GOOD)
def test_words_that_nobody_guesses_are_taken_at_any_length(password: str) -> None:
    validate_password(password, make_user("anna"))


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("qwertyuiop12", "泄露"),
        ("aaaaaaaaaaaaa", "重复"),
        ("lingshizhibu", "本系统"),
        ("LinShiZhiBu2020", "本系统"),
        ("wangxiaofang1", "本系统"),
        ("xiaofang.w88", "本系统"),
        ("望江社区临时党支部", "本系统"),
        ("20200123ab", "日期"),
        ("ab1!" * 25, "重复"),
    ],
)
def test_a_password_that_is_guessed_is_refused_with_the_reason(password: str, why: str, branch: Branch) -> None:
    user = make_user("xiaofang.w", (Role.ORGANISER, branch), name="王小芳")

    with pytest.raises(ValidationError) as refusal:
        validate_password(password, user)

    assert why in " ".join(refusal.value.messages)
    assert "guessable" in {error.code for error in refusal.value.error_list}


def test_no_more_than_32_characters_are_judged_because_more_keep_the_library_busy_for_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def judge(password: str, known: list[str]) -> dict[str, object]:
        judged.append(password)
        return {"score": 4}

    monkeypatch.setattr(passwords, "zxcvbn", judge)
    validate_password("4@8({[<3690!|1$5+7%2" * 6, make_user("anna"))
    assert [len(each) for each in judged] == [32]


def test_the_reason_is_given_in_english_too() -> None:
    with translation.override("en"), pytest.raises(ValidationError) as refusal:
        validate_password("qwertyuiop12", None)

    assert "This password would soon be guessed." in " ".join(refusal.value.messages)
