"""The dashboard of the province over 90 days, everything on it, while the changes of 1,000 reports wait to be folded."""

import re
from html import unescape
from typing import Final

from django.test import Client

from benchmarks import world
from benchmarks.baselines.raw_totals import raw_totals
from benchmarks.measuring import Work
from branches.access import Role
from portal.pages.scopes import dashboard_url

REPORTS: Final = 1_000
DAYS: Final = 90
_TAGS: Final = re.compile(r"<(script|style|svg)\b.*?</\1>|<[^>]*>", re.S)
_ADDRESSES: Final = re.compile(r'href="([^"]*)"')
# When it was printed; and kept totals know when they last changed, records when they were filed: of one that was withdrawn only the former is known.
_AS_OF: Final = re.compile(r'<p class="asof.*?</p>|<p class="print-only.*?</p>', re.S)
# Parts that the page fetches after it was painted.
_LATER: Final = re.compile(r'(?:hx-get|data-load)="([^"]+)"')


def works(reports: int = REPORTS) -> list[Work]:
    """Return the row; `reports` are filed first and wait."""
    waiting = world.wait_in_line(reports)
    client = world.client_of(world.account(Role.OFFICIAL))
    address = dashboard_url(world.province(), world.span(DAYS))

    def ours() -> str:
        return whole_page(client, address)

    def raw() -> str:
        with raw_totals():
            return whole_page(client, address)

    return [
        Work(
            name=f"dashboard page, province, 90 days, {waiting:,} changes of {reports:,} reports pending",
            ours="kept totals",
            theirs="the same page by ORM aggregates over the records",
            subject=ours,
            baseline=raw,
            found=lambda: said(ours()),
            expected=lambda: said(raw()),
            target=500,
            grows=False,
        )
    ]


def whole_page(client: Client, address: str) -> str:
    """Return a page with the parts that it fetches afterwards."""
    text = world.page(client, address)
    return "\n".join([text, *(world.page(client, unescape(part)) for part in dict.fromkeys(_LATER.findall(text)))])


def said(html: str) -> list[str]:
    """Return what a page says: its words and figures, and where they lead."""
    html = _AS_OF.sub("", html)
    words = [word for word in (" ".join(unescape(text).split()) for text in _TAGS.sub("\n", html).split("\n")) if word]
    return [*words, *map(unescape, _ADDRESSES.findall(html))]
