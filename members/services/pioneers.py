"""Writes on pioneer posts: opened and closed by the branch, claimed and released by its Party members. Each checks that the actor may, and is audited."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from branches import access
from branches.access import Act
from branches.models import Branch, Region
from branches.services import refusals_beside
from members.models import Membership, Person, PioneerClaim, PioneerPost
from members.services.squads import Actor, cut, may_keep, require
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden

_DAY: Final = timedelta(days=1)
# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {
    "one_pioneer_post_of_a_name_at_a_time": "name",
    "pioneer_post_inside_the_branch_life": "first_day",
    "pioneer_post_for_one_to_twenty": "places",
    "pioneer_claim_takes_a_place_of_the_post": "places",
    "pioneer_claim_inside_the_post": "first_day",
    "pioneer_claimant_is_in_the_branch": "first_day",
    "pioneer_claim_carries_the_membership": "first_day",
    "post_claimed_once_at_a_time": "person",
    "only_party_members_claim": "person",
}


@dataclass(frozen=True)
class PostFacts:
    """What a post is called, its duty in words, where it is, and how many members hold it at a time."""

    name: str
    duty: str
    region: Region | None = None
    places: int = 1


# --- Posts ----------------------------------------------------------------------------------------------------------------


def open_post(*, actor: Actor, branch: Branch, facts: PostFacts, first_day: date) -> PioneerPost:
    """Open a post from a day on.

    Raises:
        Forbidden: the branch's posts are not the actor's to keep.
        ValidationError: by field, when the branch has a post of the name then, or is not at work then.
    """
    require(actor, branch)
    until = branch.ended_on + _DAY if branch.ended_on else None
    if until is not None and until <= first_day:
        raise ValidationError({"first_day": _("The branch has ended by then.")})
    with refusals_beside(_FIELDS):
        post = PioneerPost.objects.create(branch=branch, during=DateRange(first_day, until), **vars(facts))
        audit.record(actor, "pioneer_post.opened", post, branch=str(branch.public_id))
    return post


def edit_post(*, actor: Actor, post: PioneerPost, facts: PostFacts) -> PioneerPost:
    """Change what a post is.

    Raises:
        Forbidden: the branch's posts are not the actor's to keep.
        ValidationError: by field, as `open_post`; or when more members hold it, or held it, than it would have places.
    """
    require(actor, post.branch)
    with refusals_beside(_FIELDS):
        post = _locked(post)
        changed = vars(facts)
        for name, value in changed.items():
            setattr(post, name, value)
        post.save(update_fields=list(changed))
        audit.record(actor, "pioneer_post.changed", post)
    return post


def close_post(*, actor: Actor, post: PioneerPost, last_day: date) -> PioneerPost:
    """Close a post after a day; whoever holds it then is released. Closed already by then, it stays as it is.

    Raises:
        Forbidden: the branch's posts are not the actor's to keep.
        ValidationError: it opens after that day.
    """
    require(actor, post.branch)
    with refusals_beside(_FIELDS):
        post = _locked(post)
        if post.during.upper is not None and post.during.upper <= last_day + _DAY:
            return post
        if post.during.lower > last_day:
            raise ValidationError({"last_day": _("The end is before the start.")})
        cut(post.claims.all(), last_day)
        post.during = DateRange(post.during.lower, last_day + _DAY)
        post.save(update_fields=["during"])
        audit.record(actor, "pioneer_post.closed", post, last_day=last_day.isoformat())
    return post


# --- Claims ---------------------------------------------------------------------------------------------------------------


def may_claim(actor: object, branch: Branch) -> bool:
    """Say whether the actor may claim posts of a branch: for themselves, as a member."""
    return getattr(actor, "person_id", None) is not None and access.offers(actor, Act.CLAIM_POSTS, branch)


def may_release(actor: object, claim: PioneerClaim) -> bool:
    """Say whether the actor may end a claim: their own, or one at a branch whose posts they keep."""
    own = getattr(actor, "person_id", None) == claim.person_id and may_claim(actor, claim.post.branch)
    return own or may_keep(actor, claim.post.branch)


def claim_post(*, actor: Actor, post: PioneerPost, person: Person, first_day: date, last_day: date | None = None) -> PioneerClaim:
    """Let a Party member hold a post from a day on; without an end as long as the post is open and they are in the branch.

    Claimed twice alike, it is claimed once. Those who claim one post wait for each other, so that the last place goes to one of them.

    Raises:
        Forbidden: the actor is neither the member nor keeps the branch's posts.
        Conflict: `taken`, all its places are held in that time.
        ValidationError: by field: not a Party member, not in the branch then, the post is not open then, or they hold it otherwise in that time.
    """
    _require_own(actor, person, post.branch)
    if first_day < clock.today() and not may_keep(actor, post.branch):
        raise ValidationError({"first_day": _("A post is claimed from today on, not for days that have passed.")})
    if person.kind != Person.Kind.MEMBER:
        said = {"name": person.name, "kind": person.get_kind_display()}
        raise ValidationError({"person": _("Only Party members claim a pioneer post; %(name)s is recorded as: %(kind)s.") % said})
    with refusals_beside(_FIELDS):
        post = _locked(post)
        during = _time_of(post, person, first_day, last_day)
        claims: list[PioneerClaim] = list(post.claims.filter(during__overlap=during))
        if (earlier := next((claim for claim in claims if claim.person_id == person.pk and claim.during == during), None)) is not None:
            return earlier
        if any(claim.person_id == person.pk for claim in claims):
            raise ValidationError({"person": _("This member holds the post in that time already.")})
        taken = {claim.seat for claim in claims}
        seat = next((number for number in range(1, post.places + 1) if number not in taken), None)
        if seat is None:
            raise Conflict("taken", _("Somebody else was quicker: the post is held in that time. It can be claimed again once they release it."), post)
        claim = PioneerClaim.objects.create(post=post, person=person, seat=seat, during=during)
        audit.record(actor, "pioneer_post.claimed", post, person=str(person.public_id))
    return claim


def release_claim(*, actor: Actor, claim: PioneerClaim, last_day: date) -> None:
    """Release a post after a day; a claim that had not begun by then is taken back. Released twice, it is released once.

    Raises:
        Forbidden: the actor is neither the member nor keeps the branch's posts.
        ValidationError: a member releases for a day that has passed: what was done then stays on record.
    """
    branch = claim.post.branch
    _require_own(actor, claim.person, branch)
    today, before = clock.today(), claim.during.lower - _DAY
    if last_day < (min(today, before) if claim.during.lower >= today else today) and not may_keep(actor, branch):
        raise ValidationError({"last_day": _("A post is released from today on, not for days that have passed.")})
    with refusals_beside(_FIELDS):
        _locked(claim.post)
        cut(PioneerClaim.objects.filter(pk=claim.pk), last_day)
        audit.record(actor, "pioneer_post.released", claim.post, person=str(claim.person.public_id), last_day=last_day.isoformat())


def free_from(post: PioneerPost, day: date) -> date | None:
    """Return the first day from `day` on, on which the post has a place; None when nobody knows one."""
    held: list[DateRange] = list(post.claims.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=day)).values_list("during", flat=True))
    candidates: list[date] = sorted({day, *(during.upper for during in held if during.upper)})
    for candidate in candidates:
        if candidate not in post.during:
            continue
        if sum(candidate in during for during in held) < post.places:
            return candidate
    return None


def leave(*, branch: Branch, person: Person | None, last_day: date) -> None:
    """Release the posts that a person holds in a branch after a day; without a person, close all posts of the branch.

    For services that end a membership or a branch, inside their transaction.
    """
    held = PioneerClaim.objects.filter(post__branch=branch)
    cut(held.filter(person=person) if person is not None else held, last_day)
    if person is None:
        cut(PioneerPost.objects.filter(branch=branch), last_day)


def _time_of(post: PioneerPost, person: Person, first_day: date, last_day: date | None) -> DateRange:
    """Return from when until when somebody holds a post: never beyond the post's own time, or theirs in the branch."""
    held = Membership.objects.filter(branch=post.branch, person=person).on(first_day).first()
    if held is None:
        raise ValidationError({"first_day": _("%(name)s is not in the branch on that day.") % {"name": person.name}})
    if first_day not in post.during:
        raise ValidationError({"first_day": _("The post is not open on that day.")})
    ends = [end for end in (post.during.upper, held.during.upper, last_day + _DAY if last_day else None) if end]
    until = min(ends, default=None)
    if until is not None and until <= first_day:
        raise ValidationError({"last_day": _("The end is before the start.")})
    return DateRange(first_day, until)


def _require_own(actor: Actor, person: Person, branch: Branch) -> None:
    """Refuse whoever acts for somebody else without keeping the branch's posts."""
    if may_keep(actor, branch) or (getattr(actor, "person_id", None) == person.pk and may_claim(actor, branch)):
        return
    raise Forbidden


def _locked(post: PioneerPost) -> PioneerPost:
    """Return a post, changed or claimed by nobody else until the end of the transaction."""
    return locks.row(PioneerPost, post.pk, "branch", no_key=True)
