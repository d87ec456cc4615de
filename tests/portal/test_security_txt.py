"""Whoever finds a hole is told whom to tell."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.personas import Clock

ROOT = Path(__file__).resolve().parents[2]
PAGE = "/.well-known/security.txt"


@pytest.mark.django_db
def test_it_names_the_contact_of_the_operator_and_when_to_ask_again(settings: Any, clock: Clock) -> None:
    settings.SECURITY_CONTACT = ["mailto:security@portal.example", "https://portal.example/report"]
    answer = Client().get(PAGE)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "Contact: mailto:security@portal.example",
        "Contact: https://portal.example/report",
        "Expires: 2020-06-04T00:00:00Z",
        "Preferred-Languages: zh, en",
        "Canonical: http://testserver/.well-known/security.txt",
    ]


@pytest.mark.django_db
def test_it_is_not_there_as_long_as_nobody_has_said(settings: Any) -> None:
    settings.SECURITY_CONTACT = []
    assert Client().get(PAGE).status_code == 404


@pytest.mark.parametrize("value", ["somebody@portal.example", "http://portal.example", "mailto:a@b.example\nExpires: 2099-01-01T00:00:00Z"])
def test_a_contact_that_no_reader_could_use_stops_the_start(value: str, tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), "SECURITY_CONTACT": value}
    started = subprocess.run([sys.executable, "-c", "import portal.settings"], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert started.returncode != 0
    assert "SECURITY_CONTACT must be addresses" in started.stderr


def test_the_page_on_security_names_files_that_are_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|docs|portal|branches|tools)/[\w./-]+)`", page))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
