"""Pages of the roster: which shifts are short of people, a branch's day and week, and how a span of days is filled."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from branches.access import Act
from branches.closing import BranchClosed
from branches.filters import regions_seen, units_seen
from branches.forms import refusals_shown
from branches.models import Branch
from members.filters import ShiftFilter, rosters_seen
from members.forms_roster import FillForm
from members.models import Assignment, DutyPost, Shift
from members.querysets import SOON, ShiftQuerySet
from members.rostering import Gap, Obstacle
from members.services import roster as services
from members.staffing import gaps_of
from members.views.choices import shorten_choices
from portal.foundation import clock
from portal.foundation.paging import ByDay, Counted, Turn
from portal.foundation.text import mask_name

ONE_DAY: Final = timedelta(days=1)
_SHOWN: Final = 10
_KEPT: Final = 20
# Wider spans of gaps are looked at in pieces.
_WIDEST: Final = 31

_WHY: Final[Mapping[Obstacle, Any]] = {
    Obstacle.BUSY: ngettext_lazy("%(n)d is on another shift", "%(n)d are on another shift", "n"),
    Obstacle.REST: ngettext_lazy("%(n)d would rest less than 8 hours", "%(n)d would rest less than 8 hours", "n"),
    Obstacle.DAYS: ngettext_lazy("%(n)d would serve more than 6 days in a row", "%(n)d would serve more than 6 days in a row", "n"),
    Obstacle.OFF: ngettext_lazy("%(n)d is ill or away", "%(n)d are ill or away", "n"),
    Obstacle.ELSEWHERE: ngettext_lazy("%(n)d is not in the branch on that day", "%(n)d are not in the branch on that day", "n"),
}


@dataclass(frozen=True)
class Line:
    """A shift as a page shows it, with the names that the reader may see."""

    shift: Any
    names: Sequence[str]

    @property
    def missing(self) -> int:
        """How many people it lacks."""
        return max(int(self.shift.people) - int(self.shift.on_duty), 0)


@require_safe
def shift_list(request: HttpRequest) -> HttpResponse:
    """List shifts in the reader's scope; those that are short of people now and in the next 24 hours come first."""
    seen = shifts_seen(request)
    filters, rows = shifts_asked(request, seen)
    soon = seen.short_soon(clock.now()).select_related("post__branch").order_by("during", "pk")
    found = list(soon[: _SHOWN + 1])
    page = ByDay[Any]("business_date").page(Turn.read(request.GET), rows.with_cover().select_related("post__branch"))
    shorten_choices(
        filters.form,
        region=regions_seen(request).order_by("name_key", "pk"),
        work_unit=units_seen(request).order_by("name_key", "pk"),
        branch=rosters_seen(request),
    )
    return render(
        request,
        "members/shift_list.html",
        {
            "form": filters.form,
            "filtered": any(request.GET.get(name) for name in filters.form.fields),
            "now": [shift for shift in found[:_SHOWN] if shift.during.lower <= clock.now()],
            "next": [shift for shift in found[:_SHOWN] if shift.during.lower > clock.now()],
            "more": len(found) > _SHOWN,
            "unsigned": list(_unsigned(seen)),
            "kept": Branch.objects.visible_to(request.user, Act.LEAD_SHIFTS).still_open().by_name()[:_KEPT],
            "page": page,
            "counted": Counted.capped(rows),
            "query": urlencode({name: value for name, value in _asked(request).items() if name in filters.form.fields and value}),
        },
    )


@require_safe
def roster_day(request: HttpRequest, branch_id: UUID, day: date | None = None) -> HttpResponse:
    """Show who serves on a branch's business date, shift by shift."""
    branch = _branch(request, branch_id)
    today = branch.business_date_at(clock.now())
    day = day or today
    lines = _lines(request, branch, day, day)
    groups: dict[tuple[Any, Any], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.shift.starts_at, line.shift.ends_at].append(line)
    context = {
        "branch": branch,
        "day": day,
        "today": today,
        "groups": [(rows[0].shift, rows) for rows in groups.values()],
        "missing": sum(line.missing for line in lines),
        "days": [monday_of(day) + offset * ONE_DAY for offset in range(7)],
        "previous_href": _day_url(branch, day - ONE_DAY),
        "next_href": _day_url(branch, day + ONE_DAY),
        "has_posts": DutyPost.objects.filter(branch=branch).on(day).exists(),
        **_may(request, branch),
    }
    return render(request, "members/roster_day.html", context)


@require_safe
def roster_week(request: HttpRequest, branch_id: UUID, day: date) -> HttpResponse:
    """Show the week around a day as one sheet, a line a post and shift; it is made to be printed."""
    branch, monday = _branch(request, branch_id), monday_of(day)
    days = [monday + offset * ONE_DAY for offset in range(7)]
    rows: dict[tuple[Any, ...], dict[date, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in _lines(request, branch, monday, days[-1]):
        shift = line.shift
        rows[shift.post.pk, shift.hours_text, shift.post.name][shift.business_date].append(line)
    table = [(name, hours, [(day, cells[day]) for day in days]) for (_pk, hours, name), cells in sorted(rows.items())]
    context = {
        "branch": branch,
        "days": days,
        "today": clock.today(),
        "table": table,
        "previous_href": reverse("roster:roster_week", args=[branch_id, monday - 7 * ONE_DAY]),
        "next_href": reverse("roster:roster_week", args=[branch_id, monday + 7 * ONE_DAY]),
        **_may(request, branch),
    }
    return render(request, "members/roster_week.html", context)


@require_safe
def roster_gaps(request: HttpRequest, branch_id: UUID, first_day: date, last_day: date) -> HttpResponse:
    """Show each shift of some days that is short of people, and what keeps whom away from it."""
    branch = kept_branch(request, branch_id)
    if not first_day <= last_day < first_day + _WIDEST * ONE_DAY:
        raise Http404
    shifts = Shift.objects.filter(post__branch=branch, business_date__range=(first_day, last_day)).with_cover().select_related("post").order_by("during", "pk")
    gaps = gaps_of(branch, list(shifts))
    context = {
        "branch": branch,
        "first_day": first_day,
        "last_day": last_day,
        "gaps": [(shift, gap.missing, _why(gap)) for shift, gap in gaps],
        "missing": sum(gap.missing for _shift, gap in gaps),
        "planned": len(shifts),
    }
    return render(request, "members/roster_gaps.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def roster_fill(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Fill a span of days from the posts' times."""
    branch = kept_branch(request, branch_id)
    form = FillForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            outcome = services.fill_roster(actor=request.user, branch=branch, **form.cleaned_data)
            return _after(request, branch, outcome, form.cleaned_data["first_day"], form.cleaned_data["last_day"])
    week = monday_of(clock.today())
    context = {"form": form, "branch": branch, "monday": week, "next_monday": week + 7 * ONE_DAY}
    return render(request, "members/roster_fill.html", context, status=422 if form.errors else 200)


@require_POST
def roster_copy(request: HttpRequest, branch_id: UUID, day: date) -> HttpResponse:
    """Copy the week before into the week around a day."""
    branch, monday = kept_branch(request, branch_id), monday_of(day)
    try:
        outcome = services.copy_week(actor=request.user, branch=branch, monday=monday)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("roster:roster_fill", branch_id)
    return _after(request, branch, outcome, monday, monday + 6 * ONE_DAY)


def _after(request: HttpRequest, branch: Branch, outcome: services.Outcome, first_day: date, last_day: date) -> HttpResponse:
    """Say what was done; lead to what stays empty, or to the first day when nothing does."""
    said = _("Places filled: %(filled)d. Places still empty: %(empty)d.") % {"filled": outcome.filled, "empty": outcome.empty}
    if outcome.empty:
        messages.warning(request, said)
        return redirect("roster:roster_gaps", branch.public_id, first_day, last_day)
    messages.success(request, said)
    return redirect("roster:roster_day", branch.public_id, first_day)


# --- Rows -----------------------------------------------------------------------------------------------------------------


def shifts_seen(request: HttpRequest) -> ShiftQuerySet:
    """Return the shifts that the reader may see; whoever sees none at all is refused."""
    if not access.may(request.user, Act.SEE_ROSTER):
        raise PermissionDenied
    rows: ShiftQuerySet = Shift.objects.visible_to(request.user)
    return rows


def _unsigned(seen: ShiftQuerySet) -> ShiftQuerySet:
    """Return the first of the shifts that ended in the last day without a hand-over."""
    recent = seen.between(clock.now() - SOON, clock.now()).without_hand_over(clock.now())
    rows: ShiftQuerySet = recent.select_related("post__branch").order_by("-during", "pk")[:_SHOWN]
    return rows


def shifts_asked(request: HttpRequest, seen: ShiftQuerySet) -> tuple[Any, ShiftQuerySet]:
    """Return the filters that an address asks for, and the rows that fit; none when a filter makes no sense."""
    filters = ShiftFilter(_asked(request), queryset=seen, request=request)
    return filters, filters.qs if filters.form.is_valid() else seen.none()


def _asked(request: HttpRequest) -> QueryDict:
    """Return what the address asks for; without any question, today and tomorrow."""
    if any(name in request.GET for name in ShiftFilter.base_filters):
        return request.GET
    asked = request.GET.copy()
    asked.update({"first_day": clock.today().isoformat(), "last_day": (clock.today() + ONE_DAY).isoformat()})
    return asked


def _lines(request: HttpRequest, branch: Branch, first: date, last: date) -> list[Line]:
    """Return a branch's shifts of some business dates, with whoever is on them; whoever does not lead them sees masked names."""
    named = access.can(request.user, Act.LEAD_SHIFTS, branch)
    people = Prefetch("assignments", Assignment.objects.select_related("person").order_by("person__name_key", "pk"))
    shifts = Shift.objects.filter(post__branch=branch, business_date__range=(first, last)).with_cover().select_related("post").prefetch_related(people)
    return [Line(shift, names_of(shift.assignments.all(), named=named)) for shift in shifts.order_by("during", "post__pk", "pk")]


def names_of(assignments: Iterable[Assignment], *, named: bool) -> list[str]:
    """Return the names of whoever is assigned, or their first characters."""
    return [each.person.name if named else mask_name(each.person.name) for each in assignments]


def _why(gap: Gap) -> list[str]:
    """Return in words what keeps people away from a shift, the commonest first."""
    if not gap.why:
        return [_("Nobody is in the branch then.")]
    return [str(_WHY[obstacle] % {"n": number}) for obstacle, number in gap.why.most_common()]


# --- Whose ----------------------------------------------------------------------------------------------------------------


def _branch(request: HttpRequest, branch_id: UUID) -> Branch:
    found: Branch = get_object_or_404(Branch.objects.visible_to(request.user, Act.SEE_ROSTER).prefetch_related("schedules"), public_id=branch_id)
    return found


def kept_branch(request: HttpRequest, branch_id: UUID) -> Branch:
    """Return a branch whose roster the reader keeps; seen and not theirs to change is refused."""
    seen = Branch.objects.visible_to(request.user).annotate(keeps=Exists(Branch.objects.visible_to(request.user, Act.KEEP_ROSTER).filter(pk=OuterRef("pk"))))
    branch: Any = get_object_or_404(seen.prefetch_related("schedules"), public_id=branch_id)
    if not branch.keeps:
        raise PermissionDenied
    if branch.closed_at is not None:
        raise BranchClosed
    found: Branch = branch
    return found


def _may(request: HttpRequest, branch: Branch) -> dict[str, bool]:
    return {"can_keep": access.offers(request.user, Act.KEEP_ROSTER, branch)}


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day_url(branch: Branch, day: date) -> str:
    return reverse("roster:roster_day", args=[branch.public_id, day])
