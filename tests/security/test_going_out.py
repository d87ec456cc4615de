"""The portal asks nobody: nothing that serves a request, does a job or runs a command can open a connection to an address that somebody typed."""

import ast
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.urls import reverse

from portal.accounts.models import User
from tests.security.attacker import browser
from tests.test_architecture import BASE, ours

# What speaks to other machines.
CLIENTS: Final = {"urllib.request", "urllib3", "http.client", "requests", "httpx", "aiohttp", "socket", "ssl", "ftplib", "smtplib", "asyncio", "xmlrpc"}
CALLS: Final = {"urlopen", "create_connection", "urlretrieve"}
# Starts the portal on this machine: its own port, and whether it answers there; and counts requests over a Unix socket.
OWN_PORT: Final = {
    "portal/watching/counting.py",
    "portal/runtime/supervisor.py",
    "portal/runtime/processes.py",
    "portal/runtime/postgres.py",
    "portal/runtime/claim.py",
}


def going_out(path: Path) -> Iterator[str]:
    """Yield what a module imports or calls that speaks to other machines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = []
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in CALLS:
                yield f"{path}:{node.lineno} calls"
        for name in names:
            if any(name == client or name.startswith(f"{client}.") for client in CLIENTS):
                yield f"{path.relative_to(BASE)} {name}"


def test_no_module_that_serves_asks_another_machine() -> None:
    found = [each for path in ours() if str(path.relative_to(BASE)) not in OWN_PORT for each in going_out(path)]
    assert found == []


ASKING: Final = ["import requests", "from urllib.request import urlopen", "import http.client as h", "from urllib import request", "x.urlopen(y)"]


@pytest.mark.parametrize("source", ASKING)
def test_a_module_that_asks_is_found(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "BASE", tmp_path)
    module = tmp_path / "module.py"
    module.write_text(source)
    assert list(going_out(module))


def test_addresses_that_are_typed_are_never_asked(system_keeper: User, organiser: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        asked.append(address)
        connect(self, address)

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", watched)
        for address in ("http://169.254.169.254/latest/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x"):
            client = browser(organiser)
            client.get(reverse("portal:search"), {"q": address})
            client.get(reverse("accounts:sign_in"), {"next": address})
            client.post(reverse("accounts:profile"), {"language": "en", "next": address}, headers={"referer": address})
            client.get("/api/v1/branches/", {"name": address}, headers={"x-forwarded-host": address, "origin": address})
    assert asked == []
