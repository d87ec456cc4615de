"""Every list, page and list of the API takes as many queries for 1,000 rows as for 10, never more than 15; the form of a day may take a few more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateTimeTZRange
from pytest_django import DjangoDbBlocker

from activities.models import (
    ContactPoint,
    ContactTerm,
    ContactVisit,
    DailyReport,
    Entry,
    EntryParticipant,
    FrozenFigure,
    ImportedReport,
    Inspection,
    InspectionPoint,
    InspectionPointEvent,
    Measure,
    Metric,
    Need,
    NeedEvent,
    PeriodReport,
    PointFile,
    RefusedCell,
    ReportImport,
    ReportVersion,
    Statement,
    StockReceipt,
    Suggestion,
    SuggestionEvent,
    Survey,
    SurveyAnswer,
    SurveyResponse,
    Unit,
)
from activities.services import surveys
from branches.access import Role
from branches.models import Branch, Region, RegionParent, WorkUnit
from members.models import (
    Assignment,
    CheckIn,
    DutyPost,
    HandOver,
    Membership,
    OfficerTerm,
    OnSiteStay,
    Person,
    PioneerClaim,
    PioneerPost,
    Secondment,
    ServiceNote,
    Shift,
    Squad,
    SquadGrid,
    SquadMember,
    TimeOff,
)
from portal.accounts.models import Grant, User
from portal.ending.checklist import STEPS
from portal.ending.models import BranchEnd, ServiceLetter
from portal.foundation import clock as portal_clock
from portal.foundation.models import Attachment, AuditEntry
from portal.retention.models import Certificate, DataRequest, Hold
from tests.factories import ALWAYS, FOR_LONG, make_person, make_user, since
from tests.light_client import Browser, session_of
from tests.personas import MARCH_6, City, one_city

FEW, MANY = 10, 1000
MOST_QUERIES: Final = 15
# A branch that has been at work for so long that it filed a thousand days.
LONG_AGO: Final = date(2015, 1, 1)
ONE_DAY: Final = timedelta(days=1)


@dataclass
class World:
    """One of everything, with many of everything around it."""

    city: City
    branch: Branch
    person: Person
    users: dict[str, User]
    sessions: dict[str, str]
    size: int = 0

    def grow(self, size: int) -> None:
        """Add rows until there are `size` of each kind: beside the branch, and belonging to it."""
        numbers = range(self.size, size)
        branches = self._branches(numbers)
        people = self._people(numbers)
        self._places(numbers)
        days = [MARCH_6 - ONE_DAY * (number + 1) for number in numbers]
        self._file([(self.branch, day) for day in days] + [(branch, MARCH_6) for branch in branches], people)
        self._span([MARCH_6 - ONE_DAY * (number + 1) for number in numbers])
        self._beside(numbers)
        self._accounts(numbers, branches)
        self._imports(numbers, branches)
        self._surveys(numbers)
        self._needs(numbers, people)
        self._suggestions(numbers)
        self._inspections(numbers, people)
        self._contacts(numbers, people)
        self._roster(numbers, people)
        self._service(numbers)
        self._squads(numbers, people)
        self.size = size
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def _branches(self, numbers: range) -> list[Branch]:
        branches = [Branch(name=f"第{number}临时党支部", region=self.city.community, established_on=date(2020, 2, 1)) for number in numbers]
        return _folded(Branch, branches)

    def _people(self, numbers: range) -> list[Person]:
        people = _folded(Person, [Person(name=f"人{number}", phone=f"199{number:08d}", duty_phone=f"198{number:08d}") for number in numbers])
        Secondment.objects.bulk_create(Secondment(person=person, home_unit=self.city.company, during=ALWAYS) for person in people)
        Membership.objects.bulk_create(Membership(person=person, branch=self.branch, during=since(LONG_AGO)) for person in people)
        # The one whose page is opened came and went day by day, and held an office each time.
        days = [LONG_AGO + ONE_DAY * number for number in numbers]
        held = Membership.objects.bulk_create(Membership(person=self.person, branch=self.branch, during=since(day, day)) for day in days)
        OfficerTerm.objects.bulk_create(OfficerTerm(membership=each, office="team_leader", during=each.during) for each in held)
        return people

    def _places(self, numbers: range) -> None:
        regions = _folded(Region, [Region(name=f"第{number}小区", level="compound") for number in numbers])
        RegionParent.objects.bulk_create(RegionParent(region=region, parent=self.city.community, during=ALWAYS) for region in regions)
        units = _folded(WorkUnit, [WorkUnit(name=f"第{number}公司", parent=self.city.group) for number in numbers])
        through = Branch.sending_units.through
        through._default_manager.bulk_create(through(branch_id=self.branch.pk, workunit_id=unit.pk) for unit in units)

    def _file(self, days: list[tuple[Branch, date]], people: list[Person]) -> None:
        reports = DailyReport.objects.bulk_create(DailyReport(branch=branch, business_date=day) for branch, day in days)
        versions = ReportVersion.objects.bulk_create(
            ReportVersion(daily_report=report, branch=report.branch, number=1, known_from=portal_clock.now(), uid=uuid4(), receipt=f"R{report.pk}")
            for report in reports
        )
        self._figures([(version, report.business_date) for version, report in zip(versions, reports, strict=True)], people)

    def _figures(self, versions: list[tuple[ReportVersion, date | None]], people: list[Person]) -> None:
        metrics = Metric.objects.select_related("unit").in_bulk(["vehicles", "home_isolated"], field_name="code")
        entries = Entry.objects.bulk_create(
            Entry(version=version, branch=version.branch, business_date=day, kind=metric.kind, place=self.city.community)
            for version, day in versions
            for metric in metrics.values()
        )
        by_kind = {metric.kind: metric for metric in metrics.values()}
        Measure.objects.bulk_create(
            Measure(
                entry=entry,
                branch=entry.branch,
                business_date=entry.business_date,
                metric=by_kind[entry.kind],
                value=Decimal(3),
                value_entered=Decimal(3),
                unit_entered=by_kind[entry.kind].unit,
            )
            for entry in entries
        )
        took_part = [(entry, person) for entry, person in zip(entries, people, strict=False)] + [(entry, self.person) for entry in entries[: len(people)]]
        EntryParticipant.objects.bulk_create(
            EntryParticipant(entry=entry, person=person, home_unit=self.city.company, hours=Decimal(4)) for entry, person in took_part
        )

    def _span(self, days: list[date]) -> None:
        reports = PeriodReport.objects.bulk_create(PeriodReport(branch=self.branch, first_day=day - ONE_DAY, last_day=day) for day in days)
        versions = ReportVersion.objects.bulk_create(
            ReportVersion(period_report=report, branch=self.branch, number=1, known_from=portal_clock.now(), uid=uuid4(), receipt=f"P{report.pk}")
            for report in reports
        )
        self._figures([(version, None) for version in versions], [])

    def _beside(self, numbers: range) -> None:
        unit = Unit.objects.order_by("pk")[0]
        StockReceipt.objects.bulk_create(StockReceipt(branch=self.branch, item=f"物资{number}", value=1, unit=unit) for number in numbers)
        Statement.objects.bulk_create(
            Statement(branch=self.branch, what_zh="车辆", what_en="vehicles", value=number, computes="sum:vehicles", stated_on=MARCH_6, title="文")
            for number in numbers
        )
        keeper, now = self.users["security"], portal_clock.now()
        told: dict[str, Any] = {"rule": "branch", "before": MARCH_6, "rows": 1, "counts": {"activities.Need.phone": 1}, "hashes": bytes(16), "sha256": "0" * 64}
        Certificate.objects.bulk_create(Certificate(branch=self.branch, made_at=now, run=uuid4(), **told) for _number in numbers)
        asked = {"kind": "erase", "subject": "居民", "words": "请删除电话", "asked_at": now, "due_on": MARCH_6, "recorded_by": self.users["organiser"]}
        DataRequest.objects.bulk_create(DataRequest(branch=self.branch, **asked) for _number in numbers)
        Hold.objects.bulk_create(Hold(branch=self.branch, reason="复核", placed_by=keeper, placed_at=portal_clock.now()) for _number in numbers)
        # Frozen before anything was filed: every record behind one has come since.
        given: dict[str, Any] = {"region": self.city.street, "metric": Metric.objects.get(code="vehicles"), "purpose": "日报", "due": 0, "reported": 0}
        given |= {"first_day": date(2015, 1, 1), "last_day": MARCH_6, "count": 0, "frozen_at": portal_clock.now() - ONE_DAY, "snapshot": "1:1:"}
        FrozenFigure.objects.bulk_create(FrozenFigure(frozen_by=self.users["official"], written_in=1, **given) for _number in numbers)

    def _imports(self, numbers: range, branches: list[Branch]) -> None:
        """Imports of the organiser, the first of them with as many refused cells, and reports of as many branches."""
        owner = self.users["organiser"]
        file = {"sha256": "0" * 64, "name": "a.csv", "content_type": "text/csv", "size": 1, "model": "reportimport", "added_by": owner}
        files = Attachment.objects.bulk_create(Attachment(**file) for _number in numbers)
        state, none = ReportImport.State.CHECKED, {"reports": 0, "rows": 0, "branches": 0, "days": 0}
        some = {name: self.size + len(numbers) for name in none}
        counts = {"rows": 9, "refused": 9, "cells": 999, "differing": 0, "ready": some, "held": none, "present": some}
        ReportImport.objects.bulk_create(ReportImport(file=each, owner=owner, state=state, counts=counts) for each in files)
        first = ReportImport.objects.order_by("pk")[0]
        RefusedCell.objects.bulk_create(RefusedCell(of=first, line=number + 2, column="value", said_zh="错", said_en="wrong") for number in numbers)
        for of_report, day in ((ImportedReport.State.READY, MARCH_6), (ImportedReport.State.PRESENT, MARCH_6 - ONE_DAY)):
            staged = {"of": first, "business_date": day, "state": of_report, "uid": uuid4(), "receipt": "", "figures": 1}
            ImportedReport.objects.bulk_create(ImportedReport(branch=branch, **staged) for branch in branches)

    def _needs(self, numbers: range, people: list[Person]) -> None:
        """Needs of the branch, one of three resolved; the first of them with as many events."""
        now = portal_clock.now()
        given = {"branch": self.branch, "origin": self.branch, "recorded_by": self.users["organiser"], "recorded_at": now, "recorded_on": MARCH_6}
        given |= {"channel": "phone", "category": "food", "due_at": now, "household": "3栋", "phone": "19900001234", "words": "白菜"}
        done = {"state": "resolved", "resolved_at": now, "resolved_on": MARCH_6, "result": "已送达"}
        needs = Need.objects.bulk_create(Need(assignee=people[0], **given | (done if number % 3 == 0 else {})) for number in numbers)
        told = {"branch": self.branch, "business_date": MARCH_6, "at": now, "actor": self.users["organiser"]}
        NeedEvent.objects.bulk_create(NeedEvent(need=need, number=1, kind="recorded", **told) for need in needs)
        first = Need.objects.order_by("pk")[0]
        NeedEvent.objects.bulk_create(
            NeedEvent(need=first, number=number + 2, kind="assigned", person=person, **told) for number, person in zip(numbers, people, strict=True)
        )

    def _suggestions(self, numbers: range) -> None:
        """Suggestions that wait at the street, one of three answered for all; the first with as many events."""
        now, actor = portal_clock.now(), self.users["organiser"]
        given = {"branch": self.branch, "recorded_by": actor, "recorded_at": now, "recorded_on": MARCH_6, "topic": "duty", "words": "电暖器"}
        given |= {"with_region": self.city.street, "passed_at": now, "revision": 2}
        done = {"state": "answered", "answered_at": now, "answer": "已安排", "for_all": True}
        rows = Suggestion.objects.bulk_create(Suggestion(**given | (done if number % 3 == 0 else {"state": "passed"})) for number in numbers)
        told = {"at": now, "actor": actor}
        SuggestionEvent.objects.bulk_create(SuggestionEvent(suggestion=row, number=1, kind="recorded", **told) for row in rows)
        SuggestionEvent.objects.bulk_create(SuggestionEvent(suggestion=row, number=2, kind="passed", to_region=self.city.street, **told) for row in rows)
        first = Suggestion.objects.order_by("pk")[0]
        SuggestionEvent.objects.bulk_create(SuggestionEvent(suggestion=first, number=number + 3, kind="changed", **told) for number in numbers)

    def _inspections(self, numbers: range, people: list[Person]) -> None:
        """Inspections of the branch, the first of them with as many points, and the first of these with as many events."""
        by, now = self.users["official"], portal_clock.now()
        given = {"branch": self.branch, "business_date": MARCH_6, "recorded_by": by, "recorded_at": now, "recorded_on": MARCH_6}
        Inspection.objects.bulk_create(Inspection(inspector="督查组", looked_at="值守", result="良好", **given) for _number in numbers)
        first = Inspection.objects.order_by("pk")[0]
        found = {"inspection": first, "branch": self.branch, "what": "缺项", "found_on": MARCH_6, "due_on": MARCH_6, "opened_at": now}
        points = InspectionPoint.objects.bulk_create(InspectionPoint(owner=person, **found) for person in people)
        told = {"branch": self.branch, "business_date": MARCH_6, "at": now, "actor": by}
        InspectionPointEvent.objects.bulk_create(InspectionPointEvent(point=point, number=1, kind="opened", due_on=MARCH_6, **told) for point in points)
        point = InspectionPoint.objects.order_by("pk")[0]
        InspectionPointEvent.objects.bulk_create(
            InspectionPointEvent(point=point, number=number + 2, kind="assigned", person=person, **told) for number, person in zip(numbers, people, strict=True)
        )

        given = {"content_type": "image/jpeg", "size": 1, "model": "pointfile", "added_by": by, "sha256": "0" * 64, "name": "a.jpg"}
        files = Attachment.objects.bulk_create(Attachment(**given) for _number in numbers)
        PointFile.objects.bulk_create(PointFile(point=point, shows="found", file=file, width=4, height=3) for file in files)

    def _contacts(self, numbers: range, people: list[Person]) -> None:
        """Contact points at the community, each with a leader, the first of them with as many visits."""
        now = portal_clock.now()
        points = ContactPoint.objects.bulk_create(ContactPoint(region=self.city.community, spot=f"第{number}门", made_on=MARCH_6) for number in numbers)
        ContactTerm.objects.bulk_create(ContactTerm(point=point, leader=person, during=ALWAYS) for point, person in zip(points, people, strict=True))
        first, by = ContactPoint.objects.order_by("pk")[0], self.users["reviewer"]
        of = {"point": first, "visited_at": now, "visited_on": MARCH_6, "found": "良好", "recorded_by": by, "recorded_at": now}
        visits = ContactVisit.objects.bulk_create(ContactVisit(leader=person, **of) for person in people)
        found = {"branch": self.branch, "what": "缺项", "found_on": MARCH_6, "due_on": MARCH_6, "opened_at": now}
        mend = InspectionPoint.objects.bulk_create(InspectionPoint(visit=visit, owner=people[0], **found) for visit in visits)
        told = {"number": 1, "kind": "opened", "branch": self.branch, "business_date": MARCH_6, "at": now, "actor": by, "due_on": MARCH_6}
        InspectionPointEvent.objects.bulk_create(InspectionPointEvent(point=point, **told) for point in mend)

    def _roster(self, numbers: range, people: list[Person]) -> None:
        """As many posts, each with a shift of tonight that somebody is on and that lacks another, and people off."""
        posts = DutyPost.objects.bulk_create(DutyPost(branch=self.branch, name=f"第{number}卡口", people=2, during=ALWAYS) for number in numbers)
        tonight = DateTimeTZRange(portal_clock.now(), portal_clock.now() + timedelta(hours=8))
        shifts = Shift.objects.bulk_create(Shift(post=post, during=tonight, business_date=MARCH_6, people=2) for post in posts)
        on_it = Assignment.objects.bulk_create(Assignment(shift=shift, person=person) for shift, person in zip(shifts, people, strict=True))
        came = {"result": "present", "means": "leader", "arrived_at": tonight.lower, "recorded_at": tonight.lower, "recorded_by": self.users["organiser"]}
        CheckIn.objects.bulk_create(CheckIn(assignment=each, **came) for each in on_it)
        HandOver.objects.bulk_create(HandOver(shift=shift, outgoing_by=self.users["organiser"], outgoing_at=tonight.lower) for shift in shifts)
        TimeOff.objects.bulk_create(TimeOff(branch=self.branch, person=person, during=since(MARCH_6 + 9 * ONE_DAY)) for person in people)
        held = Membership.objects.filter(person__in=people)
        OnSiteStay.objects.bulk_create(OnSiteStay(membership=each, place="居委会", during=since(MARCH_6 - ONE_DAY)) for each in held)

    def _service(self, numbers: range) -> None:
        """As many shifts that the person of the service record served, each on a day of its own, and as many words of merit."""
        eve, eight = portal_clock.now(), timedelta(hours=8)
        nights = [DateTimeTZRange(eve - ONE_DAY * (number + 2), eve - ONE_DAY * (number + 2) + eight) for number in numbers]
        post, by = DutyPost.objects.order_by("pk")[0], self.users["organiser"]
        shifts = Shift.objects.bulk_create(Shift(post=post, during=night, business_date=night.lower.date()) for night in nights)
        on_it = Assignment.objects.bulk_create(Assignment(shift=shift, person=self.person) for shift in shifts)
        came = {"result": "present", "means": "leader", "recorded_at": eve, "recorded_by": by}
        CheckIn.objects.bulk_create(CheckIn(assignment=each, arrived_at=night.lower, **came) for each, night in zip(on_it, nights, strict=True))
        written = {"person": self.person, "branch": self.branch, "words": "好", "written_by": by, "written_at": eve}
        ServiceNote.objects.bulk_create(ServiceNote(happened_on=night.lower.date(), **written) for night in nights)

    def _squads(self, numbers: range, people: list[Person]) -> None:
        """As many squads, each with somebody and a grid, one with everybody; as many posts, each held."""
        if not numbers.start:
            Squad.objects.create(branch=self.branch, name="突击队", during=since(LONG_AGO))
        squads = Squad.objects.bulk_create(Squad(branch=self.branch, name=f"第{number}队", during=since(LONG_AGO)) for number in numbers)
        SquadMember.objects.bulk_create(
            SquadMember(squad=squad, person=each, leads=True, during=since(LONG_AGO)) for squad, each in zip(squads, people, strict=True)
        )
        whole = Squad.objects.get(name="突击队")
        SquadMember.objects.bulk_create(SquadMember(squad=whole, person=each, during=since(LONG_AGO)) for each in people)
        regions = Region.objects.filter(level="compound").order_by("-pk")[: len(numbers)]
        SquadGrid.objects.bulk_create(SquadGrid(squad=squad, region=region, during=since(LONG_AGO)) for squad, region in zip(squads, regions, strict=True))
        posts = PioneerPost.objects.bulk_create(
            PioneerPost(branch=self.branch, name=f"第{number}岗", duty="守门", during=since(LONG_AGO)) for number in numbers
        )
        PioneerClaim.objects.bulk_create(PioneerClaim(post=post, person=each, during=since(LONG_AGO)) for post, each in zip(posts, people, strict=True))

    def _surveys(self, numbers: range) -> None:
        """Surveys in preparation, and answers to an open one, each with a word."""
        by = self.users["organiser"]
        given: dict[str, Any] = {"branch": self.branch, "made_on": MARCH_6, "last_day": MARCH_6, "made_by": by}
        if not numbers.start:
            asked = surveys.satisfaction_survey()
            made = surveys.make_survey(actor=by, branch=self.branch, title="问", last_day=MARCH_6, questions=asked, uid=uuid4())
            surveys.open_survey(actor=by, survey=made)
        Survey.objects.bulk_create(Survey(title="问", code=f"N{number}", **given) for number in numbers)
        found = Survey.objects.get(opened_at__isnull=False)
        first, *_others, last = found.questions.all()
        of: dict[str, Any] = {"survey": found, "branch": self.branch, "business_date": MARCH_6, "given_at": found.opened_at, "channel": "link"}
        given_now = SurveyResponse.objects.bulk_create(SurveyResponse(uid=uuid4(), browser=uuid4(), satisfied=True, **of) for _number in numbers)
        SurveyAnswer.objects.bulk_create(SurveyAnswer(response=response, question=first, choices=[1]) for response in given_now)
        SurveyAnswer.objects.bulk_create(SurveyAnswer(response=response, question=last, free_text="灯暗") for response in given_now)

    def _accounts(self, numbers: range, branches: list[Branch]) -> None:
        users = User.objects.bulk_create(User(username=f"clerk-{number}", name=f"经办{number}") for number in numbers)
        Grant.objects.bulk_create(Grant(user=user, role=Role.ORGANISER, branch=branch, during=FOR_LONG) for user, branch in zip(users, branches, strict=True))
        organiser = self.users["organiser"]
        Grant.objects.bulk_create(Grant(user=organiser, role=Role.ORGANISER, branch=branch, during=FOR_LONG) for branch in branches)
        # The one whose page is opened got and lost the same grant again and again.
        gone = {"role": Role.SHIFT_LEADER, "branch": self.branch, "during": FOR_LONG, "revoked_at": portal_clock.now()}
        Grant.objects.bulk_create(Grant(user=self.users["other"], **gone) for _number in numbers)
        AuditEntry.objects.bulk_create(AuditEntry(actor=organiser, action="report.filed", model="branch", object_id=self.branch.public_id) for _ in numbers)


def _folded(model: type[Any], rows: list[Any]) -> list[Any]:
    for row in rows:
        row.fold()
    return list(model.objects.bulk_create(rows))


@dataclass(frozen=True)
class Address:
    """A page, as somebody reads it."""

    user: str
    name: str
    arguments: Callable[[World], list[Any]] = lambda world: []
    query: Callable[[World], dict[str, str]] = lambda world: {}

    def __str__(self) -> str:
        return f"{self.name}-{self.user}"

    def href(self, world: World) -> str:
        """Return where it is."""
        query = self.query(world)
        return reverse(self.name, args=self.arguments(world)) + (f"?{urlencode(query)}" if query else "")


def _branch(world: World) -> list[Any]:
    return [world.branch.public_id]


def _step(name: str) -> Callable[[World], list[Any]]:
    return lambda world: [*_branch(world), name]


def _report(world: World) -> list[Any]:
    return [DailyReport.objects.get(branch=world.branch, business_date=MARCH_6 - ONE_DAY).public_id]


def _days(world: World) -> dict[str, str]:
    return {"from": "2015-01-01", "to": "2020-03-06"}


def _of_street(world: World) -> dict[str, str]:
    return {"region": str(world.city.street.public_id), **_days(world)}


def _of_company(world: World) -> dict[str, str]:
    return {"unit": str(world.city.company.public_id), "of": "shifts", **_days(world)}


def _survey(world: World) -> list[Any]:
    return [Survey.objects.get(opened_at__isnull=False).public_id]


def _api(name: str, user: str = "official") -> Address:
    return Address(user, name)


ADDRESSES: Final = (
    # Lists.
    Address("official", "branches:branch_list"),
    Address("organiser", "branches:branch_list"),
    Address("liaison", "branches:branch_list"),
    Address("official", "members:person_list"),
    Address("organiser", "members:person_list"),
    Address("liaison", "members:person_list"),
    Address("official", "activities:report_list"),
    Address("organiser", "activities:report_list"),
    Address("organiser", "activities:today"),
    # A day with one report and many that are missing: the same on the first page at any size.
    Address("reviewer", "activities:review_list", query=lambda world: {"day": (MARCH_6 - ONE_DAY).isoformat()}),
    Address("system", "accounts:user_list"),
    Address("administrator", "accounts:user_list"),
    Address("auditor", "portal:audit_list"),
    Address("auditor", "portal:audit_changes"),
    Address("auditor", "portal:audit_days"),
    # An account: its story is as long in each world, and names the same.
    Address("auditor", "portal:audit_object", lambda world: [User.objects.order_by("pk")[0].public_id]),
    Address("auditor", "portal:audit_person", lambda world: [User.objects.order_by("pk")[0].public_id]),
    Address("auditor", "retention:certificate_list"),
    Address("organiser", "retention:mine"),
    Address("organiser", "retention:mine_rows", lambda world: ["activities.reportimport.owner"]),
    Address("organiser", "retention:mine_ask", lambda world: ["erase"]),
    Address("organiser", "retention:request_list"),
    Address("administrator", "retention:request_list"),
    Address("organiser", "retention:request_add"),
    Address("organiser", "retention:request_detail", lambda world: [DataRequest.objects.order_by("pk")[0].public_id]),
    Address("official", "retention:certificate_list"),
    Address("official", "retention:certificate_detail", lambda world: [Certificate.objects.order_by("pk")[0].public_id]),
    Address("security", "retention:hold_list"),
    Address("official", "retention:hold_list"),
    Address("security", "retention:hold_add"),
    Address("system", "portal:operations"),
    Address("official", "portal:registers"),
    Address("official", "portal:search", query=lambda world: {"q": "第"}),
    Address("organiser", "portal:search", query=lambda world: {"q": "人"}),
    Address("organiser", "portal:dashboard"),
    # One of something with a thousand of something else.
    Address("organiser", "accounts:profile"),
    Address("organiser", "accounts:security"),
    Address("security", "accounts:review"),
    Address("security", "accounts:review", query=lambda world: {"show": "all"}),
    Address("security", "accounts:grants_ending"),
    Address("auditor", "accounts:reset_list"),
    Address("security", "accounts:user_detail", lambda world: [world.users["other"].public_id]),
    Address("organiser", "branches:branch_detail", _branch),
    Address("administrator", "branches:branch_detail", _branch),
    Address("organiser", "members:person_detail", lambda world: [world.person.public_id]),
    Address("official", "members:person_detail", lambda world: [world.person.public_id]),
    Address("organiser", "members:service_record", lambda world: [world.person.public_id]),
    Address("liaison", "members:service_record", lambda world: [world.person.public_id]),
    Address("organiser", "members:service_record_shifts", lambda world: [world.person.public_id]),
    Address("organiser", "members:service_record_work", lambda world: [world.person.public_id]),
    Address("organiser", "members:service_note_add", lambda world: [world.person.public_id]),
    Address("organiser", "members:service_note_edit", lambda world: [ServiceNote.objects.order_by("pk")[0].public_id]),
    Address("organiser", "members:officer_set", _branch),
    Address("administrator", "branches:branch_edit", _branch),
    Address("administrator", "accounts:user_add"),
    # The end of a branch.
    Address("organiser", "branches:branch_end", _branch),
    *(Address("organiser", "branches:end_step", _step(step)) for step in STEPS),
    Address("organiser", "branches:end_letter", lambda world: [ServiceLetter.objects.order_by("pk")[0].public_id]),
    # The roster.
    Address("official", "roster:shift_list"),
    Address("organiser", "roster:shift_list"),
    Address("liaison", "roster:shift_list", query=lambda world: {"region": str(world.city.street.public_id), "short": "yes"}),
    Address("organiser", "roster:roster_today", _branch),
    Address("official", "roster:roster_today", _branch),
    Address("organiser", "roster:roster_week", lambda world: [world.branch.public_id, MARCH_6]),
    Address("organiser", "roster:roster_gaps", lambda world: [world.branch.public_id, MARCH_6, MARCH_6]),
    Address("organiser", "roster:post_list", _branch),
    Address("organiser", "roster:roster_fill", _branch),
    Address("organiser", "roster:time_off", _branch),
    Address("official", "roster:on_site_list", query=lambda world: {"region": str(world.city.street.public_id)}),
    Address("organiser", "roster:on_site", _branch),
    Address("official", "roster:on_site", _branch),
    Address("organiser", "roster:on_site_add", _branch),
    Address("organiser", "roster:own_shifts"),
    Address("organiser", "roster:hand_over", lambda world: [Shift.objects.order_by("pk")[0].public_id]),
    Address("organiser", "roster:hours"),
    Address("liaison", "roster:hours", query=lambda world: {"group": "unit"}),
    Address("official", "roster:hours", query=lambda world: {"group": "branch"}),
    Address("organiser", "roster:shift_detail", lambda world: [Shift.objects.order_by("pk")[0].public_id]),
    _api("members-api:duty-post-list"),
    _api("members-api:shift-list"),
    _api("members-api:hand-over-list"),
    _api("members-api:hours-list"),
    # Figures.
    Address("official", "portal:region_dashboard", lambda world: [world.city.street.public_id], _days),
    Address("official", "portal:region_dashboard", lambda world: [world.city.community.public_id]),
    Address("official", "portal:region_dashboard", lambda world: [world.city.community.public_id], lambda world: {"missing": "all", **_days(world)}),
    Address("liaison", "portal:unit_dashboard", lambda world: [world.city.company.public_id], _days),
    Address("liaison", "portal:unit_dashboard", lambda world: [world.city.group.public_id], _days),
    Address("organiser", "portal:branch_dashboard", _branch, _days),
    Address("official", "portal:records", query=_of_street),
    Address("official", "portal:records", query=lambda world: {"metric": "vehicles", **_of_street(world)}),
    Address("liaison", "portal:records", query=_of_company),
    Address("organiser", "portal:as_of", lambda world: ["branch", world.branch.public_id], lambda world: {"known": "2020-03-06T20:00", **_days(world)}),
    Address("official", "portal:as_of", lambda world: ["region", world.city.community.public_id], lambda world: {"known": "2020-03-06T20:00", **_days(world)}),
    Address("official", "portal:frozen_new", query=lambda world: {"metric": "vehicles", **_of_street(world)}),
    Address("official", "portal:frozen_list"),
    Address("official", "portal:frozen_detail", lambda world: [FrozenFigure.objects.order_by("pk")[0].public_id]),
    # Reports.
    Address("official", "activities:report_detail", _report),
    Address("organiser", "activities:report_detail", _report),
    Address("organiser", "activities:report_edit", lambda world: [world.branch.public_id, MARCH_6]),
    Address("organiser", "activities:period_edit", _branch),
    Address("reviewer", "activities:on_behalf", lambda world: [world.branch.public_id, MARCH_6]),
    Address("official", "activities:period_detail", lambda world: [PeriodReport.objects.order_by("pk")[0].public_id]),
    Address("organiser", "activities:report_receipt", lambda world: [ReportVersion.objects.filter(branch=world.branch).order_by("pk")[0].public_id]),
    Address("official", "activities:entry_detail", lambda world: [Entry.objects.filter(branch=world.branch).order_by("pk")[0].public_id]),
    Address("organiser", "activities:import_list"),
    Address("official", "surveys:survey_list"),
    Address("organiser", "surveys:survey_list"),
    Address("official", "surveys:answer_list"),
    Address("organiser", "surveys:answer_list"),
    Address("organiser", "surveys:survey_new"),
    Address("organiser", "surveys:survey_detail", _survey),
    Address("official", "surveys:survey_detail", _survey),
    Address("organiser", "surveys:paper", _survey),
    Address("organiser", "surveys:word_list", _survey),
    Address("organiser", "surveys:answer_detail", lambda world: [SurveyResponse.objects.order_by("pk")[0].public_id]),
    Address("official", "surveys:answer", lambda world: [Survey.objects.get(opened_at__isnull=False).code]),
    Address("organiser", "activities:import_detail", lambda world: [ReportImport.objects.order_by("pk")[0].public_id]),
    # Needs.
    Address("official", "activities:need_list"),
    Address("organiser", "activities:need_list", query=lambda world: {"branch": str(world.branch.public_id), "state": "open"}),
    Address("organiser", "activities:need_list", query=lambda world: {"state": ""}),
    Address("organiser", "activities:need_detail", lambda world: [Need.objects.order_by("pk")[0].public_id]),
    Address("organiser", "activities:need_detail", lambda world: [Need.objects.order_by("pk")[1].public_id]),
    Address("organiser", "activities:need_record"),
    # Suggestions.
    Address("organiser", "suggestions:suggestion_list"),
    Address("reviewer", "suggestions:suggestion_list"),
    Address("official", "suggestions:suggestion_list", query=lambda world: {"state": "answered", "branch": str(world.branch.public_id)}),
    Address("organiser", "suggestions:suggestion_detail", lambda world: [Suggestion.objects.order_by("pk")[0].public_id]),
    Address("reviewer", "suggestions:suggestion_detail", lambda world: [Suggestion.objects.order_by("pk")[1].public_id]),
    Address("organiser", "suggestions:suggestion_record"),
    # Squads and pioneer posts.
    Address("official", "squads:squad_list"),
    Address("organiser", "squads:squad_list"),
    Address("organiser", "squads:coverage", _branch),
    Address("official", "squads:coverage", _branch),
    Address("organiser", "squads:squad_detail", lambda world: [Squad.objects.get(name="突击队").public_id]),
    Address("official", "squads:squad_detail", lambda world: [Squad.objects.get(name="突击队").public_id]),
    Address("organiser", "squads:squad_add", _branch),
    Address("organiser", "squads:squads_add", _branch),
    Address("organiser", "squads:squad_people", lambda world: [Squad.objects.get(name="突击队").public_id]),
    Address("official", "squads:post_list"),
    Address("organiser", "squads:post_list"),
    Address("organiser", "squads:post_detail", lambda world: [PioneerPost.objects.order_by("pk")[0].public_id]),
    Address("organiser", "squads:post_add", _branch),
    # Inspections.
    Address("official", "inspections:point_list"),
    Address("organiser", "inspections:point_list"),
    Address("liaison", "inspections:point_list", query=lambda world: {"state": "", "branch": str(world.branch.public_id)}),
    Address("official", "inspections:inspection_list"),
    Address("organiser", "inspections:point_detail", lambda world: [InspectionPoint.objects.order_by("pk")[0].public_id]),
    Address("official", "inspections:point_detail", lambda world: [InspectionPoint.objects.order_by("pk")[0].public_id]),
    Address("official", "inspections:inspection_detail", lambda world: [Inspection.objects.order_by("pk")[0].public_id]),
    Address("official", "inspections:inspection_new"),
    Address("official", "inspections:inspection_record", _branch),
    # Contact points.
    Address("official", "contacts:contact_list"),
    Address("organiser", "contacts:contact_list"),
    Address("organiser", "contacts:own_list"),
    Address("reviewer", "contacts:contact_detail", lambda world: [ContactPoint.objects.order_by("pk")[0].public_id]),
    Address("reviewer", "contacts:visit_record", lambda world: [ContactPoint.objects.order_by("pk")[0].public_id]),
    Address("reviewer", "contacts:leader_set", lambda world: [ContactPoint.objects.order_by("pk")[0].public_id]),
    # The API.
    _api("members-api:squad-list"),
    _api("members-api:pioneer-post-list"),
    _api("branches-api:region-list"),
    _api("branches-api:work-unit-list"),
    _api("branches-api:branch-list"),
    _api("branches-api:branch-list", "organiser"),
    _api("members-api:person-list"),
    _api("members-api:person-list", "organiser"),
    _api("activities-api:report-list"),
    Address("official", "activities-api:report-list", query=lambda world: {"expand": "entries"}),
    _api("activities-api:period-report-list"),
    _api("activities-api:report-version-list"),
    _api("activities-api:entry-list"),
    _api("activities-api:measure-list"),
    _api("activities-api:stock-receipt-list"),
    _api("activities-api:statement-list"),
    _api("activities-api:frozen-figure-list"),
    _api("activities-api:need-list"),
    _api("activities-api:need-event-list"),
    _api("activities-api:suggestion-list"),
    _api("activities-api:inspection-list"),
    _api("activities-api:inspection-point-list"),
    _api("activities-api:contact-point-list"),
    _api("activities-api:contact-visit-list"),
    _api("activities-api:survey-list"),
    _api("activities-api:survey-answer-list"),
    _api("activities-api:metric-list"),
    _api("activities-api:unit-list"),
    _api("retention-api:certificate-list"),
    _api("retention-api:kept"),
    _api("api-changes"),
    Address("official", "api-totals", query=_of_street),
    Address("official", "api-total-records", query=_of_street),
)


@pytest.fixture(scope="module")
def counts(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[Address, tuple[list[str], list[str]]]:
    """The queries of each address at 10 and at 1,000 rows; the rows are made once, in a transaction that is rolled back."""
    with one_city(django_db_blocker) as city:
        world = _world(city)
        # What a process does once is not counted: templates and addresses are read at the first request.
        world.grow(FEW)
        _end_a_later_transaction()
        for address in ADDRESSES:
            queries(world, address)
        few = {address: queries(world, address) for address in ADDRESSES}
        world.grow(MANY)
        many = {address: queries(world, address) for address in ADDRESSES}
    return {address: (few[address], many[address]) for address in ADDRESSES}


def _end_a_later_transaction() -> None:
    """Let the feed of changes show the rows of this transaction, of which it knows nothing more than that a later one has ended."""
    later = connection.copy()
    try:
        with later.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
    finally:
        later.close()


def _world(city: City) -> World:
    branch = Branch.objects.create(name="望江社区临时党支部", region=city.community, established_on=LONG_AGO)
    branch.refresh_from_db()
    users = {
        "organiser": make_user("q-organiser", (Role.ORGANISER, branch)),
        "reviewer": make_user("q-reviewer", (Role.REVIEWER, city.street)),
        "administrator": make_user("q-administrator", (Role.ADMINISTRATOR, city.street)),
        "official": make_user("q-official", (Role.OFFICIAL, city.street)),
        "liaison": make_user("q-liaison", (Role.LIAISON, city.group)),
        "system": make_user("q-system", (Role.SYSTEM, None)),
        "security": make_user("q-security", (Role.SECURITY, None)),
        "auditor": make_user("q-auditor", (Role.AUDITOR, None)),
        "other": make_user("q-other", (Role.SHIFT_LEADER, branch)),
    }
    sessions = {name: session_of(user) for name, user in users.items()}
    end = BranchEnd.objects.create(branch=branch, last_day=MARCH_6, letters_on=MARCH_6)
    ServiceLetter.objects.create(end=end, work_unit=city.company, number=1)
    return World(city, branch, make_person("来去", city.company, phone="19911111111"), users, sessions)


def queries(world: World, address: Address) -> list[str]:
    """Open a page with cold caches, and return what it asked the database."""
    cache.clear()
    ContentType.objects.clear_cache()
    href, browser = address.href(world), Browser(world.sessions[address.user])
    with CaptureQueriesContext(connection) as captured:
        response: Any = browser.get(href)
        assert response.status_code in {200, 302}, f"{address}: {response.status_code}"
    # Savepoints are no queries.
    return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_a_page_takes_the_same_queries_at_any_size(address: Address, counts: dict[Address, tuple[list[str], list[str]]]) -> None:
    few, many = counts[address]

    assert len(few) == len(many), "\n".join(sql[:300] for sql in (few if len(few) > len(many) else many))
    assert 0 < len(many) <= MOST_QUERIES, "\n".join(sql[:300] for sql in many)
