"""The invented days: what each branch reports, when it files, and what becomes of it.

Rows are built here and stored in bulk: some two thousand filings through `activities.services` would take minutes. They go through the same
functions for units and receipts, and the same rules of the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from activities.figures import Qualifier
from activities.models import DailyReport, Entry, EntryParticipant, Measure, Metric, OverTime, ReportVersion, Unit
from activities.receipts import receipt_number
from activities.services import Figure, Participation, Work, filing_content, in_own_unit
from branches.models import Branch, WorkUnit
from portal.accounts.models import User
from portal.demo.invention import Invention, Post
from portal.foundation import clock

State, Nature = ReportVersion.State, ReportVersion.Nature
HOUR = timedelta(hours=1)
# Ways to enter a weight, with what a kilogram is in them.
WEIGHTS = (("kg", Decimal(1)), ("jin", Decimal(2)), ("t", Decimal("0.001")))
# Figures that stand in a report because another does, and between which parts of it they lie.
FOLLOWS = {"needs_recorded": ("needs_resolved", 0.7, 1.0), "person_entries": ("temperature_checks", 0.95, 1.2)}
ABOUT = {Qualifier.OVER: 0.5, Qualifier.NEARLY: 0.2, Qualifier.ABOUT: 0.25, Qualifier.AT_LEAST: 0.05}


@dataclass
class Habit:
    """A figure that a branch reports: its usual size, and where a `latest` one stands now."""

    metric: Metric
    usual: float
    weekend: float
    standing: int


@dataclass
class Filings:
    """Rows of reports in the making, stored together."""

    reports: list[DailyReport] = field(default_factory=list)
    versions: list[ReportVersion] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    participants: list[EntryParticipant] = field(default_factory=list)

    def store(self) -> None:
        """Store all rows."""
        DailyReport.objects.bulk_create(self.reports)
        ReportVersion.objects.bulk_create(self.versions)
        Entry.objects.bulk_create(self.entries, batch_size=2000)
        Measure.objects.bulk_create(self.measures, batch_size=2000)
        EntryParticipant.objects.bulk_create(self.participants, batch_size=2000)


class Chronicle:
    """Invents the days of all branches."""

    def __init__(self, invention: Invention, organisers: dict[int, User], reviewer: User) -> None:
        self.invention, self.organisers, self.reviewer = invention, organisers, reviewer
        self.chance, self.now = invention.chance, clock.now()
        self.filings = Filings()
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.metrics = {metric.code: metric for metric in Metric.objects.select_related("unit")}

    def write(self) -> None:
        """Invent and store the daily reports of all branches, from the first day up to today."""
        for post in self.invention.posts:
            if post.branch.kind == Branch.Kind.COMMAND_POST:
                continue
            habits = self._habits()
            for ago in range(self.invention.days, -1, -1):
                day = self.invention.today - timedelta(days=ago)
                start, end = post.branch.started_work_on, post.branch.ended_on
                if start is not None and start <= day and (end is None or day <= end):
                    self._day(post, habits, day, ago)
        self.filings.store()

    def _habits(self) -> list[Habit]:
        """Choose what a branch reports."""
        habits = []
        for figure in self.invention.words["figures"]:
            if self.chance.random() < figure["share"]:
                usual = self.chance.uniform(figure["low"], figure["high"])
                habits.append(Habit(self.metrics[figure["metric"]], usual, figure["weekend"], round(usual)))
        return habits

    # --- What happened to a day -----------------------------------------------------------------------------------------

    def _day(self, post: Post, habits: Sequence[Habit], day: date, ago: int) -> None:
        """Invent the report of a day, or leave it out."""
        works = self._works(post, habits, day)
        luck = self.chance.random()
        if post is self.invention.posts[0] and ago < 2:
            # The branch of the demo's organiser: nothing filed today yet, and yesterday's report came back.
            luck = float(ago)
        if luck < (0.6 if ago == 0 else 0.12 if ago == 1 else 0.03):
            return
        due_at = post.schedule.due_moment(day)
        filed_at = self._filed_at(day, due_at, ago)
        report = DailyReport(branch=post.branch, business_date=day)
        self.filings.reports.append(report)
        first = self._version(report, works, filed_at, due_at)
        if ago > 1 and luck > 0.95:
            self._file_again(report, works, first, due_at)
        elif ago == 1 and luck > 0.93:
            self._returned(first, min(filed_at + HOUR, self.now))
        else:
            self._reviewed(first, ago)

    def _filed_at(self, day: date, due_at: datetime, ago: int) -> datetime:
        """Choose when a day was filed: in the evening, now and then late; today, before now."""
        if ago == 0:
            midnight = timezone.make_aware(datetime.combine(day, datetime.min.time()))
            return midnight + (self.now - midnight) * self.chance.uniform(0.6, 1)
        late = self.chance.random() < 0.05
        return min(due_at + (HOUR * self.chance.uniform(0.2, 8) if late else -HOUR * self.chance.uniform(0.1, 5)), self.now)

    def _file_again(self, report: DailyReport, works: Sequence[Work], first: ReportVersion, due_at: datetime) -> None:
        """Invent a second version: a supplement, a correction, or the answer to a return."""
        returned = self.chance.random() < 0.3
        at = first.known_from + HOUR * self.chance.uniform(0.5, 14)
        changed = [self._changed(works[0]), *works[1:]]
        if returned:
            self._returned(first, first.known_from + HOUR / 3)
        else:
            first.state, first.known_until = State.SUPERSEDED, at
        second = self._version(report, changed, at, due_at, number=2)
        self._reviewed(second, ago=2)

    def _changed(self, work: Work) -> Work:
        figure, *rest = work.figures
        more = Figure(figure.metric, figure.value + self.chance.randrange(2, 15), figure.unit)
        return Work(work.kind, (more, *rest), starts_at=work.starts_at, ends_at=work.ends_at, note=work.note, participants=work.participants)

    def _returned(self, version: ReportVersion, at: datetime) -> None:
        version.state, version.known_until, version.reviewed_at, version.reviewed_by = State.RETURNED, at, at, self.reviewer
        version.review_note = self.chance.choice(self.invention.words["review_notes"])

    def _reviewed(self, version: ReportVersion, ago: int) -> None:
        """Accept most reports of earlier days, half of yesterday's."""
        if self.chance.random() < (0 if ago == 0 else 0.5 if ago == 1 else 0.9):
            version.state, version.reviewed_by = State.ACCEPTED, self.reviewer
            version.reviewed_at = min(version.known_from + HOUR * 9, self.now)

    def _version(self, report: DailyReport, works: Sequence[Work], at: datetime, due_at: datetime, number: int = 1) -> ReportVersion:
        branch, day = report.branch, report.business_date
        version = ReportVersion(daily_report=report, branch=branch, number=number, known_from=at, due_at=due_at, means=ReportVersion.Means.DEMO)
        version.uid = UUID(int=self.chance.getrandbits(128), version=4)
        version.receipt = receipt_number(filing_content(branch=branch, first_day=day, last_day=day, works=works, note=""), version.uid)
        version.on_behalf = number == 1 and self.chance.random() < 0.015
        version.filed_by = self.reviewer if version.on_behalf else self.organisers[branch.pk]
        if number > 1:
            version.nature = Nature.CORRECTION if at > due_at else Nature.SUPPLEMENT
            version.reason = self.chance.choice(self.invention.words["reasons"]) if at > due_at else ""
        self.filings.versions.append(version)
        for work in works:
            self._entry(version, work, day)
        return version

    def _entry(self, version: ReportVersion, work: Work, day: date) -> None:
        times = {"starts_at": work.starts_at, "ends_at": work.ends_at}
        entry = Entry(version=version, branch=version.branch, business_date=day, kind=work.kind, place=version.branch.region, note=work.note, **times)
        self.filings.entries.append(entry)
        for figure in work.figures:
            metric = self.metrics[figure.metric]
            unit = self.units[figure.unit] if figure.unit else metric.unit
            common: dict[str, Any] = {"entry": entry, "branch": version.branch, "business_date": day, "metric": metric}
            value = in_own_unit(figure.value, unit, metric)
            self.filings.measures.append(Measure(value=value, value_entered=figure.value, unit_entered=unit, qualifier=figure.qualifier, **common))
        for part in work.participants:
            home_unit = self._unit_of.get(part.person.pk)
            self.filings.participants.append(EntryParticipant(entry=entry, person=part.person, home_unit=home_unit, hours=part.hours))

    @cached_property
    def _unit_of(self) -> dict[int, WorkUnit | None]:
        return {member.person.pk: member.unit for post in self.invention.posts for member in post.members}

    # --- What was done --------------------------------------------------------------------------------------------------

    def _works(self, post: Post, habits: Sequence[Habit], day: date) -> list[Work]:
        """Invent a day's work: a shift with those who stood it, and the branch's usual figures."""
        quiet = self.chance.random() < 0.015
        by_kind: dict[str, list[Figure]] = {}
        for habit in habits:
            for figure in self._figures(habit, day, quiet):
                by_kind.setdefault(self.metrics[figure.metric].kind, []).append(figure)
        noted = self.chance.random() < 0.05
        works = [Work(kind, tuple(figures)) for kind, figures in by_kind.items()]
        return [*works, self._shift(post, day, self.chance.choice(self.invention.words["notes"]) if noted else ""), *self._now_and_then(day)]

    def _figures(self, habit: Habit, day: date, quiet: bool) -> Iterable[Figure]:
        """Invent a figure, and the one that goes with it."""
        code = habit.metric.code
        if habit.metric.over_time == OverTime.LATEST:
            habit.standing = max(0, habit.standing + self.chance.choice((-1, 0, 0, 0, 0, 1)))
            return [Figure(code, Decimal(habit.standing))]
        size = 0.0 if quiet else habit.usual * (habit.weekend if day.weekday() >= 5 else 1) * self.chance.uniform(0.75, 1.25)
        if code == "goods_unloaded":
            return [self._weight(Decimal(round(size, -1)))]
        value, qualifier = self._qualified(round(size))
        figures = [Figure(code, value, qualifier=qualifier)]
        if code in FOLLOWS:
            follower, low, high = FOLLOWS[code]
            figures.append(Figure(follower, Decimal(round(float(value) * self.chance.uniform(low, high)))))
        return figures

    def _weight(self, kilograms: Decimal) -> Figure:
        code, each = self.chance.choice(WEIGHTS)
        return Figure("goods_unloaded", kilograms * each, code, Qualifier.OVER if kilograms and self.chance.random() < 0.15 else Qualifier.EXACT)

    def _qualified(self, value: int) -> tuple[Decimal, Qualifier]:
        """Make one figure in fifteen a round one with a qualifier."""
        if value < 50 or self.chance.random() > 0.065:
            return Decimal(value), Qualifier.EXACT
        return Decimal(round(value, -1)), self.chance.choices(list(ABOUT), list(ABOUT.values()))[0]

    def _shift(self, post: Post, day: date, note: str) -> Work:
        people = self.chance.sample(post.members, min(len(post.members), self.chance.randrange(3, 6)))
        parts = tuple(Participation(member.person, Decimal(self.chance.choice((4, 4, 6, 8)))) for member in people)
        midnight = timezone.make_aware(datetime.combine(day, datetime.min.time()))
        starts = midnight + 8 * HOUR if midnight + 9 * HOUR < self.now else midnight
        ends = min(starts + 12 * HOUR, max(self.now, starts + HOUR))
        return Work("shift", (Figure("duty_person_times", Decimal(len(parts))),), starts_at=starts, ends_at=ends, note=note, participants=parts)

    def _now_and_then(self, day: date) -> list[Work]:
        """A meeting on some Fridays, a survey now and then."""
        works = []
        if day.weekday() == 4 and self.chance.random() < 0.5:
            works.append(Work("meeting", (Figure("meetings_held", Decimal(1)),)))
        if self.chance.random() < 0.02:
            valid = self.chance.randrange(80, 300)
            satisfied = round(valid * self.chance.uniform(0.9, 1))
            works.append(Work("survey", (Figure("survey_valid", Decimal(valid)), Figure("survey_satisfied", Decimal(satisfied)))))
        return works
