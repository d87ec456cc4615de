"""Every page in a real browser, as each role in Chinese and as one of them in English, on a telephone and on a desk: accessible, whole, in one language.

axe runs with the tags of WCAG 2.2 AA. Another role's page is examined when it holds anything, a link, a field, a sentence, that no page before had.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction
from django.template.loader import render_to_string
from django.test import Client
from django.test.signals import template_rendered
from django.test.utils import modify_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation
from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, Response
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from activities.models import Statement
from branches.models import Branch, Region, WorkUnit
from members.models import Person
from portal.accounts.models import User
from portal.accounts.sessions import SessionStore
from portal.ending.models import ArchivePack
from portal.foundation import clock as portal_clock
from portal.foundation.attachments import open_content
from portal.management.catalogue import LANGUAGE, merge_areas
from tests.browser.conftest import wait_for_the_server_to_let_go
from tests.browser.pages import NO_PAGE, PAGES, Shown
from tests.browser.world import PAST_SECOND_STEP, TYPED, World, build_world, moment
from tests.personas import Clock

BASE: Final = Path(__file__).resolve().parents[2]
SIZES: Final = {"phone": (360, 740), "desk": (1440, 900)}
# The page's own language and what the browser asks for.
LANGUAGES: Final = {"zh-hans": "zh-CN", "en": "en"}
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# In each language at one size, and not at each state of a page in English: axe takes longer than all else, and what it finds hangs on one or the other.
AXE_LOOKS_AT: Final = {"zh-hans": "phone", "en": "desk"}
AXE: Final = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(found => found.violations)"
# The browser reports the status of the page itself, and that nobody touched the screen before it was asked to dial.
SAID_BY_RIGHT: Final = ("the server responded with a status of", "Not allowed to launch 'tel:")
LEAST_TEXT: Final = 14
LEAST_TARGET: Final = 44
# A folder for pictures of every page; without it none are taken.
PICTURES: Final = os.environ.get("PAGE_PICTURES", "")

HAN: Final = re.compile(r"[\u3400-\u9fff]")
# What is Latin on a Chinese page by right: addresses, receipts, names of formats and of things that have no other.
# A checksum, or its beginning, may spell what looks like a word.
LATIN_BY_RIGHT: Final = re.compile(
    r"\bhttps?://\S+|\b(?=[0-9a-f]*\d)(?:[0-9a-f]{8}|[0-9a-f]{64})\b|\b(?:[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}|xlsx|csv|English|OpenAPI|API|JSON|UUID|Swagger|SHA|kg|JPEG|PNG|Excel|WPS|GB|Ctrl|PDF|Cookie|WeChat|Android|Chrome|Linux|zjdsq|report\.filed)\b"
)
LATIN: Final = re.compile(r"[A-Za-z]{4,}")
PRINTED_BY_MISTAKE: Final = re.compile(r"\bNone\b|\bNaN\b|undefined|\bFalse\b|\bTrue\b|\{\{|%\(|<QuerySet")
ISO_DATE: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b")
# What was typed, repeated, and how to type it.
QUOTED: Final = re.compile(r"“[^”]*”|按 \S+ 的格式")

READ: Final = """([leastText, leastTarget]) => {
  const seen = element => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const name = element => element.outerHTML.slice(0, 160);
  // The API's guide is drawn by Swagger UI, in English and in its own sizes; axe looks at it as at everything.
  const foreign = element => element.closest('#api');
  const texts = [], small = [], targets = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), parent = walker.currentNode.parentElement;
    if (!text || parent.closest('script, style, template, noscript') || foreign(parent)) continue;
    // A hit is marked inside its name: the name is read whole.
    const whole = parent.closest(':has(> mark)') || (parent.matches('mark') && parent.parentElement);
    texts.push([whole ? whole.textContent.trim() : text, parent.closest('[lang]').lang, Boolean(parent.closest('code, pre, [data-verbatim]'))]);
    const box = parent.getBoundingClientRect();
    if (!seen(parent) || box.width <= 1 || box.height <= 1) continue;
    const scale = parent.getScreenCTM ? Math.abs(parent.getScreenCTM().a) : 1;
    const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
    if (size < leastText - 0.01) small.push(size.toFixed(1) + ' ' + text.slice(0, 40) + ' ' + name(parent));
  }
  for (const element of document.querySelectorAll('[aria-label], [placeholder], [title], [alt]'))
    for (const attribute of ['aria-label', 'placeholder', 'title', 'alt'])
      if (element.getAttribute(attribute) && !foreign(element)) texts.push([element.getAttribute(attribute), element.closest('[lang]').lang, false]);
  texts.push([document.title, document.documentElement.lang, false]);
  for (const element of document.querySelectorAll('button, input:not([type=hidden]), select, textarea, summary, a.btn, a.button, a.step')) {
    const label = ['radio', 'checkbox'].includes(element.type) && element.labels[0];
    const box = (label || element).getBoundingClientRect();
    if (foreign(element) || !seen(label || element) || box.width <= 1 || box.height <= 1) continue;
    if (box.height < leastTarget - 0.5 || box.width < leastTarget - 0.5)
      targets.push(box.width.toFixed(0) + 'x' + box.height.toFixed(0) + ' ' + name(label || element));
  }
  const wide = document.documentElement.scrollWidth > innerWidth
    ? [...document.body.querySelectorAll('*')].filter(each => each.getBoundingClientRect().right > innerWidth + 1).slice(0, 6).map(name) : [];
  return {texts, small, targets, wide, over: document.documentElement.scrollWidth - innerWidth,
    headings: [...document.querySelectorAll('h1')].filter(each => !foreign(each)).length, language: document.documentElement.lang};
}"""

SEND: Final = """([selector, fields]) => {
  const form = document.querySelector(selector) || document.querySelector('form[method=post]');
  for (const [name, value] of Object.entries(fields)) {
    const known = [...form.elements].filter(each => each.name === name && each.type !== 'submit');
    for (const each of known) {
      // A date field of the browser takes no impossible day; whoever has none types it.
      if (['date', 'time'].includes(each.type)) each.type = 'text';
      if (each.type === 'radio') each.checked = each.value === value; else each.value = value;
    }
    if (known.length) continue;
    const added = document.createElement('input');
    added.type = 'hidden'; added.name = name; added.value = value; form.append(added);
  }
  HTMLFormElement.prototype.submit.call(form);
}"""

# A page without a form of its own sends one with the token of whatever form it has.
SEND_TO: Final = """([address, fields]) => {
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  const form = document.createElement('form');
  form.method = 'post'; form.action = address;
  for (const [name, value] of Object.entries({csrfmiddlewaretoken: token, ...fields})) {
    const added = document.createElement('input');
    added.type = 'hidden'; added.name = name; added.value = value; form.append(added);
  }
  document.body.append(form);
  form.submit();
}"""


@dataclass
class Words:
    """What is a word of ours and what is a name in the data."""

    chinese_of: dict[str, str]
    names: re.Pattern[str]
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def untranslated(self) -> Mapping[str, str]:
        """English source strings that have another text in Chinese."""
        return {source: text for source, text in self.chinese_of.items() if source != text and "%" not in source and not LATIN_BY_RIGHT.fullmatch(source)}

    def fault(self, text: str, language: str) -> str:
        """Return what is wrong with a text on a page of a language; empty when nothing is."""
        key = (text, language)
        if key not in self.known:
            self.known[key] = self._look(text, language)
        return self.known[key]

    def _look(self, text: str, language: str) -> str:
        if PRINTED_BY_MISTAKE.search(text):
            return "a value printed by mistake"
        rest = self.names.sub(" ", text)
        if language == "en":
            return "Chinese on an English page" if HAN.search(rest) else ""
        if text in self.untranslated:
            return f"not in Chinese: {self.untranslated[text]}"
        if HAN.search(text) and ISO_DATE.search(QUOTED.sub("", rest)):
            return "a date as tables write it, in a sentence"
        return "Latin letters on a Chinese page" if LATIN.search(LATIN_BY_RIGHT.sub(" ", rest)) else ""


@dataclass
class Site:
    """The running portal with its world, and windows into it."""

    url: str
    world: World
    browser: Browser
    words: Words
    sessions: dict[str, str]
    examined: set[str] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    windows: dict[str, Page] = field(default_factory=dict)

    @contextmanager
    def window(self, role: str, language: str, **hearers: Callable[[Any], None]) -> Iterator[Page]:
        """Look at pages as somebody, reading a language; `hearers` are told of what happens meanwhile, by the name of the event."""
        if language not in self.windows:
            # Services would answer in place of the site after the first visit.
            context = self.browser.new_context(base_url=self.url, locale=LANGUAGES[language], timezone_id="Asia/Shanghai", service_workers="block")
            context.set_default_timeout(60_000)
            context.add_init_script(AXE_SCRIPT)
            self.windows[language] = context.new_page()
            self.windows[language].on("dialog", lambda dialog: dialog.accept())
        page = self.windows[language]
        page.context.clear_cookies()
        if role:
            page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": self.sessions[role], "url": self.url}])
        for event, hear in hearers.items():
            page.on(event, hear)  # type: ignore[call-overload]  # One overload an event.
        try:
            yield page
        finally:
            for event, hear in hearers.items():
                page.remove_listener(event, hear)
            page.unroute_all()


@pytest.fixture(scope="module")
def site(browser: Browser, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Serve one world to all tests of this module: making it takes longer than looking at a page."""
    held = Clock()
    held.move_to(moment())
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), modify_settings(ALLOWED_HOSTS={"append": "localhost"}):
        patch.setattr(portal_clock, "now", held.now)
        patch.setattr(portal_clock, "today", held.today)
        world = build_world()
        server = LiveServer("localhost:0")
        site = Site(server.url, world, browser, _words(), {role: _session(user, secured=role == PAST_SECOND_STEP) for role, user in world.users.items()})

        def note(sender: Any, template: Any, **rest: Any) -> None:
            site.templates.add(template.name or "")

        template_rendered.connect(note)
        yield site
        template_rendered.disconnect(note)
        for page in site.windows.values():
            page.context.close()
        server.stop()
        wait_for_the_server_to_let_go()
        call_command("flush", verbosity=0, interactive=False)
        connections.close_all()


def _session(user: User, *, secured: bool) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value)
    if secured:
        session.secure()
        session.save()
    return str(session.session_key)


def _words() -> Words:
    translated = {}
    for message in merge_areas(BASE / "locale" / LANGUAGE / "areas"):
        if message.id:
            source, text = ((each if isinstance(each, str) else (each or ("",))[0]) for each in (message.id, message.string))
            translated[source] = text
    rows = chain(
        *(model._default_manager.values_list("name", flat=True) for model in (Region, Branch, WorkUnit, Person, User)),
        User.objects.values_list("username", flat=True),
        chain(*Statement.objects.values_list("title", "what_zh")),
    )
    names = sorted({name for name in chain(rows, TYPED) if name}, key=len, reverse=True)
    # A masked name is a name too.
    return Words(translated, re.compile("|".join([*map(re.escape, names), r"\S\*+"])))


def _open(page: Page, site: Site, shown: Shown) -> Response:
    address = shown.address(site.world)
    if shown.template:
        _answer_with(page, site, shown)
        return _at(page.goto(address))
    if shown.fills is None:
        response = _at(page.goto(address))
        if shown.click:
            page.locator(shown.click).first.click()
        return response
    fields = shown.fills(site.world)
    if shown.posts_alone:
        page.goto("/account/")
        with page.expect_navigation() as moved:
            page.evaluate(SEND_TO, [address, fields])
        return _at(moved.value)
    page.goto(address)
    if shown.uploads is not None:
        chosen: FilePayload = {"name": "名单.xlsx", "mimeType": "application/octet-stream", "buffer": shown.uploads(site.world)}
        page.locator("main input[type=file]").set_input_files(chosen)
    with page.expect_navigation() as moved:
        page.evaluate(SEND, [shown.form, fields])
    return _at(moved.value)


def _at(response: Response | None) -> Response:
    assert response is not None
    return response


def _answer_with(page: Page, site: Site, shown: Shown) -> None:
    """Answer the site's address with a page that only an accident would show, with the headers of the real one."""
    language = next(name for name, window in site.windows.items() if window is page)
    with translation.override(language):
        body = render_to_string(shown.template, {"LANGUAGE_CODE": language})

    def answer(route: Any) -> None:
        real = route.fetch()
        route.fulfill(status=shown.status, headers={**real.headers, "content-length": str(len(body.encode()))}, body=body)

    page.route(site.url + "/", answer)


def _is_known(site: Site, shown: Shown, role: str, language: str) -> bool:
    """Say whether all of a role's page was on pages examined before, asking without a browser, which is ten times as fast."""
    client = Client(headers={"accept-language": LANGUAGES[language]})
    client.cookies[settings.SESSION_COOKIE_NAME] = site.sessions.get(role, "")
    # What is written by asking is not kept: the browser asks as somebody else would, and waits for nobody.
    with transaction.atomic():
        answer = client.get(shown.address(site.world))
        transaction.set_rollback(True)
    return answer.status_code == shown.status and _parts(site, role, language, answer.content.decode()) <= site.examined


def _parts(site: Site, role: str, language: str, html: str) -> set[str]:
    """Return what a page consists of, without what makes it no other one."""
    html = _CHANGING.sub("", html)
    if role:
        html = html.replace(site.world.users[role].username, "")
    return {f"{language} {part.strip()}" for part in _PARTS.split(html)}


# An element begins a part; where a link leads, what is chosen and how many there are makes no other one.
_PARTS: Final = re.compile(r"\n|(?=<)")
_CHANGING: Final = re.compile(
    r' (?:href|value|nonce|aria-current)="[^"]*"| checked| selected|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}|\d+'
)


def _faults(page: Page, site: Site, language: str, size: str, picture: str, *, by_axe: bool) -> Iterator[str]:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    found = page.evaluate(READ, [LEAST_TEXT, LEAST_TARGET])
    if PICTURES and picture and language != "en":
        page.screenshot(path=f"{PICTURES}/{picture}-{language}-{width}.png", full_page=True)
    if found["headings"] != 1:
        yield f"{found['headings']} h1"
    if found["language"] != language:
        yield f"lang is {found['language']}"
    if found["over"] > 0:
        yield f"scrolls sideways by {found['over']}: {found['wide']}"
    for text, of, verbatim in found["texts"]:
        if not verbatim and of == language and (fault := site.words.fault(text, language)):
            yield f"{fault}: {text[:120]!r}"
    if size == "phone":
        yield from (f"small text: {each}" for each in found["small"])
        yield from (f"small target: {each}" for each in found["targets"])
    if not by_axe:
        return
    for violation in page.evaluate(AXE, TAGS):
        for node in violation["nodes"][:3]:
            yield f"axe {violation['id']}: {node['target']} {node['html'][:200]} {node['failureSummary'][:200]}"


# Makes the database; everything that these tests store is stored by the site, or before.
@pytest.mark.django_db
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.title)
def test_a_page_is_accessible_whole_and_in_one_language(site: Site, shown: Shown) -> None:
    faults: dict[str, None] = {}
    for role in shown.by:
        # What a role sees more than the first one is looked at in the portal's own language: a text that lacks its Chinese shows there.
        for language in LANGUAGES if role == shown.by[0] else (settings.LANGUAGE_CODE,):
            if role != shown.by[0] and shown.fills is None and not shown.template and _is_known(site, shown, role, language):
                continue
            for fault in _look(site, shown, role, language):
                faults.setdefault(fault, None)
    site.visited.add(shown.title)
    assert not faults, "\n".join(faults)


def _look(site: Site, shown: Shown, role: str, language: str) -> Iterator[str]:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in SAID_BY_RIGHT):
            said.append(f"console: {message.text[:300]}")

    def missing(response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            said.append(f"{response.status} for {response.url}")

    with site.window(role, language, console=hear, pageerror=lambda error: said.append(f"script: {error}"), response=missing) as page:
        response = _open(page, site, shown)
        if response.status != shown.status:
            yield f"{role} {language}: answered {response.status} at {response.url}, not {shown.status}"
            return
        if response.headers.get("content-type", "").startswith("text/html"):
            site.examined |= _parts(site, role, language, response.text())
        if shown.name == "api-docs":
            page.wait_for_selector(".opblock, [data-endpoint], main section", state="attached")
        first = role == (shown.by or ("",))[0]
        picture = re.sub(r"\W+", "_", f"{shown.title} {role}") if first else ""
        # A state of a page is the page with other words: they are the longest in English, and fit where there is least room.
        for size in ["phone"] if shown.state and language == "en" else SIZES:
            by_axe = size == AXE_LOOKS_AT[language] and not (shown.state and language == "en")
            for fault in _faults(page, site, language, size, picture, by_axe=by_axe):
                yield f"{role or 'visitor'} {language} {size}: {fault}"
    yield from said


def _names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _names(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{space}{entry.name}"


def test_every_address_is_looked_at_or_is_no_page() -> None:
    pages = {shown.name for shown in PAGES if shown.name}
    names = {name for name in _names(get_resolver()) if not name.split(":")[0].endswith("-api")}
    assert names - pages - set(NO_PAGE) == set()
    assert (pages | set(NO_PAGE)) - names == set()


@pytest.mark.django_db
def test_the_documents_of_a_pack_are_accessible_whole_and_in_one_language_without_the_portal(site: Site, tmp_path: Path) -> None:
    file = ArchivePack.objects.exclude(file=None).latest("pk").file
    assert file is not None
    with open_content(file) as content, ZipFile(content) as pack:
        pack.extractall(tmp_path)
    documents = sorted(tmp_path.rglob("*.html"))
    assert {document.stem for document in documents} == {"index", "story", "figures", "reports", "people", "left-open", "01"}

    faults = []
    with site.window("", settings.LANGUAGE_CODE) as page:
        for document in documents:
            page.goto(document.as_uri())
            for size in SIZES:
                picture = f"pack_{document.stem}"
                faults += [f"{document.name} {size}: {fault}" for fault in _faults(page, site, settings.LANGUAGE_CODE, size, picture, by_axe=size == "phone")]
    assert not faults, "\n".join(faults)


@pytest.mark.django_db
def test_every_template_of_a_page_was_looked_at(site: Site) -> None:
    if not site.visited >= {shown.title for shown in PAGES}:
        pytest.skip("only some pages were looked at")
    folder = BASE / "templates"
    pages = {str(path.relative_to(folder)) for path in folder.rglob("*.html") if not any(part.startswith("_") for part in path.relative_to(folder).parts)}
    # The documents of a pack were written before anybody looked.
    assert {page for page in pages if not page.startswith("ending/pack/")} - site.templates == set()
