"""Reports of all days with all that is in them, as text for COPY.

Memory holds the province and one slab of reports, never the entries. No Django here: a second process makes the slabs while the first one loads.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from activities.receipts import receipt_number
from benchmarks.filings import SATURDAY, Filing, Report, reports
from benchmarks.province import Options, Province
from benchmarks.works import Ground, Habits, Work, corrected

# In the order in which their rows refer to each other.
REPORTED = {
    "activities_dailyreport": "id, public_id, business_date, branch_id",
    "activities_periodreport": "id, public_id, source, key, first_day, last_day, relation, undated, branch_id",
    "activities_reportversion": (
        "id, public_id, number, state, nature, reason, note, means, uid, receipt, due_at, known_from, known_until, on_behalf, reviewed_at, review_note,"
        " written_in, branch_id, daily_report_id, period_report_id, filed_by_id, reviewed_by_id"
    ),
    "activities_entry": "id, public_id, business_date, kind, starts_at, ends_at, note, note_folded, note_day, branch_id, place_id, version_id",
    "activities_measure": (
        "id, public_id, business_date, value, qualifier, qualifier_text, value_entered, unit_text, source, branch_id, entry_id, metric_id, unit_entered_id"
    ),
    "activities_entryparticipant": "id, public_id, hours, entry_id, home_unit_id, person_id",
}
DAILY, PERIOD, VERSION, ENTRY, MEASURE, PARTICIPANT = range(len(REPORTED))
# Entries a slab: enough for COPY to run long, few enough to hold.
SLAB = 20_000
NULL = "\\N"
DAY = 86_400
# Seconds by which Shanghai is ahead of UTC, and the number of the first day of 1970.
AHEAD, EPOCH = 8 * 3600, 719_163


def slabs(options: Options, ground: Ground) -> Iterator[list[bytes]]:
    """Yield the text of all tables in `REPORTED`, a slab of reports at a time; together they have exactly `options.entries` entries."""
    province = Province(options)
    writer = _Writer(province, ground)
    habits = Habits(province, ground)
    share = options.entries / sum(report.weight * len(report.filings) for report in reports(province))
    weekend = {day for day in range(options.days) if (options.first_day + timedelta(days=day)).weekday() >= SATURDAY}
    weight, written, begun = 0.0, 0, 0
    day, chance = -1, Random()  # noqa: S311 - invention, not secrets
    for report in reports(province):
        if report.day != day:
            day, chance = report.day, options.chance("entries", report.day)
        weight += report.weight * len(report.filings)
        # The share that is due by now less what is written: what rounding leaves over goes to the next report.
        due = round(weight * share) - written
        works = habits.works(report, max(0, due // len(report.filings)), chance, report.day in weekend)
        writer.write(report, works, chance)
        written += len(works) * len(report.filings)
        if written - begun >= SLAB or writer.reports >= SLAB:
            begun = written
            yield writer.flush()
    yield writer.flush()


class _Writer:
    """Writes rows as text, with keys that follow each other."""

    def __init__(self, province: Province, ground: Ground) -> None:
        self.province, self.options = province, province.options
        self.next = [ground.highest[table] + 1 for table in REPORTED]
        self.lines: list[list[str]] = [[] for _table in REPORTED]
        self.reports, self.uids = 0, self.options.chance("uids")
        self.regions, self.branches, self.units, self.people, self.users = (
            ground.highest[table] + 1 for table in ("branches_region", "branches_branch", "branches_workunit", "members_person", "accounts_user")
        )
        self.reviewers = [self.users + number for number in reviewers(province)]
        # A week more for what is filed and reviewed late.
        self.dates = [(self.options.first_day + timedelta(days=number)).isoformat() for number in range(self.options.days + 7)]
        self.minutes = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(DAY // 60)]
        self.midnight = (self.options.first_day.toordinal() - EPOCH) * DAY - AHEAD

    def flush(self) -> list[bytes]:
        """Return the text of each table, and forget it."""
        texts = ["".join(lines).encode() for lines in self.lines]
        self.lines, self.reports = [[] for _table in REPORTED], 0
        return texts

    def write(self, report: Report, works: Sequence[Work], chance: Random) -> None:
        """Write a report with all its versions; a second one corrects a figure."""
        slot = self._slot(report)
        for filing in report.filings:
            version = self._version(report, slot, filing)
            for work in works if filing.number == 1 else corrected(works, chance):
                self._entry(report, filing, version, work)
        self.reports += 1

    def _slot(self, report: Report) -> int:
        table = PERIOD if report.relation else DAILY
        key, branch, day = self._key(table), self.branches + report.branch, self.dates[report.day]
        public_id = self._public_id(table, report, report.filings[0]) + f"{key:012x}"
        days = f"\t\t{self.dates[report.first or 0]}\t{day}\t{report.relation}\tf" if report.relation else day
        self.lines[table].append(f"{key}\t{public_id}\t{days}\t{branch}\n")
        return key

    def _version(self, report: Report, slot: int, filing: Filing) -> int:
        key, branch = self._key(VERSION), report.branch
        public_id = self._public_id(VERSION, report, filing) + f"{key:012x}"
        uid = UUID(int=self.uids.getrandbits(128), version=4)
        # Of a short stand-in for the content, which costs a tenth of the time: the number has the right form and check symbol.
        receipt = receipt_number({"version": key}, uid)
        due = None if report.relation else self.province.branches[branch].due
        moments = "\t".join(self._moment(report.day, each) for each in (due, filing.filed, filing.until))
        slots = f"{NULL}\t{slot}" if report.relation else f"{slot}\t{NULL}"
        reviewer = self.reviewers[branch]
        filed_by = reviewer if filing.on_behalf else self.users + branch
        self.lines[VERSION].append(
            f"{key}\t{public_id}\t{filing.number}\t{filing.state}\t{filing.nature}\t{filing.reason}\t\tform\t{uid}\t{receipt}\t{moments}"
            f"\t{'t' if filing.on_behalf else 'f'}\t{self._moment(report.day, filing.reviewed)}\t{filing.review_note}"
            # No transaction has the number 0: nothing can be added to the version.
            f"\t0\t{self.branches + branch}\t{slots}\t{filed_by}\t{NULL if filing.reviewed is None else reviewer}\n"
        )
        return key

    def _entry(self, report: Report, filing: Filing, version: int, work: Work) -> None:
        key = self.next[ENTRY]
        self.next[ENTRY] += 1
        stamp = self._public_id(ENTRY, report, filing)
        branch = self.branches + report.branch
        place = self.regions + self.province.branches[report.branch].place(report.day)
        date = self.dates[report.day]
        day = NULL if report.relation else date
        times = f"{NULL}\t{NULL}"
        if work.hours:
            begins, ends = work.hours
            times = f"{date} {self.minutes[begins * 30]}:00+08\t{date} {self.minutes[ends * 30]}:00+08"
        # All is folded already but the comma, which is a wide one (portal.foundation.text.fold, which would take longer than all the rest).
        note = f"{work.note}\t{work.note.replace('，', ',')}\t{date}" if work.note else f"\t{NULL}\t{NULL}"
        self.lines[ENTRY].append(f"{key}\t{stamp}{key:012x}\t{day}\t{work.kind}\t{times}\t{note}\t{branch}\t{place}\t{version}\n")
        number, add = self.next[MEASURE], self.lines[MEASURE].append
        for metric, value, qualifier, entered, unit in work.figures:
            add(f"{number}\t{stamp}{number:012x}\t{day}\t{value}\t{qualifier}\t\t{entered}\t\ttyped\t{branch}\t{key}\t{metric}\t{unit}\n")
            number += 1
        self.next[MEASURE] = number
        for person in work.people:
            number = self._key(PARTICIPANT)
            unit = self.units + self.province.people[person].unit
            self.lines[PARTICIPANT].append(f"{number}\t{stamp}{number:012x}\t4\t{key}\t{unit}\t{self.people + person}\n")

    def _key(self, table: int) -> int:
        key = self.next[table]
        self.next[table] = key + 1
        return key

    def _public_id(self, table: int, report: Report, filing: Filing) -> str:
        """Return all of a UUIDv7 but its last twelve digits, in which the key makes it unique."""
        stamp = (self.midnight + report.day * DAY + filing.filed) * 1000
        return f"{stamp >> 16:08x}-{stamp & 0xFFFF:04x}-7{table:03x}-8000-"

    def _moment(self, day: int, seconds: int | None) -> str:
        if seconds is None:
            return NULL
        more, seconds = divmod(seconds, DAY)
        return f"{self.dates[day + more]} {self.minutes[seconds // 60]}:{seconds % 60:02d}+08"


def reviewers(province: Province) -> list[int]:
    """Return who reviews each branch, as a number among the accounts: after one organiser a branch comes one reviewer a county."""
    counties = {county: len(province.branches) + number for number, county in enumerate(province.numbers("county"))}
    found = []
    for branch in province.branches:
        region: int | None = branch.region
        while region is not None and region not in counties:
            region = province.regions[region].parent
        # A region that lies below no county is looked after by the first one's reviewer.
        found.append(counties.get(region, len(province.branches)) if region is not None else len(province.branches))
    return found
