"""The organiser's pages as a browser without script uses them."""

import re
from datetime import date
from typing import Any

from django.test import Client
from django.urls import reverse

from branches.models import Branch
from portal.accounts.models import User
from tests.personas import MARCH_6

REPORT = "activities:report_edit"


def client_of(user: User, *, english: bool = True, csrf: bool = False) -> Client:
    """A browser in which `user` is signed in."""
    client = Client(enforce_csrf_checks=csrf, headers={"accept-language": "en"} if english else {})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form_url(branch: Branch, day: date = MARCH_6, name: str = REPORT) -> str:
    """The address of the form of a day."""
    return reverse(name, args=[branch.public_id, day])


def form_of(page: Any) -> dict[str, str]:
    """What a browser without script would send back from a page: hidden inputs, texts, checked radios and chosen options."""
    html = page.content.decode()
    body = html[html.index('<form class="form"') : html.index("</form>", html.index('<form class="form"'))]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        attrs = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attrs.get("type") in {"radio", "checkbox"} and " checked" not in tag:
            continue
        if "name" in attrs and attrs["name"] != "ask":
            fields[attrs["name"]] = attrs.get("value", "")
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\s*([^<]*)</textarea>', body):
        fields[name] = text
    return fields


def send(client: Client, url: str, page: Any, **typed: str) -> Any:
    """Send the form of a page back, with what was typed into it."""
    return client.post(url, {**form_of(page), **typed})
