"""The published cases."""

import pytest
from django.core.management import call_command

from portal.cases.writing import load_case
from tests.cases.expected import CASE_FILES


@pytest.fixture
def published(db: None) -> None:
    """The catalogue and the three published cases."""
    call_command("load_reference", verbosity=0)
    for path in CASE_FILES:
        load_case(path.read_bytes(), path.stem)
