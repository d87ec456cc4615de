"""What the tests of dashboards begin with."""

import pytest

from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6


@pytest.fixture
def filed(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    """Two days of one branch and the first of them of another, in two streets of a district; the second day of that one is missing."""
    file(branch, MARCH_5, by=organiser, vehicles=200, home_isolated=4, people_on_duty=7)
    file(branch, MARCH_6, by=organiser, vehicles=180, turned_back=3, home_isolated=5, people_on_duty=8, qualifiers={"vehicles": "nearly"})
    file(other_branch, MARCH_5, by=other_organiser, vehicles=20, home_isolated=1, people_on_duty=2)
