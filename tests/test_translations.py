"""Every string has its Chinese, every source string is English, and the committed catalogue is the one the areas give."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from portal.management.catalogue import LANGUAGE, CatalogueError, Key, Marked, key_of, marked_strings, merge_areas, mo_bytes, po_bytes
from portal.management.commands.build_locale import SOURCES

BASE = Path(__file__).resolve().parent.parent
LOCALE = BASE / "locale" / LANGUAGE
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@pytest.fixture(scope="module")
def marked() -> list[Marked]:
    return list(marked_strings(BASE / name for name in SOURCES))


def where(strings: list[Marked]) -> list[str]:
    return [f"{each.path.relative_to(BASE)}:{each.line}: {each.key.msgid!r}" for each in strings]


def test_every_marked_string_has_a_chinese_translation(marked: list[Marked]) -> None:
    known = {key_of(message) for message in merge_areas(LOCALE / "areas") if message.id}

    assert len(marked) > 10
    missing = where([each for each in marked if each.key not in known])
    assert not missing, "\n".join(missing)


def test_source_strings_are_english(marked: list[Marked]) -> None:
    chinese = where([each for each in marked if HAN.search(each.key.msgid)])
    assert not chinese, "\n".join(chinese)


def test_the_committed_catalogue_is_what_the_areas_give() -> None:
    catalog = merge_areas(LOCALE / "areas")

    assert (LOCALE / "LC_MESSAGES" / "django.po").read_bytes() == po_bytes(catalog), "run manage.py build_locale"
    assert (LOCALE / "LC_MESSAGES" / "django.mo").read_bytes() == mo_bytes(catalog), "run manage.py build_locale"


def test_areas_that_agree_are_merged_and_those_that_do_not_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.po").write_text('msgid "Save"\nmsgstr "保存"\n', encoding="utf-8")
    (tmp_path / "b.po").write_text('msgid "Save"\nmsgstr "保存"\n\nmsgctxt "verb"\nmsgid "Save"\nmsgstr "存"\n', encoding="utf-8")
    assert {key_of(message) for message in merge_areas(tmp_path) if message.id} == {Key("", "Save"), Key("verb", "Save")}

    (tmp_path / "b.po").write_text('msgid "Save"\nmsgstr "存储"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"“Save” is 保存 in a\.po but 存储 in b\.po"):
        merge_areas(tmp_path)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('#, fuzzy\nmsgid "Save"\nmsgstr "保存"\n', "is fuzzy"),
        ('msgid "Save"\nmsgstr ""\n', "has no translation"),
        ('msgid "%(count)d rows"\nmsgstr "%(number)d 行"\n', r"placeholder that the source has not: %\(number\)d"),
        ('msgid "Save"\nmsgstr "保存"\n\nmsgid "Save"\nmsgstr "存储"\n', r"保存 in a\.po but 存储 in a\.po"),
        ('#~ msgid "Save"\n#~ msgstr "保存"\n', "obsolete"),
        ("nonsense\n", r"a\.po"),
    ],
)
def test_an_entry_that_cannot_be_published_is_refused(tmp_path: Path, entry: str, fault: str) -> None:
    (tmp_path / "a.po").write_text(entry, encoding="utf-8")

    with pytest.raises(CatalogueError, match=fault):
        merge_areas(tmp_path)


def test_strings_are_found_in_python_and_in_templates(tmp_path: Path) -> None:
    (tmp_path / "views.py").write_text('_("A " "b")\npgettext("c", "D")\nngettext("%d row", "%d rows", 2)\n', encoding="utf-8")
    (tmp_path / "page.html").write_text(
        "{% if a %}\n    <p title='it{{ x }}'>{% translate \"Save\" %}</p>\n"
        "  {% blocktranslate count n=rows trimmed %}\n  {{ n }} row\n  {% plural %}{{ n }} rows\n  {% endblocktranslate %}\n"
        "{{ _('Yes')|upper }}{% translate 'May' context 'month' %}{# (no #}\n{% endif %}",
        encoding="utf-8",
    )

    assert {each.key for each in marked_strings([tmp_path])} == {
        Key("", "A b"),
        Key("c", "D"),
        Key("", "%d row"),
        Key("", "Save"),
        Key("", "%(n)s row"),
        Key("", "Yes"),
        Key("month", "May"),
    }


def test_the_command_builds_once_and_its_check_names_what_is_stale(tmp_path: Path) -> None:
    areas = tmp_path / "locale" / LANGUAGE / "areas"
    areas.mkdir(parents=True)
    (areas / "a.po").write_text('msgid "Save"\nmsgstr "保存"\n', encoding="utf-8")

    with override_settings(BASE_DIR=tmp_path):
        with pytest.raises(CommandError, match=r"django\.po, django\.mo stale"):
            call_command("build_locale", check=True)
        call_command("build_locale", stdout=StringIO())
        call_command("build_locale", check=True, stdout=StringIO())

        (areas / "b.po").write_text('msgid "Save"\nmsgstr "存储"\n', encoding="utf-8")
        with pytest.raises(CommandError, match=r"a\.po but 存储 in b\.po"):
            call_command("build_locale")
