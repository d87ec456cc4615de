"""Pages of pioneer posts: the list, one with who holds and held it, its sign, claiming and releasing, and the list as a file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from branches.closing import BranchClosed
from branches.forms import refusals_shown
from members.filters_squads import PioneerPostFilter
from members.forms_squads import ClaimForm, ClaimForSomebodyForm, LastDayForm, NewPioneerPostForm, PioneerPostForm
from members.models import Person, PioneerClaim, PioneerPost
from members.querysets import PioneerPostQuerySet
from members.services import pioneers as services
from members.services.squads import ONE_DAY, may_keep, require
from members.views.squads import ORDER, Hand, asked_of_today, day_of, hands, kept_branch, kept_branches, of_list, offer_choices, prefetched, require_seer, sent
from members.views.squads_edit import UNPROCESSABLE
from portal.foundation import clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.errors import Conflict
from portal.foundation.paging import ByColumns, Turn
from portal.foundation.tables import Column, Kind, Listing


@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    """List the pioneer posts in the reader's scope on a day, by branch."""
    filters, rows = _posts_asked(request)
    day = day_of(filters)
    holders = Prefetch("claims", hands(request, PioneerClaim.objects.on(day)).order_by("seat"), to_attr="holders")
    shown = rows.with_holders(day).select_related("branch", "region").prefetch_related(holders)
    page = ByColumns[PioneerPost](*ORDER, among=PioneerPost.objects.visible_to(request.user)).page(Turn.read(request.GET), shown)
    offer_choices(request, filters.form)
    context = {
        **of_list(request, filters, rows),
        "page": page,
        "lines": [(post, [Hand(row) for row in prefetched(post, "holders")]) for post in page.items],
        "kept": kept_branches(request),
    }
    return render(request, "members/pioneer_list.html", context, status=400 if filters.form.errors else 200)


@require_GET
@a_few_at_once
def post_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the posts of the list, as filtered, as csv or xlsx, without names of people; the audit log says who took which."""
    filters, rows = _posts_asked(request)
    columns = [
        Column(_("Branch"), "branch__name"),
        Column(_("Pioneer post"), "name"),
        Column(pgettext("pioneer post", "Duty"), "duty"),
        Column(_("Place"), "region__name"),
        Column(_("From"), "during__startswith", Kind.DAY),
        Column(_("Members at a time"), "places", Kind.NUMBER),
        Column(_("Members who hold it"), "held", Kind.NUMBER),
    ]
    listing = Listing(columns, [rows.with_holders(day_of(filters))], order=("branch__name_key", "name", "pk"))
    return sent(request, filters, "pioneer-posts", _("Pioneer posts"), listing, format)


@require_safe
def post_detail(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Show a post: its duty, who holds it and who held it, and to a member the way to claim or release it."""
    return _detail(request, _seen(request, post_id))


@require_safe
def post_sign(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Show a sheet of A4 to print and put up at the post."""
    post = _seen(request, post_id)
    holders = [Hand(row) for row in hands(request, post.claims.on(clock.today())).order_by("seat")]
    return render(request, "members/pioneer_sign.html", {"post": post, "holders": holders})


@require_http_methods(["GET", "HEAD", "POST"])
def post_add(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Open a post."""
    branch = kept_branch(request, branch_id)
    form = NewPioneerPostForm(branch, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            post = services.open_post(actor=request.user, branch=branch, facts=form.facts(), first_day=form.cleaned_data["first_day"])
            return redirect("squads:post_detail", post.public_id)
    return _form_page(request, form, _("New pioneer post"), branch=branch)


@require_http_methods(["GET", "HEAD", "POST"])
def post_edit(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Change what a post is."""
    post = _kept(request, post_id)
    form = PioneerPostForm.of(post, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.edit_post(actor=request.user, post=post, facts=form.facts())
            messages.success(request, _("Saved."))
            return redirect("squads:post_detail", post_id)
    return _form_page(request, form, _("Change the post"), post=post)


@require_http_methods(["GET", "HEAD", "POST"])
def post_close(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Close a post after a day."""
    post = _kept(request, post_id)
    form = LastDayForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.close_post(actor=request.user, post=post, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("squads:post_detail", post_id)
    return _form_page(request, form, _("Close the post"), post=post, said=_("Whoever holds it is released on that day. Who held it stays on record."))


@require_POST
def post_claim(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Claim a post: a member for themselves, the organiser for a Party member."""
    post = _seen(request, post_id)
    form = _claim_form(request, post)
    if form is None and post.branch.closed_at is not None:
        raise BranchClosed
    if form is None:
        raise PermissionDenied
    if form.is_valid():
        typed = form.cleaned_data
        person: Person = typed.get("person") or _own_person(request)
        with refusals_shown(form):
            try:
                services.claim_post(actor=request.user, post=post, person=person, first_day=typed["first_day"], last_day=typed["last_day"])
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
            else:
                messages.success(request, _("The post is claimed."))
                return redirect("squads:post_detail", post_id)
    return _detail(request, post, form, UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
def claim_release(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """Release a post after a day: the member who holds it, or the organiser."""
    posts = PioneerPost.objects.visible_to(request.user)
    claim: PioneerClaim = get_object_or_404(PioneerClaim.objects.filter(post__in=posts).select_related("post__branch", "person"), public_id=claim_id)
    if claim.post.branch.closed_at is not None:
        raise BranchClosed
    if not services.may_release(request.user, claim):
        raise PermissionDenied
    form = LastDayForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.release_claim(actor=request.user, claim=claim, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("squads:post_detail", claim.post.public_id)
    said = _("A day before the first takes the claim back.") if claim.during.lower >= clock.today() or may_keep(request.user, claim.post.branch) else ""
    return _form_page(request, form, _("Release the post"), post=claim.post, said=said)


def _own_person(request: HttpRequest) -> Any:
    """Return the person that the reader is; who claims for themselves is one."""
    return getattr(request.user, "person", None)


def _detail(request: HttpRequest, post: PioneerPost, form: Any = None, status: int = 200) -> HttpResponse:
    today = clock.today()
    can_keep = may_keep(request.user, post.branch)
    own = getattr(request.user, "person_id", None)
    found = [Hand(row) for row in hands(request, post.claims.all()).order_by("-during", "seat", "pk")]
    holding = [hand for hand in found if today in hand.row.during]
    context = {
        "post": post,
        "branch": post.branch,
        "holding": holding,
        "coming": [hand for hand in found if hand.row.during.lower > today],
        "earlier": [hand for hand in found if hand.row.during.upper is not None and hand.row.during.upper <= today],
        "own": own,
        "free": services.free_from(post, max(today, post.during.lower)),
        "tomorrow": today + ONE_DAY,
        "today": today,
        "is_over": post.during.upper is not None and post.during.upper <= today,
        "form": form or _claim_form(request, post),
        "can_keep": can_keep,
        "may_claim": services.may_claim(request.user, post.branch),
    }
    return render(request, "members/pioneer_detail.html", context, status=status)


def _claim_form(request: HttpRequest, post: PioneerPost) -> ClaimForm | None:
    """Return the form to claim a post with; None for whoever may not."""
    free = services.free_from(post, max(clock.today(), post.during.lower))
    if may_keep(request.user, post.branch):
        return ClaimForSomebodyForm(post.branch, free, request.POST or None)
    return ClaimForm(free, request.POST or None) if services.may_claim(request.user, post.branch) else None


def _posts_asked(request: HttpRequest) -> tuple[Any, PioneerPostQuerySet]:
    """Return the filters that an address asks for, and the posts that fit; none when a filter makes no sense."""
    require_seer(request)
    seen: PioneerPostQuerySet = PioneerPost.objects.visible_to(request.user)
    filters = PioneerPostFilter(asked_of_today(request), queryset=seen, request=request)
    return filters, filters.qs if filters.form.is_valid() else seen.none()


def _seen(request: HttpRequest, post_id: UUID) -> PioneerPost:
    found: PioneerPost = get_object_or_404(PioneerPost.objects.visible_to(request.user).select_related("branch__region", "region"), public_id=post_id)
    return found


def _kept(request: HttpRequest, post_id: UUID) -> PioneerPost:
    post = _seen(request, post_id)
    require(request.user, post.branch)
    return post


def _form_page(request: HttpRequest, form: Any, title: str, *, post: PioneerPost | None = None, branch: Any = None, said: str = "") -> HttpResponse:
    context = {"form": form, "title": title, "post": post, "branch": branch or (post and post.branch), "said": said}
    return render(request, "members/pioneer_form.html", context, status=UNPROCESSABLE if form.errors else 200)
