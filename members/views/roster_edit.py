"""Pages that change a roster by hand: posts, one shift, and who is off."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from branches.access import Act
from branches.forms import refusals_shown, refusals_told
from branches.models import Branch
from members.forms_roster import PostForm, PostsForm, PutOnForm, TimeOffForm
from members.models import Assignment, DutyPost, HandOver, Person, Shift, TimeOff
from members.models.roster import MOST_PEOPLE
from members.rostering import ADVICE, Obstacle
from members.services import roster as services
from members.services.check_in import OPENS
from members.staffing import crew_of, midnight, turn_of
from members.views.check_in import sheet_of
from members.views.roster import ONE_DAY, kept_branch, monday_of, names_of
from portal.foundation import clock
from portal.foundation.errors import Conflict

# As many posts as a page lists; no branch has near as many.
_POSTS = 200


@require_safe
def post_list(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """List a branch's posts with the times of their shifts."""
    branch = get_object_or_404(Branch.objects.visible_to(request.user, Act.SEE_ROSTER), public_id=branch_id)
    posts = DutyPost.objects.filter(branch=branch).prefetch_related("times").order_by("during", "pk")[:_POSTS]
    today = clock.today()
    rows = [(post, post.during.upper is not None and post.during.upper <= today) for post in posts]
    context = {"branch": branch, "rows": rows, "can_keep": access.offers(request.user, Act.KEEP_ROSTER, branch)}
    return render(request, "members/post_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def post_add(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Add posts that are staffed alike."""
    branch = kept_branch(request, branch_id)
    form = PostsForm(request.POST or None)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            services.add_posts(actor=request.user, branch=branch, names=typed["names"], facts=form.facts(), first_day=typed["first_day"])
            messages.success(request, _("Saved. Now fill the roster."))
            return redirect("roster:roster_fill", branch_id)
    return _post_page(request, form, branch, _("Add posts"))


@require_http_methods(["GET", "HEAD", "POST"])
def post_edit(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Change a post, or say until when it is staffed."""
    post: DutyPost = get_object_or_404(DutyPost.objects.visible_to(request.user).select_related("branch").prefetch_related("times"), public_id=post_id)
    access.require(request.user, Act.KEEP_ROSTER, post.branch)
    form = PostForm.of(post, request.POST or None)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            services.edit_post(actor=request.user, post=post, name=typed["name"], facts=form.facts(), last_day=typed["last_day"])
            messages.success(request, _("Saved. Shifts that are planned already stay as they are."))
            return redirect("roster:post_list", post.branch.public_id)
    return _post_page(request, form, post.branch, _("Change the post"))


@require_http_methods(["GET", "HEAD", "POST"])
def shift_detail(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Show a shift and who is on it; put somebody on it, with a warning before a rule of rest is set aside."""
    shift = _shift(request, shift_id)
    can_keep = access.offers(request.user, Act.KEEP_ROSTER, shift.post.branch)
    if request.method == "POST":
        access.require(request.user, Act.KEEP_ROSTER, shift.post.branch)
    held = list(Assignment.objects.filter(shift=shift).select_related("person").order_by("person__name_key", "pk"))
    form, warning = _put_on_form(request, shift, held) if can_keep else (None, None)
    if form is not None and form.is_valid() and warning is None:
        with refusals_shown(form):
            typed = form.cleaned_data
            try:
                services.put_on(actor=request.user, shift=shift, person=typed["person"], seen=typed["seen"], despite=typed["despite"])
            except Conflict as conflict:
                messages.warning(request, str(conflict.message))
            else:
                messages.success(request, _("%(name)s is on the shift.") % {"name": typed["person"].name})
            return redirect("roster:shift_detail", shift_id)
    named = access.can(request.user, Act.LEAD_SHIFTS, shift.post.branch)
    context = {
        "shift": shift,
        "branch": shift.post.branch,
        "held": list(zip(held, names_of(held, named=named), strict=True)),
        "missing": max(shift.people - len(held), 0),
        "form": form,
        "warning": warning,
        "can_keep": can_keep,
        "sheet": sheet_of(request, held),
        "can_lead": named and shift.post.branch.closed_at is None,
        "handed": HandOver.objects.filter(shift=shift).first(),
        "is_over": clock.now() >= shift.during.upper,
        "has_begun": clock.now() >= shift.during.lower - OPENS,
    }
    return render(request, "members/shift_detail.html", context, status=422 if form is not None and (form.errors or warning) else 200)


@require_POST
def shift_change(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Take somebody off a shift, or say how many people it needs."""
    shift = _shift(request, shift_id)
    if "people" in request.POST:
        number = request.POST["people"]
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:4]) <= MOST_PEOPLE):
            messages.error(request, _("A shift takes between 1 and 50 people."))
        else:
            with refusals_told(request):
                services.set_people(actor=request.user, shift=shift, people=int(number))
                messages.success(request, _("Saved."))
    else:
        wanted = _uuid(request.POST.get("person", ""))
        person = Person.objects.filter(assignments__shift=shift, public_id=wanted).first() if wanted else None
        if person is None:
            # Asked all the same who may: whoever may not is refused, and learns nothing.
            services.require(request.user, shift.post.branch)
            messages.info(request, _("Nobody of that name is on the shift any more."))
        else:
            with refusals_told(request):
                services.take_off(actor=request.user, shift=shift, person=person)
                messages.success(request, _("%(name)s is off the shift.") % {"name": person.name})
    return redirect("roster:shift_detail", shift_id)


@require_http_methods(["GET", "HEAD", "POST"])
def time_off(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """List who is off today or later, and write down somebody who is."""
    branch = kept_branch(request, branch_id)
    form = TimeOffForm(branch, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.add_time_off(actor=request.user, branch=branch, **form.cleaned_data)
            messages.success(request, _("Saved. They are off the shifts of those days."))
            return redirect("roster:time_off", branch_id)
    today = clock.today()
    # Whoever is off until nobody knows when has no end to compare.
    lasting = TimeOff.objects.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=today), branch=branch)
    rows = lasting.select_related("person").order_by("during", "pk")[:_POSTS]
    context = {"form": form, "branch": branch, "rows": rows, "today": today}
    return render(request, "members/time_off.html", context, status=422 if form.errors else 200)


@require_POST
def time_off_end(request: HttpRequest, off_id: UUID) -> HttpResponse:
    """Let somebody serve again from today on."""
    seen = TimeOff.objects.filter(branch__in=Branch.objects.visible_to(request.user, Act.LEAD_SHIFTS)).select_related("branch", "person")
    off = get_object_or_404(seen, public_id=off_id)
    with refusals_told(request):
        services.end_time_off(actor=request.user, off=off, last_day=clock.today() - ONE_DAY)
        messages.success(request, _("%(name)s may serve again.") % {"name": off.person.name})
    return redirect("roster:time_off", off.branch.public_id)


def _put_on_form(request: HttpRequest, shift: Shift, held: list[Assignment]) -> tuple[PutOnForm, Any]:
    """Return the form, and the warning that has to be read before it is sent again; None when nothing is to be warned of."""
    turn = turn_of(shift)
    crew = crew_of(shift.post.branch, turn.day, turn.day)
    on = {each.person_id for each in held}
    week = midnight(monday_of(turn.day))
    groups: dict[Obstacle | None, list[tuple[Person, float]]] = defaultdict(list)
    obstacles: dict[int, Obstacle | None] = {}
    for worker in crew.workers:
        if worker.key not in on:
            obstacles[worker.key] = worker.obstacle(turn)
            groups[obstacles[worker.key]].append((crew.people[worker.key], worker.hours(week, week + 7 * ONE_DAY)))
    for people in groups.values():
        people.sort(key=lambda each: each[1])
    choices = [(_("Nothing speaks against it"), groups[None]), *((str(services.SAID_OF[obstacle]), groups[obstacle]) for obstacle in Obstacle)]
    form = PutOnForm(choices, crew.people.values(), request.POST or None, initial={"seen": len(held)})
    if request.method != "POST" or not form.is_valid():
        return form, None
    obstacle = obstacles.get(form.cleaned_data["person"].pk)
    warned = obstacle in ADVICE and not form.cleaned_data["despite"]
    return form, services.SAID_OF[obstacle] if warned and obstacle else None


def _shift(request: HttpRequest, shift_id: UUID) -> Shift:
    found: Shift = get_object_or_404(Shift.objects.visible_to(request.user).select_related("post__branch"), public_id=shift_id)
    return found


def _post_page(request: HttpRequest, form: PostForm, branch: Branch, title: str) -> HttpResponse:
    return render(request, "members/post_form.html", {"form": form, "branch": branch, "title": title}, status=422 if form.errors else 200)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
