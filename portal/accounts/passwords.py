"""Passwords that would be guessed: by the lists of leaked ones, by keyboard and calendar, and by what is known of the account and the portal."""

import re
from collections.abc import Iterator
from threading import Lock
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pypinyin import lazy_pinyin
from zxcvbn import zxcvbn

from portal.accounts.models import User

# 0 to 4; from 3 on more than 10^8 guesses are needed, which a slow hash and a lock after five make hopeless.
LEAST_SCORE: Final = 3
# What the first ones are worth is enough. The cost grows with the square of the length, and with the signs that may stand for several letters: 72
# characters of those, chosen for it, keep the library busy for seconds.
LOOKED_AT: Final = 32
# Everybody here knows them.
OF_THE_PORTAL: Final = (
    "linshizhibu", "lingshizhibu", "linshidangzhibu", "dangzhibu", "zhibu", "dangyuan", "gongchandang", "xiachendangyuan", "xiachen", "dangwei",
    "yiqing", "fangyi", "fangkong", "yiqingfangkong", "kangyi", "biaogefangyi", "shequ", "jiedao", "wuhan", "hubei", "jianghan", "jiayou", "wuhanjiayou",
    "zhongguo", "zhongguojiayou", "branch", "workbench", "portal", "temporary",
    "临时党支部", "党支部", "临时支部", "支部", "党员", "共产党员", "下沉党员", "疫情防控", "疫情", "防疫", "抗疫", "社区", "街道",
    "武汉", "湖北", "加油", "武汉加油",
)  # fmt: skip
_PATTERNS: Final[dict[str, str | Promise]] = {
    "spatial": gettext_lazy("Keys that lie beside each other are guessed first."),
    "repeat": gettext_lazy("Repeated characters and words are guessed first."),
    "sequence": gettext_lazy("Rows like abc or 6543 are guessed first."),
    "date": gettext_lazy("Dates and years are guessed first."),
    "regex": gettext_lazy("Dates and years are guessed first."),
}
_LISTS: Final[dict[str, str | Promise]] = {
    "passwords": gettext_lazy("It is, or resembles, a password on the lists of leaked ones."),
    "user_inputs": gettext_lazy("It is made of your name, your account or words that everybody knows here."),
}
# The library keeps the words of the account at hand in a table of the whole process.
_one_at_a_time: Final = Lock()


class GuessableValidator:
    """Refuse a password that would be guessed; one of four plain words passes, whatever signs it has."""

    def validate(self, password: str, user: Any = None) -> None:
        """Refuse it with the reason.

        Raises:
            ValidationError: it would be guessed.
        """
        with _one_at_a_time:
            found = zxcvbn(password[:LOOKED_AT], [*OF_THE_PORTAL, *_known_of(user)])
        if found["score"] < LEAST_SCORE:
            sentence = _("This password would soon be guessed. %(why)s Take four words that have nothing to do with each other.")
            raise ValidationError(sentence % {"why": _why(found["sequence"])}, "guessable")

    def get_help_text(self) -> str:
        """Return the rule."""
        return _("Not one that is guessed by lists of leaked passwords, by your name or by words of the portal.")


def _why(sequence: list[dict[str, Any]]) -> str | Promise:
    """Return what its longest part is made of."""
    longest: dict[str, Any] = max(sequence, key=lambda match: len(match["token"]), default={})
    made_of = _PATTERNS.get(longest.get("pattern", "")) or _LISTS.get(longest.get("dictionary_name", ""))
    return made_of or _("It is too short for what it is made of.")


def _known_of(user: Any) -> Iterator[str]:
    """Yield what an attacker knows of an account: its names, also as they are typed in Latin letters, and those of its branches."""
    if not isinstance(user, User):
        return
    texts = [user.username, user.name]
    if user.pk is not None:
        texts += [grant.scope_name for grant in user.grants.filter(everything=False).select_related("region", "work_unit", "branch")[:20]]
    for text in filter(None, texts):
        syllables = lazy_pinyin(text)
        yield from (text, "".join(syllables), "".join(syllable[0] for syllable in syllables), *re.split(r"[^\w]+", text))
