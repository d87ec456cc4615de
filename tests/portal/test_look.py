"""The visual language keeps its promises: contrast, no inline style or script, type and words in every part."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template, engines
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.translation import override

from portal.context import shell
from portal.icons import ICONS
from portal.templatetags.ui import LOOKS, number

CSS = Path(settings.BASE_DIR) / "portal" / "static" / "portal" / "css"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
ERROR_PAGES = ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "maintenance.html", "offline.html"]
TEXT_PAIRS = [(ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("ground", "card", "sunk")] + [
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("accent", "accent-soft"),
    ("ok", "ok-soft"),
    ("warn", "warn-soft"),
    ("held", "held-soft"),
    ("ink-3", "ok-soft"),
]
MARK_PAIRS = [(mark, ground) for mark in ("line-field", "mark") for ground in ("ground", "card")]


def tokens(scheme: str) -> dict[str, str]:
    """Return the colours of a scheme; the dark one overrides the light one."""
    light, dark = (CSS / "tokens.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
    return colours if scheme == "light" else {**colours, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", dark))}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_reaches_four_and_a_half_to_one_and_marks_three_to_one(scheme: str) -> None:
    colours = tokens(scheme)

    weak = [(a, b) for pairs, least in ((TEXT_PAIRS, 4.5), (MARK_PAIRS, 3.0)) for a, b in pairs if contrast(colours[a], colours[b]) < least]

    assert weak == []


def test_no_style_sheet_sets_a_text_under_fourteen_pixels() -> None:
    small = [(path.name, size) for path in CSS.glob("*.css") for size in re.findall(r"font(?:-size)?: ?(\d+)px", path.read_text("utf-8")) if int(size) < 14]

    assert small == []


def test_no_template_holds_inline_style_script_or_event_handler() -> None:
    inline = re.compile(r"""\sstyle=|<style|\son[a-z]+=["']|<script(?![^>]*\ssrc=)|javascript:""")

    assert [str(path) for path in TEMPLATES.rglob("*.*") if inline.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("page", ERROR_PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_error_page_stands_without_request_user_or_database(page: str, language: str) -> None:
    with override(language):
        html = render_to_string(page)

    assert f'<html lang="{language}">' in html
    assert re.search(r"<h1>\S.*</h1>", html)
    assert 'class="btn primary"' in html


def test_every_state_has_a_word_and_a_shape_of_the_icon_set() -> None:
    assert all(str(look.label) and look.icon in ICONS for look in LOOKS.values())


def test_a_pill_escapes_its_note() -> None:
    html = Template('{% load ui %}{% pill "missing" note %}').render(Context({"note": "<b>"}))

    assert "&lt;b&gt;" in html
    assert "<svg" in html


def test_a_number_has_separators_and_no_trailing_zeros() -> None:
    assert [number(value) for value in (41236, Decimal("1500.50"), Decimal("200"), Decimal("0"), None)] == ["41,236", "1,500.5", "200", "0", "—"]


def test_a_changed_query_keeps_the_other_parameters(rf: RequestFactory) -> None:
    request = rf.get("/", {"span": "7", "page": "3"})

    html = engines["django"].from_string('{% load ui %}{% query_with span="30" page=None q="a&b" %}').render({}, request)

    assert html == "?span=30&amp;q=a%26b"


def test_the_title_of_a_page_is_also_its_heading(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()

    html = engines["django"].from_string('{% extends "base.html" %}{% block title %}江汉区 & 周边{% endblock %}').render({}, request)

    assert "<h1>江汉区 & 周边</h1>" in html
    assert "<title>江汉区 & 周边 · " in html


def test_before_sign_in_there_is_no_navigation(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()

    assert shell(request)["nav"] == []
