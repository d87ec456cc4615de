"""The Chinese catalogue: translations kept by area, merged and compiled in Python, for there are no gettext tools on a bare machine."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, PoFileParser, write_po
from django.utils.translation.template import templatize

LANGUAGE = "zh_Hans"

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%(?:%|\(\w+\)[a-z]|[a-z])|\{\w*\}")


class Key(NamedTuple):
    """What gettext looks a translation up by: the context, empty when there is none, and the msgid."""

    context: str
    msgid: str


class CatalogueError(Exception):
    """Every reason why the areas cannot be merged, a sentence each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class _AreaCatalog(Catalog):
    """A catalogue that keeps every entry of a file apart: Babel's own silently drops the second of two that disagree."""

    def __init__(self) -> None:
        super().__init__(locale=LANGUAGE)
        self.entries: list[Message] = []

    def __setitem__(self, id: str | list[str] | tuple[str, ...], message: Message) -> None:
        if id:
            self.entries.append(message)


class _MergedCatalog(Catalog):
    """The catalogue as committed: its header has no dates and no tool version, so that the same areas give the same bytes."""

    def __init__(self) -> None:
        super().__init__(locale=LANGUAGE, fuzzy=False, header_comment="# Made by `manage.py build_locale` from locale/zh_Hans/areas/; edit there.")

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", LANGUAGE),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", "nplurals=1; plural=0;"),
        ]


def merge_areas(folder: Path) -> Catalog:
    """Merge the area files of `folder` into one catalogue, sorted.

    Raises:
        CatalogueError: a file cannot be read, or an entry is fuzzy, empty, obsolete, has a placeholder that the source has not, or disagrees with
            another entry for the same msgid and context.
    """
    problems: list[str] = []
    chosen: dict[Key, tuple[Message, str]] = {}
    for path in sorted(folder.glob("*.po")):
        try:
            entries = _read_area(path)
        except PoFileError as error:
            problems.append(f"{path.name}: {error}")
            continue
        for message in entries:
            key = key_of(message)
            problems += [f"{path.name}: “{key.msgid}” {fault}" for fault in _faults(message)]
            known, source = chosen.setdefault(key, (message, path.name))
            if _forms(known.string) != _forms(message.string):
                problems.append(f"“{key.msgid}” is {_forms(known.string)[0]} in {source} but {_forms(message.string)[0]} in {path.name}")
            elif message.pluralizable:
                chosen[key] = (message, path.name)
    if problems:
        raise CatalogueError(problems)
    merged = _MergedCatalog()
    for key in sorted(chosen):
        message = chosen[key][0]
        merged.add(message.id, message.string, context=message.context)
    return merged


def _read_area(path: Path) -> list[Message]:
    catalog = _AreaCatalog()
    with path.open("rb") as lines:
        PoFileParser(catalog, abort_invalid=True).parse(lines)
    if catalog.obsolete:
        raise PoFileError("holds obsolete entries (#~); remove them", catalog, "", 0)
    return catalog.entries


def key_of(message: Message) -> Key:
    """Return the key of an entry; a plural one is looked up by its singular."""
    return Key(message.context or "", _forms(message.id)[0])


def _forms(text: str | Iterable[str] | None) -> list[str]:
    return [text or ""] if text is None or isinstance(text, str) else list(text)


def _faults(message: Message) -> Iterator[str]:
    """Name what is wrong with one entry."""
    if message.fuzzy:
        yield "is fuzzy: check it and remove the mark."
    forms = _forms(message.string)
    if not all(forms):
        yield "has no translation."
    allowed = set(_PLACEHOLDER.findall(" ".join(_forms(message.id))))
    unknown = set(_PLACEHOLDER.findall(" ".join(forms))) - allowed
    if unknown:
        yield f"has a placeholder that the source has not: {', '.join(sorted(unknown))}."


def po_bytes(catalog: Catalog) -> bytes:
    """Return the catalogue as a .po file."""
    output = BytesIO()
    write_po(output, catalog, width=0, no_location=True)
    return output.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """Return the catalogue compiled."""
    output = BytesIO()
    write_mo(output, catalog)
    return output.getvalue()


@dataclass(frozen=True)
class Marked:
    """A string marked for translation, and where."""

    key: Key
    path: Path
    line: int


def marked_strings(roots: Iterable[Path]) -> Iterator[Marked]:
    """Yield each string marked for translation in the .py, .html and .txt files under `roots`, hidden folders left out."""
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and not any(part.startswith(".") for part in path.relative_to(root).parts):
                yield from _marked_in(path)


def _marked_in(path: Path) -> Iterator[Marked]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Django turns a template into calls of gettext amid filler; indented filler would not be Python for Babel's tokenizer.
        source = "\n".join(line.lstrip() for line in templatize(source, origin=str(path)).splitlines())
    for line, messages, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}):
        yield Marked(Key(context or "", _forms(messages)[0]), path, line)
