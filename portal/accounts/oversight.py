"""Grants that nobody uses and grants that end: the quarter's review, and who is told before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest, TruncDate
from django.utils.translation import gettext as _

from branches import access
from branches.access import Act
from portal.accounts import alerts
from portal.accounts.models import Alert, Grant, GrantReview, ReviewedGrant, User
from portal.accounts.services import revoke_grant
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Forbidden
from portal.foundation.refusals import as_validation_error

UNUSED_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class Decision:
    """What is to become of a grant."""

    grant: Grant
    keep: bool
    reason: str


def quarter_of(day: date) -> date:
    """Return the first day of a day's quarter."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def used_on() -> Greatest:
    """Return the last day on which a user signed in or used what they had; of nobody, none."""
    return Greatest(TruncDate("last_login"), F("last_used_on"), output_field=DateField())


def undecided(actor: User) -> QuerySet[Grant]:
    """Return the live grants that `actor` may take back and nobody decided on in this quarter; none of their own is among them.

    Raises:
        Forbidden: `actor` reviews no grants.
    """
    if not access.may(actor, Act.GIVE_ANY_ROLE):
        raise Forbidden
    today = clock.today()
    decided = ReviewedGrant.objects.filter(grant=OuterRef("pk"), quarter=quarter_of(today))
    return Grant.objects.live(today).filter(access.grants_given_by(actor), user__is_active=True).exclude(Exists(decided))


def unused(grants: QuerySet[Grant]) -> QuerySet[Grant]:
    """Narrow grants down to those given, and not used, for 30 days or more."""
    before = clock.today() - UNUSED_FOR
    idle = User.objects.get_queryset().alias(used=used_on()).filter(Q(used=None) | Q(used__lte=before))
    return grants.filter(given_at__lt=clock.now() - UNUSED_FOR, user__in=idle)


@transaction.atomic
def decide(*, actor: User, decisions: Sequence[Decision], address: str | None = None) -> None:
    """Keep grants, or take them back with the reason.

    Raises:
        Forbidden: one of them is not the actor's to take back, or their own.
        ValidationError: one that ends has no reason, or somebody decided on one meanwhile.
    """
    if not decisions:
        raise ValidationError(_("Choose for at least one grant whether it is kept or ends."))
    quarter = quarter_of(clock.today())
    # Of two who decide on the same at once the second finds it decided; of two who take back several each, none waits for the other.
    locks.rows(User, [each.grant.user_id for each in decisions], no_key=True)
    allowed = set(undecided(actor).filter(pk__in=[each.grant.pk for each in decisions]).values_list("pk", flat=True))
    for each in decisions:
        if not access.may_give(actor, each.grant, own=each.grant.user_id == actor.pk):
            raise Forbidden
        if each.grant.pk not in allowed:
            raise ValidationError(_("Somebody else decided on one of these grants meanwhile. Look at the list again."))
        if not each.keep and not each.reason:
            raise ValidationError({str(each.grant.public_id): _("Say why the grant ends.")})
        ReviewedGrant.objects.create(quarter=quarter, grant=each.grant, kept=each.keep, reason=each.reason[:200], by=actor, at=clock.now())
        if not each.keep:
            revoke_grant(actor=actor, grant=each.grant, address=address)
    counted = Counter(each.keep for each in decisions)
    audit.record(actor, "grants.reviewed", address=address, kept=counted[True], ended=counted[False])


@transaction.atomic
def close(*, actor: User, address: str | None = None) -> GrantReview:
    """Close the quarter's review: what was decided is counted, and what is in use stays.

    Raises:
        Forbidden: `actor` reviews no grants.
        ValidationError: grants that were not used still wait for a decision, or the review is closed.
    """
    left = undecided(actor)
    if waiting := unused(left).count():
        raise ValidationError(_("%(count)d unused grants still wait for a decision.") % {"count": waiting})
    quarter = quarter_of(clock.today())
    counted = Counter(ReviewedGrant.objects.filter(quarter=quarter, by=actor).values_list("kept", flat=True))
    whole = access.reach(actor, Act.GIVE_ANY_ROLE).everything
    review = GrantReview(quarter=quarter, by=actor, closed_at=clock.now(), whole=whole, kept=counted[True], ended=counted[False], in_use=left.count())
    try:
        with transaction.atomic():
            review.save()
    except IntegrityError as error:
        raise ValidationError(as_validation_error(error).message) from error
    audit.record(actor, "grants.review_closed", review, address=address, kept=review.kept, ended=review.ended, in_use=review.in_use)
    return review


def is_due(actor: User) -> bool:
    """Say whether the quarter's review still waits for `actor`: neither theirs is closed, nor one of everything."""
    if not access.may(actor, Act.GIVE_ANY_ROLE):
        return False
    return not GrantReview.objects.filter(Q(by=actor) | Q(whole=True), quarter=quarter_of(clock.today())).exists()


@transaction.atomic
def tell_in_time() -> int:
    """Tell holders and givers of grants that end within 14 days, and security officers once a quarter that a review is due; return how many were told."""
    today, now = clock.today(), clock.now()
    unwarned = Grant.objects.ending(today).filter(warned_at=None, user__is_active=True)
    concerned = {account for pair in unwarned.values_list("user", "given_by") for account in pair if account is not None}
    # Whoever extends one of them has it extended before, or finds it warned of.
    locks.rows(User, concerned, no_key=True)
    ending = list(unwarned.filter(user__in=concerned).select_related("user", "given_by"))
    for grant in ending:
        alerts.tell(grant.user, Alert.Kind.GRANT_ENDS, role=grant.role, last=str(grant.last_day))
    givers = Counter(grant.given_by for grant in ending if grant.given_by is not None and grant.given_by.is_active)
    for giver, count in givers.items():
        alerts.tell(giver, Alert.Kind.GRANTS_END, count=count)
    Grant.objects.filter(pk__in=[grant.pk for grant in ending]).update(warned_at=now)
    return len(ending) + len(givers) + _remind(today)


def _remind(today: date) -> int:
    quarter = quarter_of(today)
    holders = Grant.objects.in_force(today).filter(role__in=access.ROLES_FOR[Act.GIVE_ANY_ROLE]).values("user")
    told = Alert.objects.filter(account=OuterRef("pk"), kind=Alert.Kind.REVIEW_DUE, details__quarter=str(quarter))
    officers = [each for each in User.objects.get_queryset().filter(is_active=True, pk__in=holders).exclude(Exists(told)) if is_due(each)]
    for officer in officers:
        alerts.tell(officer, Alert.Kind.REVIEW_DUE, quarter=str(quarter))
    return len(officers)
