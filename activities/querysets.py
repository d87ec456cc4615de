"""Queries over reports and figures in domain words."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.db.models import BooleanField, Case, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from branches import access
from branches.access import Act
from branches.querysets import ScopedQuerySet, hosted_below, places_below
from portal.foundation import clock
from portal.foundation.among import among
from portal.foundation.models import AuditEntry
from portal.foundation.searching import holding

CURRENT_STATES = ("filed", "accepted")


@dataclass(frozen=True)
class CutOff:
    """A moment at which figures were read, and exactly what was seen then: a report may come later with an earlier time.

    Attributes:
        snapshot: the transactions that had ended, as PostgreSQL writes them (`pg_snapshot`).
        own: the transaction that read; it saw what it had written itself.
    """

    moment: datetime
    snapshot: str
    own: int


Known = datetime | CutOff


class Seen(Func):
    """Whether a snapshot saw what a transaction wrote."""

    function = "pg_visible_in_snapshot"
    template = "%(function)s(%(expressions)s::pg_snapshot)"
    arg_joiner = "::text::xid8, "
    output_field = BooleanField()


def counting(at: Known | None = None, prefix: str = "") -> Q:
    """Return the filter for versions whose figures count, or counted `at` a moment, whatever became of them; `prefix` leads to the version."""
    if at is None:
        return Q(**{f"{prefix}state__in": CURRENT_STATES})
    moment = at.moment if isinstance(at, CutOff) else at
    still = Q(**{f"{prefix}known_until": None}) | Q(**{f"{prefix}known_until__gt": moment})
    known = Q(**{f"{prefix}known_from__lte": moment}) & still
    if isinstance(at, CutOff):
        known &= Q(Seen(F(f"{prefix}written_in"), Value(at.snapshot))) | Q(**{f"{prefix}written_in": at.own})
    return known


class OfABranchQuerySet(ScopedQuerySet[Any]):
    """Rows of a branch that whoever sees its reports sees."""

    scope_path = "branch__"
    scope_act = Act.SEE_REPORTS


class ReportQuerySet(OfABranchQuerySet):
    """Reports of branches, each of its own day."""

    own_day: ClassVar[str]

    def hosted_in(self, region: Any) -> Self:
        """Reports of branches hosted at or below `region` on the day of the report."""
        below = access.rows("RegionPath").filter(ancestor=region, descendant=OuterRef("region"), during__contains=OuterRef(OuterRef(self.own_day)))
        hosted = access.rows("BranchPlace").filter(Exists(below), branch=OuterRef("branch"), during__contains=OuterRef(self.own_day))
        # As a case it is asked of row after row, in the order of a list; as a condition of its own all reports would be joined to the tree.
        found = self.filter(Case(When(Exists(hosted), then=True), default=False, output_field=BooleanField()))
        return found if region.holds_much else found.filter(among("branch", hosted_below(region)))


class DailyReportQuerySet(ReportQuerySet):
    """Daily reports."""

    own_day = "business_date"

    def current(self) -> Self:
        """Reports with a version that counts: filed or accepted."""
        return self.filter(counting(prefix="versions__"))

    def for_day(self, day: date) -> Self:
        """Reports for business date `day`."""
        return self.filter(business_date=day)


class PeriodReportQuerySet(ReportQuerySet):
    """Period reports."""

    own_day = "last_day"

    def wholly_inside(self, first: date, last: date) -> Self:
        """Reports whose span lies inside first..last, both included."""
        return self.filter(first_day__gte=first, last_day__lte=last)

    def cut_by(self, first: date, last: date) -> Self:
        """Reports whose span overlaps first..last without lying inside: they cannot be split and are named, not added."""
        return self.filter(first_day__lte=last, last_day__gte=first).exclude(first_day__gte=first, last_day__lte=last)


class NotedQuerySet(OfABranchQuerySet):
    """Rows that may bear a note."""

    def noting(self, words: str) -> Self:
        """Rows in whose note every one of `words` stands, in simplified or traditional characters."""
        return self.filter(holding("note_folded", words))

    def in_branches_of(self, region: Any) -> Self:
        """Rows of branches hosted at or below `region` today."""
        return self.filter(access.branches_within(access.Reach(regions=frozenset({region.pk})), self.scope_path))

    def noted_between(self, first: date | None, last: date | None) -> Self:
        """Rows whose note is of a day from `first` to `last`, both included; None leaves an end open."""
        found = self if first is None else self.filter(note_day__gte=first)
        return found if last is None else found.filter(note_day__lte=last)


class ReportVersionQuerySet(NotedQuerySet):
    """Versions of reports."""

    def current(self, at: Known | None = None) -> Self:
        """Versions whose figures count, or counted `at` a moment."""
        return self.filter(counting(at))

    def unaccepted(self, at: datetime | None = None) -> Self:
        """Versions that nobody had accepted `at` a moment, of those current then; now, of those current now."""
        if at is None:
            return self.filter(state="filed")
        # A return writes over when the version was accepted before it; the log still tells.
        accepted = AuditEntry.objects.filter(model="reportversion", object_id=OuterRef("public_id"), action="report.accepted", at__lte=at)
        return self.exclude(~Q(state="returned") & Q(reviewed_at__lte=at)).exclude(Q(state="returned") & Exists(accepted))

    def punctual(self) -> Self:
        """Versions filed before the due time, or when none was set."""
        return self.filter(Q(due_at=None) | Q(known_from__lte=F("due_at")))

    def with_lateness(self) -> Self:
        """Versions that know whether they are late, as `ReportVersion.is_late` says it; a report for a span is never due."""
        in_time = self.model.objects.punctual().filter(daily_report=OuterRef("daily_report"), number__lte=OuterRef("number"))
        return self.annotate(is_late=Q(daily_report__isnull=False) & ~Exists(in_time))

    def known_at(self, moment: datetime) -> Self:
        """Versions that were current at `moment`, whatever became of them."""
        return self.current(moment)


class EntryQuerySet(NotedQuerySet):
    """Entries."""

    def counted(self) -> Self:
        """Entries of current versions."""
        return self.filter(counting(prefix="version__"))


class MeasureQuerySet(OfABranchQuerySet):
    """Measures."""

    def counted(self, at: Known | None = None) -> Self:
        """Measures of current versions, or of those that were current `at` a moment."""
        return self.filter(counting(at, "entry__version__"))

    def within(self, region: Any, on: date | None = None) -> Self:
        """Measures whose place lay at or below `region`, on their own business date, or on the last day of their period.

        `on` overrules that day.
        """
        below = access.rows("RegionPath").filter(ancestor=region, descendant=OuterRef("entry__place"))
        if on is not None:
            return self.filter(Exists(below.filter(during__contains=on)))
        daily = Exists(below.filter(during__contains=OuterRef("business_date")))
        period = Exists(below.filter(during__contains=OuterRef("entry__version__period_report__last_day")))
        found = self.filter(Q(business_date__isnull=False) & Q(daily) | Q(business_date=None) & Q(period))
        return found.done_at(places_below(region)) if region.holds_little else found

    def done_at(self, places: QuerySet[Any, Any]) -> Self:
        """Measures of what was done at `places`, ids of few regions: their entries first, and of these the figures."""
        entries = self.model._meta.get_field("entry").related_model._default_manager.filter(among("place", places))
        return self.filter(among("entry", entries.order_by().values("pk")))


class FrozenFigureQuerySet(ScopedQuerySet[Any]):
    """Frozen figures: seen by whoever reads the reports of all that they are about."""

    scope_filter = staticmethod(access.scopes_within)
    scope_act = Act.SEE_REPORTS


class NeedQuerySet(ScopedQuerySet[Any]):
    """Needs: seen by whoever sees the reports of the branches that hold or recorded them, and where they were handed on to."""

    scope_filter = staticmethod(access.needs_within)
    scope_act = Act.SEE_REPORTS

    def unresolved(self) -> Self:
        """Needs that somebody waits for."""
        return self.exclude(state="resolved")

    def overdue(self, moment: datetime) -> Self:
        """Needs that should have been resolved before `moment`."""
        return self.unresolved().filter(due_at__lt=moment)

    def kept_by(self, actor: object) -> Self:
        """Needs that `actor` assigns, hands on and resolves: their branch's own."""
        allowed = access.reach(actor, Act.KEEP_NEEDS)
        return self.filter(access.branches_within(allowed, "branch__")) if allowed else self.none()

    def answered_by(self, actor: object) -> Self:
        """Needs that were handed on to where `actor` answers them."""
        return self.filter(access.handed_to(access.reach(actor, Act.ANSWER_NEEDS)))

    def telling(self, words: str) -> Self:
        """Needs in whose words every one of `words` stands, in simplified or traditional characters."""
        return self.filter(holding("words_folded", words))

    def told_to(self, actor: object) -> Self:
        """Needs of which `actor` may read the words, the household and the telephone.

        Sensitive fields of the branches that hold and that recorded them; and what a branch hands on, it tells to where it hands it on.
        """
        allowed = access.reach(actor, Act.SEE_SENSITIVE)
        own = access.branches_within(allowed, "branch__") | access.branches_within(allowed, "origin__") if allowed else Q(pk__in=())
        return self.filter(own | access.handed_to(access.reach(actor, Act.ANSWER_NEEDS)))


class NeedEventQuerySet(ScopedQuerySet[Any]):
    """What happened to needs."""

    scope_filter = staticmethod(access.needs_within)
    scope_path = "need__"
    scope_act = Act.SEE_REPORTS


class SuggestionQuerySet(ScopedQuerySet[Any]):
    """Suggestions: seen by whoever sees the reports of their branch, where they were passed to, and, once answered for all, below."""

    scope_filter = staticmethod(access.suggestions_within)
    scope_act = Act.SEE_REPORTS

    def followed_by(self, actor: object) -> Self:
        """Suggestions whose course `actor` sees: of branches in scope, and passed to where they have a say; not those of others, answered for all."""
        allowed = access.reach(actor, Act.SEE_REPORTS)
        return self.filter(access.suggestions_followed(allowed)) if allowed else self.none()

    def kept_by(self, actor: object) -> Self:
        """Suggestions that `actor` passes on and corrects: their branch's own."""
        allowed = access.reach(actor, Act.KEEP_SUGGESTIONS)
        return self.filter(access.branches_within(allowed, "branch__")) if allowed else self.none()

    def answered_by(self, actor: object) -> Self:
        """Suggestions that wait where `actor` answers them."""
        allowed = access.reach(actor, Act.ANSWER_SUGGESTIONS)
        return self.filter(access.handed_to(allowed), state="passed")

    def asked_of(self, actor: object) -> Self:
        """Suggestions that were passed, at any time, to where `actor` answers."""
        return self.filter(access.suggestions_passed_to(access.reach(actor, Act.ANSWER_SUGGESTIONS)))

    def told_to(self, actor: object) -> Self:
        """Suggestions of which `actor` may read the words: those of their branches, and those passed to where they answer."""
        own, asked = access.reach(actor, Act.RECORD_SUGGESTIONS), access.suggestions_passed_to(access.reach(actor, Act.ANSWER_SUGGESTIONS))
        return self.filter(asked | access.branches_within(own, "branch__")) if own else self.filter(asked)


def _led_by(actor: object, prefix: str) -> Q:
    """Return a filter over what belongs to the sites for which the actor's own person answers today."""
    person = getattr(actor, "person_id", None)
    terms = access.rows("ContactTerm", "activities").filter(leader=person, during__contains=clock.today())
    return Q(**{f"{prefix}in": terms.order_by().values("point")}) if person else Q(pk__in=())


class ContactPointQuerySet(ScopedQuerySet[Any]):
    """Contact points: seen over their places, by the branches that are hosted there, and by the leader who answers for them."""

    scope_filter = staticmethod(access.sites_within)
    scope_act = Act.SEE_CONTACT_POINTS

    def visible_to(self, actor: object, act: Act | None = None) -> Self:
        """Contact points over which `actor` may do `act`, and the actor's own, whatever else they may do."""
        allowed = access.reach(actor, act or self.scope_act)
        seen = access.sites_within(allowed) if allowed else Q(pk__in=())
        return self.filter(seen | _led_by(actor, "pk__") if act is None else seen)

    def open(self) -> Self:
        """Contact points that somebody is to answer for."""
        return self.filter(closed_on=None)

    def led_by(self, actor: object) -> Self:
        """Contact points for which the actor's own person answers today."""
        return self.filter(_led_by(actor, "pk__"))

    def with_visits(self) -> Self:
        """Each with the day of its last visit, and the one since when nobody came: that, or the day since which it is a contact point."""
        visits = access.rows("ContactVisit", "activities").filter(point=OuterRef("pk")).order_by("-visited_on")
        return self.annotate(last_visit=Subquery(visits.values("visited_on")[:1])).annotate(waits_since=Coalesce("last_visit", "made_on"))

    def unvisited(self, since: date) -> Self:
        """Open contact points to which nobody came on `since` or later; annotated by `with_visits`."""
        return self.open().filter(waits_since__lt=since)

    def hosted_in(self, region: Any) -> Self:
        """Contact points at or below `region` today."""
        return self.filter(region__in=access.regions_below([region.pk]))

    def told_to(self, actor: object) -> Self:
        """Contact points of which `actor` may read what was found there."""
        allowed = access.reach_of_any(actor, Act.SEE_SENSITIVE, Act.CHECK_POINTS, Act.KEEP_CONTACT_POINTS)
        return self.filter((access.sites_within(allowed) if allowed else Q(pk__in=())) | _led_by(actor, "pk__"))


class ContactVisitQuerySet(ScopedQuerySet[Any]):
    """Visits to contact points."""

    def visible_to(self, actor: object, act: Act | None = None) -> Self:
        """Visits to the contact points that `actor` sees."""
        return self.filter(point__in=access.rows("ContactPoint", "activities").visible_to(actor, act))  # type: ignore[attr-defined]


class InspectedQuerySet(OfABranchQuerySet):
    """What inspections found at branches."""

    def told_to(self, actor: object) -> Self:
        """Rows whose words `actor` may read: who answers for the branch's sensitive fields, and who checks what is to be mended there."""
        allowed = access.reach_of_any(actor, Act.SEE_SENSITIVE, Act.CHECK_POINTS)
        return self.filter(access.branches_within(allowed, "branch__")) if allowed else self.none()

    def hosted_in(self, region: Any) -> Self:
        """Rows of branches hosted at or below `region` today."""
        return self.filter(among("branch", branches_of(region)))


class InspectionQuerySet(InspectedQuerySet):
    """Inspections."""

    def standing(self) -> Self:
        """Inspections that were not withdrawn."""
        return self.filter(withdrawn_at=None)


class InspectionPointQuerySet(InspectedQuerySet):
    """Points to mend."""

    def overdue(self, day: date) -> Self:
        """Points that should have been mended before `day`."""
        return self.filter(state="open", due_on__lt=day)


class InspectionPointEventQuerySet(OfABranchQuerySet):
    """What happened to points to mend."""


class PointFileQuerySet(ScopedQuerySet[Any]):
    """Pictures and documents of points to mend: for whoever mends and whoever checks at the branch."""

    scope_path = "point__branch__"
    scope_act = Act.SEE_PICTURES


class SurveyQuerySet(OfABranchQuerySet):
    """Surveys."""

    def touching(self, first: date | None, last: date | None) -> Self:
        """Surveys whose days, from the making to the last one, touch first..last; None leaves an end open."""
        found = self if first is None else self.filter(last_day__gte=first)
        return found if last is None else found.filter(made_on__lte=last)

    def in_state(self, state: str, today: date) -> Self:
        """Surveys in preparation, open, or closed on a day."""
        if state == "draft":
            return self.filter(opened_at=None)
        over = Q(closed_at__isnull=False) | Q(last_day__lt=today)
        return self.filter(over if state == "closed" else ~over, opened_at__isnull=False)

    def hosted_in(self, region: Any) -> Self:
        """Surveys of branches hosted at or below `region` today."""
        return self.filter(among("branch", branches_of(region)))


class SurveyResponseQuerySet(OfABranchQuerySet):
    """Answers to surveys."""

    def valid(self) -> Self:
        """Answers that count."""
        return self.filter(state="valid")

    def hosted_in(self, region: Any) -> Self:
        """Answers to surveys of branches hosted at or below `region` today."""
        return self.filter(among("branch", branches_of(region)))


def branches_of(region: Any) -> QuerySet[Any, Any]:
    """Return the ids of the branches hosted at or below a region today, as a sub-query."""
    hosted = access.branches_within(access.Reach(regions=frozenset({region.pk})))
    return access.rows("Branch").filter(hosted).order_by().values("pk")
