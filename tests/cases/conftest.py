"""The published cases."""

import pytest
from django.core.management import call_command
from django.test import Client

from branches.access import Role
from portal.cases.writing import load_case
from tests.cases.expected import CASE_FILES
from tests.factories import make_user


@pytest.fixture
def published(db: None) -> None:
    """The catalogue and the three published cases."""
    call_command("load_reference", verbosity=0)
    for path in CASE_FILES:
        load_case(path.read_bytes(), path.stem)


@pytest.fixture
def reader(db: None, client: Client) -> Client:
    """An official who sees everything, signed in."""
    client.force_login(make_user("reader", (Role.OFFICIAL, None)))
    return client
