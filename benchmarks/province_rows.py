"""The rows of regions, work units, branches, people and accounts, as text for COPY."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from benchmarks.province import DUE, DUE_NEXT_MORNING, Branch, Province
from benchmarks.rows import NULL
from benchmarks.works import Ground
from portal.foundation.text import pinyin_key, search_text

ALWAYS = "(,)"
# A grant has a last day; the days of these are long gone.
FOR_LONG = "(,2999-01-01)"
# No hash begins so: nobody signs in with such an account until a password is set.
NO_PASSWORD = "!generated"  # noqa: S105
HOUSEHOLDS = 1_700

SEARCHABLE = "public_id, source, key, name_key, search"
TABLES = {
    "branches_region": f"id, {SEARCHABLE}, level, name, name_en, aliases, code, households, residents, unmanaged",
    "branches_regionparent": "id, region_id, parent_id, during",
    "branches_workunit": f"id, {SEARCHABLE}, name, external_ids, parent_id",
    "branches_branch": (
        f"id, {SEARCHABLE}, name, kind, state, guided_by, established_on, started_work_on, ended_on, reports_daily, external_ids, merged_into_id, region_id"
    ),
    "branches_branchplace": "id, branch_id, region_id, during",
    "branches_branchschedule": "id, branch_id, during, day_ends_at, due_time, due_next_day",
    "branches_branch_sending_units": "id, branch_id, workunit_id",
    "members_person": f"id, {SEARCHABLE}, name, kind, veteran, phone, duty_phone",
    "members_secondment": "id, public_id, source, key, channel, job, during, home_unit_id, person_id, region_id",
    "members_membership": "id, public_id, source, key, during, branch_life, branch_id, person_id",
    "members_officerterm": "id, public_id, source, key, office, during, membership_during, branch_id, membership_id",
    "accounts_user": (
        "id, password, is_superuser, username, email, is_staff, is_active, date_joined, public_id, name, is_machine, must_change_password, language, person_id,"
        " has_second_factor, unread_alerts"
    ),
    "accounts_grant": "id, public_id, role, everything, during, sensitive, given_at, branch_id, region_id, user_id",
}


def province_text(province: Province, ground: Ground) -> Iterator[tuple[str, bytes]]:
    """Yield each table of `TABLES` with its rows."""
    rows = _Rows(province, ground)
    for number, (table, columns) in enumerate(TABLES.items()):
        named = [column.strip() for column in columns.split(",")]
        made: Iterable[dict[str, object]] = getattr(rows, table.partition("_")[2])()
        lines = []
        for key, row in enumerate(made, start=ground.highest[table] + 1):
            row |= {"id": key, "public_id": f"{rows.stamp}-7{number + 16:03x}-8000-{key:012x}", "source": "", "key": "", "external_ids": "{}"}
            lines.append("\t".join(_text(row[column]) for column in named) + "\n")
        yield table, "".join(lines).encode()


def _text(value: object) -> str:
    if value is None:
        return NULL
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


def _found_by(name: str, *others: str) -> dict[str, object]:
    return {"name": name, "name_key": pinyin_key(name), "search": search_text(name, *others)}


class _Rows:
    """One method a table; keys follow the order of the lists of the province."""

    def __init__(self, province: Province, ground: Ground) -> None:
        self.province, self.options = province, province.options
        self.first = {table: ground.highest[table] + 1 for table in TABLES}
        before = self.options.first_day - timedelta(days=30)
        self.since = f"{before.isoformat()} 08:00:00+08"
        milliseconds = (before.toordinal() - date(1970, 1, 1).toordinal()) * 86_400_000
        self.stamp = f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}"

    def region(self) -> Iterator[dict[str, object]]:
        """Regions."""
        chance = self.options.chance("households")
        for region in self.province.regions:
            households = chance.randrange(HOUSEHOLDS // 2, HOUSEHOLDS * 2) if region.level == "community" else None
            yield _found_by(region.name, region.code) | {
                "level": region.level,
                "name_en": "",
                "aliases": "{}",
                "code": region.code,
                "households": households,
                "residents": households and households * 27 // 10,
                "unmanaged": False,
            }

    def regionparent(self) -> Iterator[dict[str, object]]:
        """Places in the tree; two for a region that moved."""
        first = self.first["branches_region"]
        for number, region in enumerate(self.province.regions):
            for parent, during in self._in_turn(region.parent, region.later, region.moved):
                yield {"region_id": first + number, "parent_id": first + parent, "during": during}

    def workunit(self) -> Iterator[dict[str, object]]:
        """Groups and their companies."""
        for unit in self.province.units:
            yield _found_by(unit.name) | {"parent_id": None if unit.parent is None else self.first["branches_workunit"] + unit.parent}

    def branch(self) -> Iterator[dict[str, object]]:
        """Branches."""
        for branch in self.province.branches:
            ended = branch.end is not None
            merged = None if branch.merged_into is None else self.first["branches_branch"] + branch.merged_into
            start = self._day(branch.start)
            yield _found_by(branch.name) | {
                "kind": branch.kind,
                "state": "merged" if merged else "dissolved" if ended else "active",
                "guided_by": "",
                "established_on": start,
                "started_work_on": start,
                "ended_on": self._day(branch.end) if branch.end is not None else None,
                "reports_daily": branch.kind != "command_post",
                "merged_into_id": merged,
                "region_id": self.first["branches_region"] + branch.region,
            }

    def branchplace(self) -> Iterator[dict[str, object]]:
        """Hosts of branches; two for one that moved."""
        for number, branch in enumerate(self.province.branches):
            earlier, later = (branch.region, None) if branch.earlier is None else (branch.earlier, branch.region)
            for region, during in self._in_turn(earlier, later, branch.moved):
                yield {"branch_id": self.first["branches_branch"] + number, "region_id": self.first["branches_region"] + region, "during": during}

    def branchschedule(self) -> Iterator[dict[str, object]]:
        """Schedules of the branches that are due at another time than 23:30."""
        for number, branch in enumerate(self.province.branches):
            if branch.due != DUE:
                next_day = branch.due == DUE_NEXT_MORNING
                common = {"during": ALWAYS, "day_ends_at": "00:00", "due_time": "09:00" if next_day else "22:00", "due_next_day": next_day}
                yield common | {"branch_id": self.first["branches_branch"] + number}

    def branch_sending_units(self) -> Iterator[dict[str, object]]:
        """Units that branches have their members from."""
        for number, branch in enumerate(self.province.branches):
            for unit in branch.units:
                yield {"branch_id": self.first["branches_branch"] + number, "workunit_id": self.first["branches_workunit"] + unit}

    def person(self) -> Iterator[dict[str, object]]:
        """Members of branches; telephone numbers of a range that nobody is given."""
        officers = {branch.people[0] for branch in self.province.branches}
        for number, person in enumerate(self.province.people):
            duty_phone = f"199000{number % 100_000:05d}" if number in officers else ""
            yield _found_by(person.name) | {"kind": "member", "veteran": number % 10 == 7, "phone": "", "duty_phone": duty_phone}

    def secondment(self) -> Iterator[dict[str, object]]:
        """Who was sent by which unit."""
        for number, person in enumerate(self.province.people):
            branch = self.province.branches[person.branch]
            yield {
                "channel": "residence" if number % 3 == 0 else "team",
                "job": "",
                "during": f"[{self._day(branch.start - 1)},)",
                "home_unit_id": self.first["branches_workunit"] + person.unit,
                "person_id": self.first["members_person"] + number,
                "region_id": self.first["branches_region"] + branch.region,
            }

    def membership(self) -> Iterator[dict[str, object]]:
        """Memberships, each as long as its branch works."""
        for number, person in enumerate(self.province.people):
            life = self._life(self.province.branches[person.branch])
            common = {"during": life, "branch_life": life, "branch_id": self.first["branches_branch"] + person.branch}
            yield common | {"person_id": self.first["members_person"] + number}

    def officerterm(self) -> Iterator[dict[str, object]]:
        """The secretary of each branch: its first member."""
        for number, branch in enumerate(self.province.branches):
            life = self._life(branch)
            common = {"office": "secretary", "during": life, "membership_during": life, "branch_id": self.first["branches_branch"] + number}
            yield common | {"membership_id": self.first["members_membership"] + branch.people[0]}

    def user(self) -> Iterator[dict[str, object]]:
        """An organiser a branch, and a reviewer a county."""
        for number, branch in enumerate(self.province.branches):
            person = branch.people[0]
            name = self.province.people[person].name
            yield self._account(f"generated-organiser-{number + 1:05d}", name) | {"person_id": self.first["members_person"] + person}
        for number, county in enumerate(self._reviewed()):
            name = f"{self.province.regions[county].name}审核员"
            yield self._account(f"generated-reviewer-{number + 1:03d}", name) | {"person_id": None}

    def grant(self) -> Iterator[dict[str, object]]:
        """What the accounts may do."""
        common = {"everything": False, "during": FOR_LONG, "sensitive": False, "given_at": self.since, "branch_id": None, "region_id": None}
        users, count = self.first["accounts_user"], len(self.province.branches)
        for number in range(count):
            yield common | {"role": "organiser", "branch_id": self.first["branches_branch"] + number, "user_id": users + number}
        for number, county in enumerate(self._reviewed()):
            yield common | {"role": "reviewer", "region_id": self.first["branches_region"] + county, "user_id": users + count + number}

    def _reviewed(self) -> list[int]:
        return self.province.numbers("county")

    def _account(self, username: str, name: str) -> dict[str, object]:
        flags = dict.fromkeys(("is_superuser", "is_staff", "is_machine", "must_change_password", "has_second_factor"), False) | {
            "is_active": True,
            "unread_alerts": 0,
        }
        return flags | {"password": NO_PASSWORD, "username": username, "email": "", "date_joined": self.since, "name": name, "language": ""}

    def _in_turn(self, earlier: int | None, later: int | None, moved: int) -> Iterator[tuple[int, str]]:
        """Yield what holds always, or first one and from the day of the move on the other."""
        if earlier is None:
            return
        if later is None:
            yield earlier, ALWAYS
            return
        day = self._day(moved)
        yield earlier, f"(,{day})"
        yield later, f"[{day},)"

    def _life(self, branch: Branch) -> str:
        return f"[{self._day(branch.start)},{'' if branch.end is None else self._day(branch.end + 1)})"

    def _day(self, number: int) -> str:
        return (self.options.first_day + timedelta(days=number)).isoformat()
