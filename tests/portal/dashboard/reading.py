"""How tests read a dashboard: the page as its reader gets it, its text and its figures."""

import re
from html import unescape

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activities.rollups import Span
from portal.accounts.models import User
from tests.personas import MARCH_5, MARCH_6

DAY = Span.day(MARCH_6)
TWO_DAYS = Span(MARCH_5, MARCH_6)


def page(user: User, address: str, status: int = 200) -> str:
    """The page as its reader gets it."""
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def words(html: str) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def figures(html: str) -> list[tuple[str, str]]:
    """Every figure of a page as its address and its text."""
    return [(unescape(href), words(text).strip()) for href, text in re.findall(r'<a class="(?:figure|tile)" [^>]*?href="([^"]+)">(.*?)</a>', html, re.S)]


def queries(user: User, address: str) -> int:
    """How many queries a page takes."""
    client = Client()
    client.force_login(user)
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200
    return len(counted)
