"""The page of one branch: what it is, where it serves, who leads it, what it reported."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, JSONObject
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from activities.figures import Qualifier, format_figure
from activities.models import ReportVersion, Statement, StockReceipt
from branches.access import Act
from branches.models import Branch, DeclaredCount, Region, Wave
from branches.querysets import BranchQuerySet
from members.grids import regions_to_cover
from members.models import Membership, OfficerTerm, Person, PioneerPost, Squad, SquadGrid
from portal.foundation import clock
from portal.foundation.text import mask_name, mask_phone

# Regulations on the Work of Party Branches (Trial), 2018: a branch has at least 3 members, in general at most 50, and one deputy.
FEWEST_MEMBERS = 3
MOST_MEMBERS = 50
MOST_DEPUTIES = 1

_SHOWN = 10
_SQUADS = 30
_ACTS = (Act.SEE_REPORTS, Act.SEE_ROSTER, Act.ADMINISTER, Act.KEEP_PEOPLE, Act.CALL, Act.PREPARE_END)
_RANK = {office: rank for rank, office in enumerate(OfficerTerm.Office.values)}


@dataclass(frozen=True)
class Officer:
    """Someone in office today, as this reader may see them: names and telephones outside the reader's scope are masked."""

    term: OfficerTerm
    seen: bool
    may_call: bool

    @property
    def name(self) -> str:
        """The name, or its first character."""
        name = self.term.membership.person.name
        return name if self.seen else mask_name(name)

    @property
    def phone(self) -> str:
        """The duty phone, masked."""
        phone = self.term.membership.person.duty_phone
        return mask_phone(phone) if phone and self.may_call else ""


@require_safe
def branch_detail(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Show a branch."""
    seen = _with_counts(Branch.objects.visible_to(request.user)).annotate(**_may(request, *_ACTS))
    branch = get_object_or_404(seen, public_id=branch_id)
    officers = _officers(request, branch)
    context = {
        "branch": branch,
        "covers": branch.covers.all(),
        "above": Region.objects.above(branch.region, clock.today()),
        "schedule": branch.schedule_on(clock.today()),
        "officers": officers,
        "squads": Squad.objects.filter(branch=branch).on(branch.day_shown).with_strength(branch.day_shown).order_by("name", "pk")[:_SQUADS],
        "at_posts": _at_posts(branch),
        "warnings": warnings_about(branch, officers),
        "sees_reports": branch.may_see_reports,
        "sees_roster": branch.may_see_roster,
        "can_administer": branch.may_administer and branch.closed_at is None,
        "can_keep_people": branch.may_keep_people and branch.closed_at is None,
        "can_end": branch.may_prepare_end,
    }
    if branch.may_see_reports:
        context |= {
            "versions": _reports(branch),
            "receipts": [(receipt, _figure(receipt.value, receipt.qualifier, receipt.unit_text or receipt.unit.name)) for receipt in _goods(branch)],
            "statements": [(statement, _figure(statement.value, statement.qualifier, "")) for statement in Statement.objects.filter(branch=branch)],
        }
    return render(request, "branches/branch_detail.html", context)


def warnings_about(branch: Any, officers: list[Officer]) -> list[str | Promise]:
    """Return what is unusual in a branch at work; nothing here is forbidden.

    A branch that declared its members and has not written them all down is not one of too few.
    """
    if branch.state != Branch.State.ACTIVE or branch.kind == Branch.Kind.COMMAND_POST:
        return []
    deputies = sum(officer.term.office == OfficerTerm.Office.DEPUTY_SECRETARY for officer in officers)
    declared = [row["value"] for row in branch.declared if row["what"] == DeclaredCount.What.MEMBERS]
    found: list[tuple[bool, str | Promise]] = [
        (max([branch.member_count, *declared[:1]]) < FEWEST_MEMBERS, _("Fewer than three members are on record.")),
        (branch.member_count > MOST_MEMBERS, _("More than 50 members are on record.")),
        (deputies > MOST_DEPUTIES, _("More than one deputy secretary is in office.")),
    ]
    return [sentence for applies, sentence in found if applies]


def _with_counts(branches: BranchQuerySet) -> BranchQuerySet:
    """Add the members counted today beside the declared numbers and the waves."""
    counted = Membership.objects.filter(branch=OuterRef("pk"), during__contains=clock.today()).order_by().values("branch")
    declared = DeclaredCount.objects.filter(branch=OuterRef("pk")).order_by("what", F("as_of").desc(nulls_last=True))
    merged = Branch.objects.filter(merged_into=OuterRef("pk")).order_by("ended_on", "pk")
    waves = Wave.objects.filter(branch=OuterRef("pk")).order_by("ordinal")
    counts: BranchQuerySet = branches.select_related("region", "merged_into").annotate(
        member_count=Coalesce(Subquery(counted.values(number=Count("pk"))), 0),
        party_count=Coalesce(Subquery(counted.filter(person__kind=Person.Kind.MEMBER).values(number=Count("pk"))), 0),
        declared=ArraySubquery(declared.values(row=JSONObject(what="what", value="value", as_of="as_of"))),
        took_over=ArraySubquery(merged.values(row=JSONObject(id="public_id", name="name", on="ended_on"))),
        wave_rows=ArraySubquery(waves.values(row=JSONObject(ordinal="ordinal", head_count="head_count", sent_down_on="sent_down_on"))),
    )
    return counts


def _may(request: HttpRequest, *acts: Act) -> dict[str, Exists]:
    """Return annotations `may_see_reports` and so on: what the reader may do for each branch, without a query an act."""
    return {f"may_{act.name.lower()}": Exists(Branch.objects.visible_to(request.user, act).filter(pk=OuterRef("pk"))) for act in acts}


def _officers(request: HttpRequest, branch: Any) -> list[Officer]:
    seen = Person.objects.visible_to(request.user).filter(pk=OuterRef("membership__person"))
    terms = OfficerTerm.objects.filter(branch=branch, during__contains=clock.today()).select_related("membership__person").annotate(seen=Exists(seen))
    officers = [Officer(term, term.seen, branch.may_call) for term in terms]
    return sorted(officers, key=lambda officer: (_RANK[officer.term.office], officer.term.membership.person.name_key))


def _at_posts(branch: Branch) -> dict[str, int]:
    """Return how many grids the branch has and how many of them squads cover, and how many places of pioneer posts are held; one query."""
    day = branch.day_shown
    covered = SquadGrid.objects.on(day).filter(branch=branch, region=OuterRef("pk"))
    grids = regions_to_cover(branch, day).order_by()
    posts = PioneerPost.objects.filter(branch=branch).on(day).with_holders(day).order_by()
    counted = (
        Branch.objects.filter(pk=branch.pk)
        .order_by()
        .values_list(
            _number_of(grids),
            _number_of(grids.filter(Exists(covered))),
            Coalesce(Subquery(posts.annotate(one=Value(1)).values("one").values(number=Sum("places"))), 0),
            Coalesce(Subquery(posts.annotate(one=Value(1)).values("one").values(number=Sum("held"))), 0),
        )
    )
    return dict(zip(("grids", "covered", "places", "held"), counted.get(), strict=True))


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(Subquery(rows.annotate(one=Value(1)).values("one").values(number=Count("pk"))), 0)


def _reports(branch: Branch) -> QuerySet[ReportVersion]:
    """Return the newest version of each of the last reports, daily and for a span alike."""
    newer = ReportVersion.objects.filter(number__gt=OuterRef("number")).filter(
        Q(daily_report__isnull=False, daily_report=OuterRef("daily_report")) | Q(period_report__isnull=False, period_report=OuterRef("period_report"))
    )
    newest = ReportVersion.objects.filter(branch=branch).exclude(Exists(newer)).select_related("daily_report", "period_report").with_lateness()
    return newest.order_by(Coalesce("daily_report__business_date", "period_report__last_day").desc(), "-pk")[:_SHOWN]


def _goods(branch: Branch) -> QuerySet[StockReceipt]:
    return StockReceipt.objects.filter(branch=branch).select_related("unit")[:_SHOWN]


def _figure(value: Any, qualifier: str, unit: str) -> str:
    return format_figure(value, Qualifier(qualifier), unit, lang=get_language() or "zh-hans")
