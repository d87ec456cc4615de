"""What is installed, and what must not be."""

import re
from importlib.metadata import distributions
from pathlib import Path

from django.db.backends.postgresql.psycopg_any import is_psycopg3

ROOT = Path(__file__).resolve().parents[2]


def test_the_driver_is_psycopg2_and_its_successor_is_not_installed() -> None:
    # Django takes psycopg 3 as soon as it can import it, and says nothing.
    assert not is_psycopg3
    assert "psycopg" not in {distribution.name for distribution in distributions()}


def test_every_file_of_the_lock_has_a_hash_and_no_host_is_named() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    requirements = re.findall(r"^\w.*==[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", lock, re.MULTILINE)

    assert len(requirements) == len(re.findall(r"^\w", lock, re.MULTILINE))
    assert "://" not in lock
