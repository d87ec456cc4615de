"""Who acts in the tests: a small city and one account a role."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from branches.access import Role
from branches.models import Branch, Region, WorkUnit
from portal.accounts.models import User
from portal.foundation import clock as portal_clock
from tests.beginnings import Beginning, built
from tests.factories import make_branch, make_person, make_region, make_unit, make_user

MARCH_5 = date(2020, 3, 5)
MARCH_6 = date(2020, 3, 6)
MARCH_7 = date(2020, 3, 7)
MINUTE = timedelta(minutes=1)


class Clock:
    """The portal's clock, held still and moved by the test."""

    def __init__(self) -> None:
        self.moment = timezone.make_aware(datetime(2020, 3, 6, 21, 0))  # noqa: DTZ001 - made aware here

    def move_to(self, moment: datetime) -> None:
        """Set the present moment."""
        self.moment = moment

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def today(self) -> date:
        """The present day."""
        return timezone.localdate(self.moment)


@dataclass
class City:
    """示例市: two districts, two streets in the first, a community in each street; two units in a group."""

    province: Region
    city: Region
    north: Region
    south: Region
    street: Region
    other_street: Region
    community: Region
    other_community: Region
    group: WorkUnit
    company: WorkUnit
    bureau: WorkUnit


def hold_still(patch: pytest.MonkeyPatch) -> Clock:
    """Hold the portal's clock at 21:00 on 6 March 2020, in its time zone."""
    held = Clock()
    patch.setattr(portal_clock, "now", held.now)
    patch.setattr(portal_clock, "today", held.today)
    return held


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """21:00 on 6 March 2020, in the portal's time zone."""
    return hold_still(monkeypatch)


@contextmanager
def one_city(blocker: DjangoDbBlocker) -> Iterator[City]:
    """A city and the catalogue for all tests of a module, at one moment, in a transaction that is rolled back; `settle` it when all is there."""
    with pytest.MonkeyPatch.context() as patch, blocker.unblock():
        hold_still(patch)
        with transaction.atomic():
            call_command("load_reference", verbosity=0)
            yield make_city()
            transaction.set_rollback(True)


def settle() -> None:
    """Check what the rows of this transaction put off until it ends: Django would check all of it again at the end of each test."""
    connection.check_constraints()


@dataclass(frozen=True)
class Beginnings:
    """What tests begin with; the branches stand in the city and report what is in the catalogue."""

    catalogue: Beginning
    city: Beginning
    branch: Beginning
    other_branch: Beginning


@pytest.fixture(scope="session")
def beginnings(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Beginnings:
    """Build each once, at 21:00 on 6 March 2020, and leave nothing behind."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        hold_still(patch)
        with transaction.atomic():
            catalogue = built(lambda: call_command("load_reference", verbosity=0))
            city = built(make_city)
            trees = pickle.loads(city.given)  # noqa: S301 - pickled a line above
            branch = built(lambda: make_led_branch(trees.community, trees.company, "望江社区临时党支部", "示例书记", "19900001234", "19900005678"))
            other = built(lambda: make_led_branch(trees.other_community, trees.bureau, "临湖社区临时党支部", "另一书记", "19900004321", "19900008765"))
            transaction.set_rollback(True)
    return Beginnings(catalogue, city, branch, other)


def make_led_branch(region: Region, unit: WorkUnit, name: str, secretary: str, phone: str, duty_phone: str) -> Branch:
    """Make a branch with a secretary from a unit that sends people there."""
    branch = make_branch(region, name)
    branch.sending_units.add(unit)
    make_person(secretary, unit, branch, "secretary", phone=phone, duty_phone=duty_phone)
    return branch


@pytest.fixture
def catalogue(db: None, beginnings: Beginnings) -> None:
    """The metric and unit catalogue."""
    beginnings.catalogue.again()


@pytest.fixture
def city(db: None, beginnings: Beginnings) -> City:
    """A small tree of regions and one of work units."""
    found: City = beginnings.city.again()
    return found


def make_city() -> City:
    """Make the trees."""
    province = make_region("示例省", "province")
    city = make_region("示例市", "prefecture", province)
    north = make_region("北示区", "county", city)
    south = make_region("南示区", "county", city)
    street = make_region("梧桐街道", "township", north)
    other_street = make_region("银杏街道", "township", north)
    group = make_unit("示例集团")
    return City(
        province=province,
        city=city,
        north=north,
        south=south,
        street=street,
        other_street=other_street,
        community=make_region("望江社区", "community", street),
        other_community=make_region("临湖社区", "community", other_street),
        group=group,
        company=make_unit("示例一公司", group),
        bureau=make_unit("示例局"),
    )


@pytest.fixture
def branch(city: City, catalogue: None, beginnings: Beginnings) -> Branch:
    """A branch in 望江社区 with a secretary from 示例一公司."""
    found: Branch = beginnings.branch.again()
    return found


@pytest.fixture
def other_branch(city: City, catalogue: None, beginnings: Beginnings) -> Branch:
    """A branch in 临湖社区, another street of the same district, with a secretary from 示例局."""
    found: Branch = beginnings.other_branch.again()
    return found


@pytest.fixture
def organiser(branch: Branch) -> User:
    """Files for `branch`."""
    return make_user("organiser", (Role.ORGANISER, branch))


@pytest.fixture
def other_organiser(other_branch: Branch) -> User:
    """Files for `other_branch`."""
    return make_user("other-organiser", (Role.ORGANISER, other_branch))


@pytest.fixture
def reviewer(city: City) -> User:
    """Reviews 梧桐街道."""
    return make_user("reviewer", (Role.REVIEWER, city.street))


@pytest.fixture
def official(city: City) -> User:
    """Reads 北示区."""
    return make_user("official", (Role.OFFICIAL, city.north))


@pytest.fixture
def city_official(city: City) -> User:
    """Reads the whole city."""
    return make_user("city-official", (Role.OFFICIAL, city.city))


@pytest.fixture
def liaison(city: City) -> User:
    """Keeps contact for 示例集团."""
    return make_user("liaison", (Role.LIAISON, city.group))


@pytest.fixture
def community_secretary(city: City) -> User:
    """The secretary of 望江社区."""
    return make_user("community", (Role.COMMUNITY, city.community))


@pytest.fixture
def shift_leader(branch: Branch) -> User:
    """Leads a shift of `branch`."""
    return make_user("shift-leader", (Role.SHIFT_LEADER, branch))


@pytest.fixture
def member(city: City, branch: Branch) -> User:
    """A member of `branch` with a person of their own."""
    return make_user("member", (Role.MEMBER, branch), person=make_person("示例党员", city.company, branch))


@pytest.fixture
def administrator(city: City) -> User:
    """Administers 梧桐街道."""
    return make_user("administrator", (Role.ADMINISTRATOR, city.street))


@pytest.fixture
def client_machine(city: City) -> User:
    """Another system that reads 北示区."""
    return make_user("client", (Role.CLIENT, city.north), is_machine=True)


@pytest.fixture
def system_keeper(db: None) -> User:
    """Keeps accounts."""
    return make_user("system", (Role.SYSTEM, None))


@pytest.fixture
def security(db: None) -> User:
    """Gives grants."""
    return make_user("security", (Role.SECURITY, None))


@pytest.fixture
def auditor(db: None) -> User:
    """Reads the audit log."""
    return make_user("auditor", (Role.AUDITOR, None))
