"""A real browser against the running site."""

import time
from collections.abc import Callable, Iterator
from shutil import which
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from portal.accounts.models import User
from tests.browser.walks import Walk
from tests.factories import PASSWORD

PHONE: ViewportSize = {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SignIn = Callable[..., Page]
# Milliseconds. A machine busy with the rest of the suite is slow, not broken.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of a module: two modules may each start their own, one after the other."""
    with sync_playwright() as playwright:
        # The system's Chromium where there is one, otherwise Playwright's own.
        started = playwright.chromium.launch(executable_path=which("chromium"), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def context_of(browser: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser window of its own, signed in as somebody: `context_of(user, javascript=False, language="en")`."""
    opened: list[BrowserContext] = []

    def make(user: User | None = None, *, javascript: bool = True, language: str = "zh-CN", viewport: ViewportSize | None = None) -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url, java_script_enabled=javascript, locale=language, viewport=viewport or PHONE, has_touch=True, timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        if user is not None:
            sign_in(context, user)
        return context

    yield make
    for context in opened:
        context.close()
    # What was on its way when a window was closed is answered before the tables are emptied.
    wait_for_the_server_to_let_go()


@pytest.fixture
def walk(context_of: Callable[..., BrowserContext]) -> Iterator[Walk]:
    """Windows of the people of a walk; no console of theirs says anything."""
    walk = Walk(context_of)
    yield walk
    assert walk.said == []


def wait_for_the_server_to_let_go() -> None:
    """Wait until no thread of the server is still in a transaction: it ends a moment after the browser has what it asked for."""
    others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    for _ in range(100):
        with connections["default"].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle'")
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.1)


def sign_in(context: BrowserContext, user: User) -> None:
    """Give the window the session of `user`."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    url = context._impl_obj._options["baseURL"]
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])


def type_sign_in(page: Page, user: User) -> None:
    """Sign in as a person does."""
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
