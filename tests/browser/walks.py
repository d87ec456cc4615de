"""What walks through the site share: windows of the sizes that people have, and an ear for what a browser complains of."""

from collections.abc import Callable
from typing import Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, ViewportSize

from portal.accounts.models import User

SMALL: Final[ViewportSize] = {"width": 360, "height": 740}
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
# The browser reports the status of a page, which is what the walk is about.
_BY_RIGHT: Final = "the server responded with a status of"


def overflow(page: Page) -> int:
    """Return by how many pixels a page is too wide, once it is there with its style."""
    page.wait_for_load_state()
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


class Walk:
    """Windows of several people; whatever one of them says in its console is kept."""

    def __init__(self, context_of: Callable[..., BrowserContext]) -> None:
        self._context_of = context_of
        self.said: list[str] = []

    def as_somebody(self, user: User | None, viewport: ViewportSize) -> Page:
        """Open a window of somebody who reads English; without a user, of a resident who never signed in."""
        page = self._context_of(user, language="en", viewport=viewport).new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _BY_RIGHT not in message.text:
            self.said.append(message.text)
