"""Text as people search, sort and hide it: folding, pinyin and masks. Pure functions, no database."""

import re
import unicodedata
from functools import cache
from typing import Final

from django.utils.translation import gettext_lazy as _
from opencc import OpenCC
from pypinyin import Style, lazy_pinyin

# The database has no ICU (the wheel is built without it), so the order of Chinese names is a stored key.
PINYIN_KEY_LENGTH = 200
# A character that no database of texts holds; it is seen nowhere, and comes from broken copying or from a program.
NUL: Final = "\0"
NUL_REFUSED: Final = _("There is an invisible character (NUL) in this text that cannot be stored. Delete it, or type the text anew.")

# 二十一, 一六一 or 21; what is longer, or has a hundred in it, is no ordinal that we read.
_ORDINAL = re.compile(r"第([一二三四五六七八九]?十[一二三四五六七八九]?|[零〇一二三四五六七八九]{1,3}|[0-9]{1,3})(?![0-9零〇一二三四五六七八九十百千])")
_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")
_MOBILE = re.compile(r"(?:\+?86)?(1\d{10})")


@cache
def _converter() -> OpenCC:
    """The traditional-to-simplified converter; reading its dictionaries takes a while, so only on first use."""
    return OpenCC("t2s")


def fold(text: str) -> str:
    """Fold `text` for comparison: NFKC, lower case, simplified characters, single spaces, nothing at the ends."""
    plain = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return plain if plain.isascii() else str(_converter().convert(plain))


def fold_in_place(text: str) -> tuple[str, list[int]]:
    """Fold `text` such that each character of the result leads back: the list holds, for each, where in `text` it comes from.

    Folded as a whole where that keeps the length, because a few characters are simplified by their neighbours: 乾隆 stays 乾隆.
    """
    plain, origin = "", []
    for place, character in enumerate(text):
        for each in unicodedata.normalize("NFKC", character).lower():
            if not each.isspace() or (plain and plain[-1] != " "):
                plain += " " if each.isspace() else each
                origin.append(place)
    folded = plain if plain.isascii() else str(_converter().convert(plain))
    return (folded if len(folded) == len(plain) else plain), origin


def pinyin_key(text: str) -> str:
    """Return the sort key of a name, at most 200 characters, such that plain string order is pinyin order.

    Each Chinese character becomes its syllable with the tone digit, words are parted by a space: a space and the digits stand
    before the letters, so that 李 `li3` comes before 林 `lin2`. Everything else is kept, folded. Traditional and simplified
    spellings of a name have the same key. Ordinals of at most three digits sort by their number: 第二 before 第十, whichever way they are written.
    """
    counted = _ORDINAL.sub(lambda found: f"第{_number(found[1]):03d} ", fold(text))
    syllables = lazy_pinyin(counted, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    return " ".join(" ".join(syllables).split())[:PINYIN_KEY_LENGTH].rstrip()


def _number(numeral: str) -> int:
    """Read a numeral of at most three digits, or up to 99 in words: 三 3, 十 10, 二十一 21, 一六一 161."""
    tens, ten, ones = numeral.translate(_DIGITS).rpartition("十")
    return 10 * int(tens or 1) + int(ones or 0) if ten else int(ones)


def initials(text: str) -> str:
    """Return pinyin initials, as in 詹家墩社区 -> `zjdsq`; Latin letters and digits stay, everything else is dropped."""
    return "".join(_initials_of_run(run) for run in re.findall(r"[a-z0-9]+|[^\x00-\x7f]+", fold(text)))


def _initials_of_run(run: str) -> str:
    if run.isascii():
        return run
    # Decomposed, because a few interjections are spelled with an accented letter, as 诶 is ê.
    syllables = lazy_pinyin(run, style=Style.TONE3, v_to_u=False, errors="ignore")
    return "".join(unicodedata.normalize("NFD", syllable)[0] for syllable in syllables if syllable)


def search_text(*parts: str) -> str:
    """Return what a stored search column holds: the folded parts and their initials, joined by spaces, no word twice."""
    folded = [fold(part) for part in parts]
    words = [*folded, *(initials(part) for part in folded)]
    return " ".join(dict.fromkeys(word for word in words if word))


def mask_phone(phone: str) -> str:
    """Hide the middle of a mobile number (`138****1234`) and all but the last two digits of any other."""
    digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", phone))
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        number = mobile[1]
        return f"{number[:3]}****{number[-4:]}"
    shown = digits[-2:] if len(digits) >= 7 else ""
    return "*" * (len(digits) - len(shown)) + shown


def mask_name(name: str) -> str:
    """Keep the first character of a name and hide each other one: 张三 -> 张*, 欧阳询 -> 欧**; a single one is hidden."""
    bare = name.strip()
    if len(bare) < 2:
        return "*" * len(bare)
    return bare[0] + "*" * (len(bare) - 1)
