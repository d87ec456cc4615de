"""Accounts of the demo: one a role, with passwords made on this machine, and one a branch in whose name reports stand."""

import json
import os
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateRange

from branches import access
from branches.access import Role
from branches.models import Branch, Level, Region, WorkUnit
from members.models import Person
from portal.accounts.models import Grant, User
from portal.demo.invention import Invention, Post
from portal.foundation import clock

FILE = "demo-sign-ins.json"
# Without those that look alike.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 4, 4


class SignIn(NamedTuple):
    """Someone who can sign in: a role over a scope, None for everything."""

    username: str
    role: Role
    label_zh: str
    label_en: str
    scope: Region | WorkUnit | Branch | None
    person: Person | None = None


def add_branch_accounts(invention: Invention) -> dict[int, User]:
    """Add an organiser for each branch, without a password; return them by branch."""
    users = {
        post.branch.pk: User(
            username=f"demo-branch-{number:02d}", name=post.members[0].person.name, person=post.members[0].person, password=make_password(None)
        )
        for number, post in enumerate(invention.posts, start=1)
    }
    User.objects.bulk_create(users.values())
    during = _during(Role.ORGANISER)
    Grant.objects.bulk_create(Grant(user=user, role=Role.ORGANISER, branch_id=branch, during=during) for branch, user in users.items())
    return users


def add_sign_ins(invention: Invention) -> dict[str, User]:
    """Add one account a role, write their passwords to the file that `make run` prints, and return them by user name."""
    sign_ins = _sign_ins(invention)
    passwords = [_password() for _sign_in in sign_ins]
    # Hashing is slow on purpose, and lets go of the interpreter: side by side it takes half the time.
    with ThreadPoolExecutor() as pool:
        hashes = list(pool.map(make_password, passwords))
    users = {}
    for sign_in, hashed in zip(sign_ins, hashes, strict=True):
        user = User(username=sign_in.username, name=sign_in.label_zh, password=hashed, person=sign_in.person, is_machine=sign_in.role is Role.CLIENT)
        users[sign_in.username] = user
    User.objects.bulk_create(users.values())
    Grant.objects.bulk_create(_grant(users[sign_in.username], sign_in) for sign_in in sign_ins)
    _write(Path(settings.DATA_DIR) / FILE, sign_ins, passwords)
    return users


def _sign_ins(invention: Invention) -> list[SignIn]:
    post = invention.posts[0]
    community = post.branch.region
    above = {region.level: region for region in Region.objects.above(community, invention.today)}
    unit = next(member.unit for member in post.members if member.unit is not None)
    return [
        SignIn("demo-organiser", Role.ORGANISER, "演示·支部经办人", "organiser of a branch", post.branch, _unused(post, 1)),
        SignIn("demo-reviewer", Role.REVIEWER, "演示·区级审核员", "reviewer of a district", above[Level.COUNTY]),
        SignIn("demo-official", Role.OFFICIAL, "演示·省级领导", "official, everything", None),
        SignIn("demo-street", Role.OFFICIAL, "演示·街道领导", "official of a street", above[Level.TOWNSHIP]),
        SignIn("demo-liaison", Role.LIAISON, "演示·单位联络员", "liaison of a work unit", unit.parent or unit),
        SignIn("demo-community", Role.COMMUNITY, "演示·社区书记", "community secretary", community),
        SignIn("demo-shift-leader", Role.SHIFT_LEADER, "演示·带班人", "shift leader", post.branch, _unused(post, 2)),
        SignIn("demo-member", Role.MEMBER, "演示·下沉党员", "member", post.branch, _unused(post, 3)),
        SignIn("demo-administrator", Role.ADMINISTRATOR, "演示·区级管理员", "administrator of a district", above[Level.COUNTY]),
        SignIn("demo-client", Role.CLIENT, "演示·外部系统", "another system", above[Level.PREFECTURE]),
        SignIn("demo-system", Role.SYSTEM, "演示·系统管理员", "system keeper", None),
        SignIn("demo-security", Role.SECURITY, "演示·安全管理员", "security officer", None),
        SignIn("demo-auditor", Role.AUDITOR, "演示·审计员", "auditor", None),
    ]


def _unused(post: Post, place: int) -> Person:
    """Return a member of the branch; the first one is its own account's."""
    return post.members[place].person


def _grant(user: User, sign_in: SignIn) -> Grant:
    scope = sign_in.scope
    return Grant(
        user=user,
        role=sign_in.role,
        everything=scope is None,
        region=scope if isinstance(scope, Region) else None,
        work_unit=scope if isinstance(scope, WorkUnit) else None,
        branch=scope if isinstance(scope, Branch) else None,
        during=_during(sign_in.role),
    )


def _during(role: Role) -> DateRange:
    """Return from when until when: as long as is usual, and a member's not much longer, so that there is one to extend."""
    days = 10 if role is Role.MEMBER else access.GRANT_DAYS[role]
    return DateRange(None, clock.today() + timedelta(days=days + 1))


def _password() -> str:
    """Make a password that can be read aloud: 16 symbols out of 31, some 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _symbol in range(GROUP)) for _group in range(GROUPS))


def _write(path: Path, sign_ins: Iterable[SignIn], passwords: Iterable[str]) -> None:
    """Write the sign-ins where only this account can read them."""
    rows = [
        {"role": sign_in.role.value, "label_zh": sign_in.label_zh, "label_en": sign_in.label_en, "username": sign_in.username, "password": password}
        for sign_in, password in zip(sign_ins, passwords, strict=True)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False, indent=1)
