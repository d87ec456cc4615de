"""What is still to be done before a branch may end: computed from the records each time, so that nobody ticks anything off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from activities.models import DailyReport, InspectionPoint, Need, ReportDraft, ReportVersion, StockReceipt, Suggestion, Survey
from branches.access import ROLES_OF_A_PLACE
from branches.models import Branch, WorkUnit
from members.models import Membership, OfficerTerm, OnSiteStay, PioneerPost, Secondment, Shift, Squad, Swap, TimeOff
from portal.accounts.models import Grant
from portal.ending.models import BranchEnd, LeftOpen
from portal.foundation import clock

ONE_DAY: Final = timedelta(days=1)
# The steps, in the order in which they are walked.
STEPS: Final[dict[str, str | Promise]] = {
    "open": _("Hand on what is open"),
    "reports": _("Complete the reports"),
    "people": _("People and posts"),
    "letters": _("Letters to the units"),
    "narrative": _("The branch's story"),
    "pack": _("Pack for the archive"),
    "confirm": _("Confirm the end"),
}


@dataclass(frozen=True)
class OpenDay:
    """A day whose report does not count or was not accepted, with why.

    Attributes:
        state: `missing`, `returned` or `waiting`. report: the report, where there is one. reason: why it stays so, if somebody said.
    """

    day: date
    state: str
    report: DailyReport | None = None
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """A step of the way, with what stands in its way."""

    name: str
    title: str | Promise
    number: int
    lacks: Sequence[str | Promise]

    @property
    def is_done(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.lacks


class Checklist:
    """What a branch on its way to the end still has to do; everything is asked of the records when it is needed, and once."""

    def __init__(self, end: BranchEnd) -> None:
        self.end, self.branch = end, end.branch

    # --- What is open ---------------------------------------------------------------------------------------------------

    @property
    def needs(self) -> "QuerySet[Need, Any]":
        """Needs that the branch itself has still to see to."""
        return Need.objects.filter(branch=self.branch, state=Need.State.OPEN).order_by("due_at", "pk")

    @property
    def needs_elsewhere(self) -> "QuerySet[Need, Any]":
        """Needs that a region or a unit answers: they go on doing so."""
        return Need.objects.filter(branch=self.branch, state=Need.State.HANDED_ON)

    @property
    def suggestions(self) -> "QuerySet[Any, Any]":
        """Suggestions that were neither passed on nor laid aside, with the reason why they stay."""
        return self._with_reason(Suggestion.objects.filter(branch=self.branch, state=Suggestion.State.OPEN), "suggestion").order_by("recorded_on", "pk")

    @property
    def points(self) -> "QuerySet[Any, Any]":
        """Points of inspections that nobody has said are mended after looking again, with the reason why they stay."""
        return self._with_reason(InspectionPoint.objects.filter(branch=self.branch, state__in=InspectionPoint.WAITING), "point").order_by("due_on", "pk")

    @property
    def surveys(self) -> "QuerySet[Survey, Any]":
        """Surveys that take answers."""
        return Survey.objects.filter(branch=self.branch).in_state("open", clock.today())

    @property
    def shifts_after(self) -> "QuerySet[Shift, Any]":
        """Shifts that would begin after the last day."""
        return Shift.objects.filter(post__branch=self.branch, business_date__gt=self.end.last_day)

    @property
    def swaps(self) -> "QuerySet[Swap, Any]":
        """Swaps that nobody has answered."""
        return Swap.objects.filter(shift__post__branch=self.branch, state=Swap.State.ASKED)

    @property
    def times_off(self) -> "QuerySet[TimeOff, Any]":
        """Times off that reach past the last day."""
        return self._reaching(TimeOff.objects.filter(branch=self.branch))

    # --- Reports --------------------------------------------------------------------------------------------------------

    @cached_property
    def open_days(self) -> list[OpenDay]:
        """The days up to the last one whose report is missing, returned, or not accepted yet; two queries."""
        reports = DailyReport.objects.filter(branch=self.branch, business_date__lte=self.end.last_day)
        filed = ReportVersion.objects.filter(daily_report=OuterRef("pk"))
        state = Coalesce(Subquery(filed.current().values("state")[:1]), Subquery(filed.order_by("-number").values("state")[:1]), output_field=CharField())
        held = {report.business_date: report for report in reports.annotate(stands=state)}
        reasons = {date.fromisoformat(row["day"]): row["reason"] for row in self._asked["explained"]}
        found = []
        for day in self._owed(held):
            report: Any = held.get(day)
            stands: Any = report.stands if report else None
            if stands == ReportVersion.State.ACCEPTED:
                continue
            word = {ReportVersion.State.FILED: "waiting", ReportVersion.State.RETURNED: "returned"}.get(stands, "missing")
            found.append(OpenDay(day, word, report, reasons.get(day, "")))
        return found

    def _owed(self, held: Iterable[date]) -> list[date]:
        """Return the days for which a report is owed or was begun, in order."""
        days = set(held)
        begun = [day for day in (self.branch.started_work_on or self.branch.established_on, self.branch.reports_from) if day]
        first = max(begun, default=min(days, default=None))
        if first is not None and self.branch.reports_daily and self.branch.kind != Branch.Kind.COMMAND_POST:
            last = min(self.end.last_day, clock.today())
            days |= {first + ONE_DAY * number for number in range((last - first).days + 1)}
        return sorted(days)

    @property
    def drafts(self) -> "QuerySet[ReportDraft, Any]":
        """What was typed and never filed."""
        return ReportDraft.objects.filter(branch=self.branch)

    # --- People ---------------------------------------------------------------------------------------------------------

    @property
    def ending_people(self) -> "list[tuple[str | Promise, QuerySet[Any, Any]]]":
        """What ends with the last day, by what it is called."""
        return [
            (_("Memberships"), self._reaching(Membership.objects.filter(branch=self.branch))),
            (_("Offices"), self._reaching(OfficerTerm.objects.filter(branch=self.branch))),
            (_("Squads"), self._reaching(Squad.objects.filter(branch=self.branch))),
            (_("Pioneer posts"), self._reaching(PioneerPost.objects.filter(branch=self.branch))),
            (_("People living on site"), self._reaching(OnSiteStay.objects.filter(branch=self.branch))),
            (_("Rights of accounts over the branch"), self.grants),
        ]

    @property
    def ending_numbers(self) -> list[tuple[str | Promise, int]]:
        """How many of each end with the last day; one query."""
        rows = self.ending_people
        numbers = numbers_of(self.branch, {str(place): each for place, (_title, each) in enumerate(rows)})
        return [(title, numbers[str(place)]) for place, (title, _each) in enumerate(rows)]

    @property
    def grants(self) -> "QuerySet[Grant, Any]":
        """What lets accounts work for the branch; whoever only reads it goes on reading."""
        return Grant.objects.live(clock.today()).filter(branch=self.branch, role__in=ROLES_OF_A_PLACE)

    @property
    def begins_later(self) -> "QuerySet[Membership, Any]":
        """Memberships that would begin after the last day."""
        return Membership.objects.filter(branch=self.branch, during__startswith__gt=self.end.last_day)

    # --- Letters and the pack -------------------------------------------------------------------------------------------

    @property
    def units(self) -> "QuerySet[WorkUnit, Any]":
        """The units that had sent somebody while they were in the branch."""
        sent = Secondment.objects.filter(person__memberships__branch=self.branch, during__overlap=F("person__memberships__during"))
        return WorkUnit.objects.filter(pk__in=sent.values("home_unit")).order_by("name_key", "pk")

    # --- All of it ------------------------------------------------------------------------------------------------------

    @property
    def _counted(self) -> "dict[str, QuerySet[Any, Any]]":
        return {
            "needs": self.needs,
            "needs_elsewhere": self.needs_elsewhere,
            "suggestions": self.suggestions.filter(reason=None),
            "points": self.points.filter(reason=None),
            "surveys": self.surveys,
            "shifts_after": self.shifts_after,
            "swaps": self.swaps,
            "times_off": self.times_off,
            "begins_later": self.begins_later,
            "drafts": self.drafts,
            "receipts": StockReceipt.objects.filter(branch=self.branch),
            "units_without": self.units.exclude(pk__in=self.end.letters.values("work_unit")),
            "packs": self.end.packs.filter(made_at__isnull=False),
        }

    @cached_property
    def numbers(self) -> dict[str, int]:
        """How many there are of each."""
        return {name: self._asked[f"n_{name}"] for name in self._counted}

    @cached_property
    def _asked(self) -> dict[str, Any]:
        """What is counted, and the days that are explained; one query."""
        said = self.end.left.filter(what=LeftOpen.What.DAY).order_by("day").values(row=JSONObject(day="day", reason="reason"))
        columns: dict[str, Any] = {f"n_{name}": number_of(rows) for name, rows in self._counted.items()}
        row: dict[str, Any] = Branch.objects.filter(pk=self.branch.pk).order_by().values(**columns, explained=ArraySubquery(said)).get()
        return row

    @cached_property
    def steps(self) -> list[Step]:
        """The steps with what each still lacks; the last lacks what any of the others does."""
        lacking = {name: list(getattr(self, f"_lacks_{name}")()) for name in STEPS if name != "confirm"}
        lacking["confirm"] = [_("The steps before are not done yet.")] if any(lacking.values()) else []
        return [Step(name, title, number, lacking[name]) for number, (name, title) in enumerate(STEPS.items(), 1)]

    @property
    def lacks(self) -> list[str | Promise]:
        """Everything that stands in the way of the end."""
        return [sentence for step in self.steps if step.name != "confirm" for sentence in step.lacks]

    def _lacks_open(self) -> Iterable[str | Promise]:
        numbers = self.numbers
        # A merger takes them along.
        if numbers["needs"] and not self.end.is_merger:
            yield _said(ngettext_lazy("%(n)d need is open.", "%(n)d needs are open.", "n"), numbers["needs"])
        if numbers["suggestions"]:
            yield _said(ngettext_lazy("%(n)d suggestion is still at the branch.", "%(n)d suggestions are still at the branch.", "n"), numbers["suggestions"])
        if numbers["points"]:
            yield _said(ngettext_lazy("%(n)d point of inspections is open.", "%(n)d points of inspections are open.", "n"), numbers["points"])
        if not self.end.stock.strip():
            yield _("It is not said where goods and equipment went.")

    def _lacks_reports(self) -> Iterable[str | Promise]:
        for state, sentence in _DAYS.items():
            if number := sum(each.state == state and not each.reason for each in self.open_days):
                yield _said(sentence, number)

    def _lacks_people(self) -> Iterable[str | Promise]:
        if number := self.numbers["begins_later"]:
            yield _said(ngettext_lazy("%(n)d membership begins after the last day.", "%(n)d memberships begin after the last day.", "n"), number)

    def _lacks_letters(self) -> Iterable[str | Promise]:
        if self.numbers["units_without"] or self.end.letters_on is None:
            yield _("The letters have no numbers yet.")

    def _lacks_narrative(self) -> Iterable[str | Promise]:
        if not self.end.narrative.strip():
            yield _("The story is not written yet.")

    def _lacks_pack(self) -> Iterable[str | Promise]:
        if not self.numbers["packs"]:
            yield _("No pack was made yet.")

    def _reaching(self, rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        return rows.filter(during__contains=self.end.last_day + ONE_DAY)

    def _with_reason(self, rows: "QuerySet[Any, Any]", what: str) -> "QuerySet[Any, Any]":
        said = LeftOpen.objects.filter(end=self.end, what=what, object_id=OuterRef("public_id"))
        found: QuerySet[Any, Any] = rows.annotate(reason=Subquery(said.values("reason")[:1]))
        return found


_DAYS: Final = {
    "missing": ngettext_lazy("%(n)d report is missing.", "%(n)d reports are missing.", "n"),
    "returned": ngettext_lazy("%(n)d report was returned and is not filed again.", "%(n)d reports were returned and are not filed again.", "n"),
    "waiting": ngettext_lazy("%(n)d report waits for review.", "%(n)d reports wait for review.", "n"),
}
__all__ = ["STEPS", "Checklist", "OpenDay", "Step", "number_of", "numbers_of"]


def number_of(rows: "QuerySet[Any, Any]") -> Coalesce:
    """Return how many rows a query finds, as a column of another."""
    return Coalesce(Subquery(rows.order_by().annotate(one=Value(1)).values("one").values(number=Count("pk"))), 0)


def numbers_of(branch: Branch, counted: "Mapping[str, QuerySet[Any, Any]]") -> dict[str, int]:
    """Return how many rows each of several queries finds, by its name; one query."""
    row = Branch.objects.filter(pk=branch.pk).order_by().values(**{f"n_{name}": number_of(rows) for name, rows in counted.items()}).get()
    return {name: row[f"n_{name}"] for name in counted}


def _said(sentence: Any, number: int) -> str:
    return str(sentence % {"n": number})
