"""Figures and their qualifiers: read as people type them, combined without false precision, printed as Chinese and English print them.

Pure functions: no model and no database, so that page, API, document and chat text say the same.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Values are numeric(18, 3): fifteen digits before the point, three behind it.
WHOLE_DIGITS = 15
STORED_DECIMALS = 3
LIMIT = Decimal(10) ** WHOLE_DIGITS

TEN_THOUSAND = Decimal(10_000)
HUNDRED_MILLION = Decimal(100_000_000)


class Qualifier(TextChoices):
    """How a printed figure stands to the true one; the Chinese words are 准数, 近, 余, 约 and 至少."""

    EXACT = "exact", pgettext_lazy("qualifier", "exact")
    NEARLY = "nearly", pgettext_lazy("qualifier", "nearly")
    OVER = "over", pgettext_lazy("qualifier", "over")
    ABOUT = "about", pgettext_lazy("qualifier", "about")
    AT_LEAST = "at_least", pgettext_lazy("qualifier", "at least")


class NumberError(ValidationError):
    """A number that was refused; `code` says why to programs, `message` to the person who typed it."""

    def __init__(self, code: str, message: "StrOrPromise") -> None:
        super().__init__(message, code=code)


# --- How qualifiers add -------------------------------------------------------------------------------------------------


def combine(qualifiers: Iterable[Qualifier]) -> Qualifier:
    """Return the qualifier of a sum of figures with these qualifiers (DESIGN.md section 4); of nothing, exact.

    Only the set of qualifiers matters, so order and grouping do not: sums of sums agree with the sum of all.
    """
    # Rows of a query hold plain strings.
    inexact = {Qualifier(qualifier) for qualifier in qualifiers} - {Qualifier.EXACT}
    if not inexact:
        return Qualifier.EXACT
    if len(inexact) == 1:
        return inexact.pop()
    # 'At least 5' and 'over 400' are both lower bounds, and so is their sum.
    if inexact == {Qualifier.AT_LEAST, Qualifier.OVER}:
        return Qualifier.AT_LEAST
    return Qualifier.ABOUT


def difference(a: Qualifier, b: Qualifier) -> Qualifier:
    """Return the qualifier of a figure less another: about as soon as either is inexact, for nothing bounds it any more."""
    return Qualifier.EXACT if {a, b} == {Qualifier.EXACT} else Qualifier.ABOUT


def from_counts(nearly: int, over: int, about: int, at_least: int) -> Qualifier:
    """Return the qualifier of a sum, given how many of its terms carry each inexact qualifier, as an aggregate counts them."""
    counts = {Qualifier.NEARLY: nearly, Qualifier.OVER: over, Qualifier.ABOUT: about, Qualifier.AT_LEAST: at_least}
    return combine(qualifier for qualifier, count in counts.items() if count)


# --- Reading ------------------------------------------------------------------------------------------------------------

# Named one by one instead of NFKC, which would also read ² as 2 and ① as 1.
_NARROW = str.maketrans("０１２３４５６７８９，．－−＋\u3000\u00a0\u2009\u202f", "0123456789,.--+    ")
_NUMBER = re.compile(r"(?P<whole>[0-9, ]*)(?:\.(?P<fraction>[0-9]+))?(?P<wan>\s*[万萬])?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+")
_BEFORE = {"近": Qualifier.NEARLY, "约": Qualifier.ABOUT, "約": Qualifier.ABOUT, "至少": Qualifier.AT_LEAST, "超过": Qualifier.OVER, "超過": Qualifier.OVER} | {
    "nearly": Qualifier.NEARLY,
    "about": Qualifier.ABOUT,
    "at least": Qualifier.AT_LEAST,
    "over": Qualifier.OVER,
}
_WRITTEN = re.compile(
    rf"(?P<before>{'|'.join(_BEFORE)})?\s*(?P<number>[^余餘多+万萬\w]*[0-9][0-9 ,.]*)"
    r"(?P<after>[余餘多+])?(?P<wan>\s*[万萬])?(?P<behind>[余餘多+])?\s*(?P<unit>\D*)",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(r"(?:近|约|約|至少|超过|超過)\s*[0-9].*|[0-9].*(?:余|餘|多|\+)")


def parse_number(text: str, *, decimals: int) -> Decimal | None:
    """Read a number as people type it; None when nothing was typed, for blank is missing and not zero.

    Read: full-width digits and signs (１２３，４５６．５), thousands separators (1,234 or 1 234), spaces around, 万 behind
    (1.2万 is 12000), a missing zero before the point (.5), zeros behind it (12.0 is whole).

    Raises:
        NumberError: `qualifier` a word such as 约 or 余 stands with it; `negative`; `separator` a thousands separator is empty or
            misplaced, so that 12,34 could be 1234 or 12.34; `not_a_number` anything else that is not a number; `too_large` 10^15 or
            more; `decimals` more than `decimals` digits behind the point.
    """
    typed = text.translate(_NARROW).strip()
    if not typed:
        return None
    if _QUALIFIED.fullmatch(typed):
        raise NumberError("qualifier", _("Type the number alone; choose “nearly”, “over”, “about” or “at least” beside it."))
    if typed.startswith("-"):
        raise NumberError("negative", _("A figure cannot be below zero."))
    match = _NUMBER.fullmatch(typed)
    if match is None or not (match["whole"].strip() or match["fraction"]):
        raise NumberError("not_a_number", _("This is not a number. Type digits only, such as 200."))
    whole = match["whole"].rstrip(" ") if match["fraction"] is None else match["whole"]
    if not (whole.isdigit() or not whole or _GROUPED.fullmatch(whole)):
        raise NumberError("separator", _("The separator stands in an unusual place. Type the number without separators, such as 1234 or 12.34."))
    return _bounded(whole.replace(",", "").replace(" ", "").lstrip("0"), (match["fraction"] or "").rstrip("0"), 4 if match["wan"] else 0, decimals)


@dataclass(frozen=True, slots=True)
class Written:
    """A figure as it stands in a document, taken apart: the number for `parse_number`, how exact it is, and the word for its unit, if there is one."""

    number: str
    qualifier: Qualifier
    unit: str


def read_written(text: str) -> Written:
    """Take a figure apart that is written with its words: 约300, 300余人次, 1.2万余, at least 5.

    Words on both sides say what both say together: 约8000多斤 is about 8000. What is no figure comes back as the number, for `parse_number` to refuse.
    """
    typed = text.translate(_NARROW).strip()
    match = _WRITTEN.fullmatch(typed)
    if match is None:
        return Written(typed, Qualifier.EXACT, "")
    before = _BEFORE[match["before"].lower()] if match["before"] else Qualifier.EXACT
    behind = Qualifier.OVER if match["after"] or match["behind"] else Qualifier.EXACT
    return Written(match["number"] + (match["wan"] or ""), combine([before, behind]), match["unit"].strip())


def _bounded(whole: str, fraction: str, shift: int, decimals: int) -> Decimal:
    """Return whole.fraction times ten to the power of `shift`, checked on the digits: a Decimal would round a very long number."""
    if whole and len(whole) + shift > WHOLE_DIGITS:
        raise NumberError("too_large", _("This number is too large. Figures stay below 1,000,000,000,000,000."))
    if len(fraction) - shift > decimals:
        raise NumberError("decimals", _too_many_decimals(decimals))
    return _trim(Decimal(f"{whole or 0}.{fraction or 0}E{shift}"))


def _too_many_decimals(decimals: int) -> "StrOrPromise":
    if decimals == 0:
        return _("Counts are whole numbers: nothing may follow the decimal point.")
    message = ngettext("At most %(count)d digit may follow the decimal point.", "At most %(count)d digits may follow the decimal point.", decimals)
    return message % {"count": decimals}


def convert(value: Decimal, factor: Decimal) -> Decimal:
    """Return `value` times `factor` with exactly three decimals: 3 斤 at 0.5 are 1.500 kg.

    Raises:
        NumberError: `precision` when a digit would be lost, `too_large` when the result is 10^15 or more.
    """
    exact = Context(prec=60, traps=[Inexact, InvalidOperation])
    try:
        product = exact.quantize(exact.multiply(value, factor), Decimal(1).scaleb(-STORED_DECIMALS))
    except DecimalException:
        raise NumberError("precision", _("In the unit that is stored, this figure has more than three decimals. Round it.")) from None
    if abs(product) >= LIMIT:
        raise NumberError("too_large", _("This number is too large. Figures stay below 1,000,000,000,000,000."))
    return product


def round_half_up(numerator: Decimal | int, denominator: Decimal | int) -> int:
    """Return `numerator` of `denominator` in whole percent, a half rounded up; both are not negative.

    Raises:
        ZeroDivisionError: there is no ratio to nothing; the caller prints a dash.
    """
    return math.floor(Fraction(numerator) / Fraction(denominator) * 100 + Fraction(1, 2))


# --- Printing -----------------------------------------------------------------------------------------------------------

_CHINESE_BEFORE = {Qualifier.NEARLY: "近", Qualifier.ABOUT: "约", Qualifier.AT_LEAST: "至少"}
_ENGLISH_BEFORE = {Qualifier.NEARLY: "nearly", Qualifier.OVER: "over", Qualifier.ABOUT: "about", Qualifier.AT_LEAST: "at least"}
_MINUS = "−"
# What stands behind a total over figures that are not all exact.
CHINESE_NOTE = "（含约数）"
ENGLISH_NOTE = " (partly approximate)"


def format_number(value: Decimal, lang: str) -> str:
    """Print a number with thousands separators and without trailing zeros: 41,236, 11.5, −96; both languages write it so."""
    digits = f"{_trim(abs(value)):,f}"
    return _MINUS + digits if value < 0 and digits != "0" else digits


def format_figure(value: Decimal, qualifier: Qualifier, unit_label: str, *, lang: str, total: bool = False, text: str = "") -> str:
    """Print a figure with its qualifier and unit, as the language writes it.

    Chinese, nothing between number and unit:
        exact 23人次; nearly 近200台次; about 约700份; at least 至少5户;
        over 400余人次, but only after a round number (a positive multiple of ten), else 超过41,236人次;
        a total over inexact figures 41,236（含约数）人次, whatever the mix: no single word would be true of all its terms;
        words as printed (`text`, for example 约8000多斤, which carry their own unit) as they are, except in a total.
    English, a space before the unit:
        23 person-times; nearly 200; about 700; at least 5; over 400; a total 41,236 (partly approximate) person-times.
        `text` is Chinese, so English prints value and qualifier.
    Without a unit nothing follows the number.
    """
    if _chinese(lang):
        if text and not total:
            return text
        return _chinese_number(value, qualifier, total=total) + unit_label
    return f"{_english_number(value, qualifier, total=total)} {unit_label}".rstrip()


def format_short(value: Decimal, qualifier: Qualifier, lang: str, *, unit_label: str = "", total: bool = False) -> str:
    """Print a figure for a chat.

    Exact figures, and all below 10,000, in full, with the qualifier as `format_figure` writes it; the note on a total stands behind the
    unit, as a person writes it in a line: 8,802人次（含约数）. An inexact one from 10,000 is rounded to a tenth of 万 (from 亿, of 亿):
    约4.1万, 约1.2亿. Rounding makes it 'about'; so does adding, for no other word would be true of all the terms. One figure that needs
    no rounding keeps its word: 近2万, 1.2万余, 至少3万. English rounds alike and prints in full: about 41,000.
    """
    if qualifier != Qualifier.EXACT and value >= TEN_THOUSAND:
        number = _short_number(value, Qualifier.ABOUT if total else qualifier, lang)
        return number + unit_label if _chinese(lang) else f"{number} {unit_label}".rstrip()
    if qualifier != Qualifier.EXACT and total:
        return format_figure(value, Qualifier.EXACT, unit_label, lang=lang) + (CHINESE_NOTE if _chinese(lang) else ENGLISH_NOTE)
    return format_figure(value, qualifier, unit_label, lang=lang)


def format_brief(value: Decimal, qualifier: Qualifier, lang: str, *, total: bool = False) -> str:
    """Print a figure where there is room for a word only, as over a bar.

    As `format_figure` does, but a total over inexact figures from 10,000 is rounded, and its note has no brackets: 8,802 含约数, 4.1万 含约数.
    """
    if not total or qualifier == Qualifier.EXACT:
        return format_figure(value, qualifier, "", lang=lang)
    number = _in_wan(_rounded(value), lang) if value >= TEN_THOUSAND else format_number(value, lang)
    return f"{number} {(CHINESE_NOTE if _chinese(lang) else ENGLISH_NOTE).strip(' （）()')}"


def _short_number(value: Decimal, qualifier: Qualifier, lang: str) -> str:
    """Return an inexact number from 10,000, rounded, with the word for what it is then."""
    rounded = _rounded(value)
    if rounded != value:
        qualifier = Qualifier.ABOUT
    number = _in_wan(rounded, lang)
    if not _chinese(lang):
        return f"{_ENGLISH_BEFORE[qualifier]} {number}"
    return f"{number}余" if qualifier == Qualifier.OVER else _CHINESE_BEFORE[qualifier] + number


def _rounded(value: Decimal) -> Decimal:
    """Return a number from 10,000 in whole tenths of 万, from 亿 of 亿."""
    unit = HUNDRED_MILLION if value >= HUNDRED_MILLION else TEN_THOUSAND
    return math.floor(Fraction(value) / Fraction(unit) * 10 + Fraction(1, 2)) * unit / 10


def _in_wan(rounded: Decimal, lang: str) -> str:
    """Print a rounded number: in 万 or 亿 where the language has such words."""
    if not _chinese(lang):
        return format_number(rounded, lang)
    # Asked of the rounded number: 9,999.6万 rounds to 10,000万, which is written 1亿.
    unit = HUNDRED_MILLION if rounded >= HUNDRED_MILLION else TEN_THOUSAND
    return format_number(rounded / unit, lang) + ("亿" if unit == HUNDRED_MILLION else "万")


def format_change(value: Decimal, qualifier: Qualifier, lang: str) -> str:
    """Print a change on an earlier figure with its sign: +1,204, −96, 0; an inexact one 约+1,204 or about +1,204."""
    number = ("+" if value > 0 else "") + format_number(value, lang)
    if qualifier == Qualifier.EXACT:
        return number
    return f"约{number}" if _chinese(lang) else f"about {number}"


def format_moved(value: Decimal, qualifier: Qualifier, lang: str) -> str:
    """Print a change as a sentence says it: 增加1,204, 减少约96; English has no shorter word than the sign."""
    if not _chinese(lang):
        return format_change(value, qualifier, lang)
    return ("减少" if value < 0 else "增加") + _chinese_number(abs(value), qualifier)


def _chinese(lang: str) -> bool:
    return lang.lower().startswith("zh")


def _chinese_number(value: Decimal, qualifier: Qualifier, *, total: bool = False) -> str:
    number = format_number(value, "zh-hans")
    if qualifier == Qualifier.EXACT:
        return number
    if total:
        return number + CHINESE_NOTE
    if qualifier == Qualifier.OVER:
        return f"{number}余" if value > 0 and value % 10 == 0 else f"超过{number}"
    return _CHINESE_BEFORE[qualifier] + number


def _english_number(value: Decimal, qualifier: Qualifier, *, total: bool = False) -> str:
    number = format_number(value, "en")
    if qualifier == Qualifier.EXACT:
        return number
    return number + ENGLISH_NOTE if total else f"{_ENGLISH_BEFORE[qualifier]} {number}"


def _trim(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without an exponent: 12.50 -> 12.5, 1E+4 -> 10000."""
    digits = f"{value:f}"
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)
