"""Make what a test needs, with invented names. Functions, not fixture files."""

import secrets
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth import SESSION_KEY
from django.db.backends.postgresql.psycopg_any import DateRange

from activities.models import ReportVersion
from activities.services import Acknowledgement, Figure, file_daily_report, works_of
from branches.access import Role
from branches.models import Branch, Region, RegionParent, WorkUnit
from members.models import Membership, OfficerTerm, Person, Secondment
from portal.accounts.models import Device, Grant, User
from portal.accounts.sessions import SessionStore

ALWAYS = DateRange(None, None)
# A grant has an end; this one is later than every day of a test.
FOR_LONG = DateRange(None, date(2999, 1, 1))
PASSWORD = "correct horse battery staple"  # of the tests' accounts only
_numbers = count(1)


def since(first: date, last: date | None = None) -> DateRange:
    """A span from `first`, up to and including `last`."""
    return DateRange(first, last, "[]")


def make_region(name: str, level: str, parent: Region | None = None, **values: Any) -> Region:
    """A region, in its parent for all time."""
    region = Region.objects.create(name=name, level=level, **values)
    if parent is not None:
        RegionParent.objects.create(region=region, parent=parent, during=ALWAYS)
    return region


def make_unit(name: str, parent: WorkUnit | None = None) -> WorkUnit:
    """A work unit."""
    return WorkUnit.objects.create(name=name, parent=parent)


def make_branch(region: Region, name: str = "", **values: Any) -> Branch:
    """A branch hosted by `region`, at work since 2020-02-01 unless said otherwise."""
    values.setdefault("established_on", date(2020, 2, 1))
    branch = Branch.objects.create(name=name or f"示例第{next(_numbers)}临时党支部", region=region, **values)
    branch.refresh_from_db()
    return branch


def make_person(name: str = "", unit: WorkUnit | None = None, branch: Branch | None = None, office: str = "", **values: Any) -> Person:
    """A person, sent by `unit`, in `branch` for its whole life, holding `office`."""
    person = Person.objects.create(name=name or f"示例人{next(_numbers)}", **values)
    if unit is not None:
        Secondment.objects.create(person=person, home_unit=unit, during=ALWAYS)
    if branch is not None:
        branch.refresh_from_db()
        membership = Membership.objects.create(person=person, branch=branch, during=branch.life)
        if office:
            OfficerTerm.objects.create(membership=membership, office=office, during=branch.life)
    return person


def make_user(username: str = "", *grants: tuple[Role, Any], sensitive: bool = False, **values: Any) -> User:
    """A user with grants as pairs of role and scope; a scope is a region, a work unit, a branch or None for everything."""
    user = User.objects.create_user(username or f"user{next(_numbers)}", password=PASSWORD, **values)
    for role, scope in grants:
        give(user, role, scope, sensitive=sensitive)
    return user


def give(user: User, role: Role, scope: Any, *, during: DateRange = FOR_LONG, sensitive: bool = False) -> Grant:
    """A grant, given directly: what may be given is another test's matter."""
    field = {Region: "region", WorkUnit: "work_unit", Branch: "branch"}.get(type(scope))
    scoped: dict[str, Any] = {field: scope} if field else {"everything": True}
    user.__dict__.pop("current_grants", None)
    return Grant.objects.create(user=user, role=role, during=during, sensitive=sensitive, **scoped)


def signed_in_somewhere(user: User) -> None:
    """Sign a user in on a telephone, beside whatever sessions a test has."""
    Device.objects.create(account=user, token_hash=secrets.token_hex(32), words="WeChat · Android")
    session = SessionStore()
    session[SESSION_KEY] = user.pk
    session.save()


def file(branch: Branch, day: date, *, by: User, qualifiers: dict[str, str] | None = None, units: dict[str, str] | None = None, **rest: Any) -> Acknowledgement:
    """File figures given as `metric=value` keywords; every other keyword goes to `file_daily_report`."""
    options = {name: rest.pop(name) for name in ("uid", "base", "reason", "note", "means", "on_behalf", "known_from") if name in rest}
    exactness, entered = qualifiers or {}, units or {}
    figures = [Figure(metric, Decimal(str(value)), qualifier=exactness.get(metric, "exact"), unit=entered.get(metric, "")) for metric, value in rest.items()]
    options.setdefault("uid", uuid4())
    return file_daily_report(actor=by, branch=branch, day=day, works=works_of(figures), **options)


def current(branch: Branch, day: date) -> ReportVersion | None:
    """The version that counts, if any."""
    return ReportVersion.objects.current().filter(daily_report__branch=branch, daily_report__business_date=day).first()
