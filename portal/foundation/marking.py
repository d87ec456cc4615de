"""Words that were looked for, marked where they stand in a text. Pure functions, no database."""

from typing import Final

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from portal.foundation.text import fold, fold_in_place

# Characters of a long text before and after what was found, and how many places of it are shown.
_AROUND: Final = 30
_PLACES: Final = 3

Span = tuple[int, int]


def highlight(text: str, words: str) -> SafeString:
    """Mark in `text` where `words` stand, whichever characters either is written in; initials mark nothing."""
    parts: list[str] = []
    done = 0
    for start, end in found_in(text, words):
        parts += [escape(text[done:start]), format_html("<mark>{}</mark>", text[start:end])]
        done = end
    return mark_safe("".join([*parts, escape(text[done:])]))  # noqa: S308 - every part is escaped


def excerpt(text: str, words: str) -> str:
    """Return the parts of `text` around the first places found, or its beginning."""
    parts: list[Span] = []
    for start, end in found_in(text, words) or [(0, _AROUND)]:
        first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
        if parts and first <= parts[-1][1]:
            parts[-1] = (parts[-1][0], last)
        elif len(parts) < _PLACES:
            parts.append((first, last))
    shown = " … ".join(" ".join(text[first:last].split()) for first, last in parts)
    return ("…" if parts[0][0] else "") + shown + ("…" if parts[-1][1] < len(text) else "")


def found_in(text: str, words: str) -> list[Span]:
    """Return the spans of `text` where `words` stand, in order and apart."""
    folded, origin = fold_in_place(text)
    marked = [False] * len(text)
    for word in fold(words).split():
        at = folded.find(word)
        while at >= 0:
            for place in origin[at : at + len(word)]:
                marked[place] = True
            at = folded.find(word, at + len(word))
    return _runs(marked)


def _runs(marked: list[bool]) -> list[Span]:
    runs: list[Span] = []
    for place, on in enumerate(marked):
        if on and runs and runs[-1][1] == place:
            runs[-1] = (runs[-1][0], place + 1)
        elif on:
            runs.append((place, place + 1))
    return runs
