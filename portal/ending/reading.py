"""Who sees the end of a branch: the one way in for pages and downloads."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.shortcuts import get_object_or_404

from branches import access
from branches.access import Act
from branches.models import Branch
from portal.accounts.models import User
from portal.ending.models import ArchivePack, BranchEnd, ServiceLetter


def branch_of(user: User, branch_id: UUID) -> Branch:
    """Return a branch whose end the reader prepares or confirms.

    Raises:
        Http404: outside of the reader's scope. PermissionDenied: seen, and not theirs to end.
    """
    branch: Branch = get_object_or_404(Branch.objects.visible_to(user).select_related("region", "merged_into"), public_id=branch_id)
    if not access.can(user, Act.PREPARE_END, branch):
        raise PermissionDenied
    return branch


def end_of(branch: Branch) -> BranchEnd | None:
    """Return the end that is being prepared or was confirmed, None when nobody has begun; the branch is read once."""
    rows = BranchEnd.objects.filter(branch=branch, state__in=(BranchEnd.State.PREPARING, BranchEnd.State.CONFIRMED))
    end = rows.select_related("merged_into", "begun_by", "confirmed_by").first()
    if end is not None:
        end.branch = branch
    return end


def letter_seen(user: User, letter_id: UUID) -> ServiceLetter:
    """Return a letter of a branch whose end the reader prepares, or to a unit whose people's records they read.

    Raises:
        Http404: neither.
    """
    read = access.reach(user, Act.READ_RECORDS)
    theirs = access.EVERYTHING if read.everything else Q(work_unit__in=access.units_below(read.work_units))
    theirs |= Q(end__branch__in=Branch.objects.visible_to(user, Act.PREPARE_END).values("pk"))
    # In one statement, here and below: what is out of reach takes as many as what is not there.
    letters = ServiceLetter.objects.filter(theirs).select_related("end__branch__region", "work_unit")
    letter: ServiceLetter = get_object_or_404(letters, public_id=letter_id)
    return letter


def pack_seen(user: User, pack_id: UUID) -> ArchivePack:
    """Return a pack that is made and still kept, of a branch whose end the reader prepares; one with sensitive fields for whoever may read those.

    Raises:
        Http404: outside of the reader's scope, not made yet, or thrown away. PermissionDenied: with sensitive fields that are not theirs to read.
    """
    seen = ArchivePack.objects.filter(end__branch__in=Branch.objects.visible_to(user).values("pk"), made_at__isnull=False, file__thrown_away_at=None)
    pack: ArchivePack = get_object_or_404(seen.select_related("end__branch", "file"), public_id=pack_id)
    if not access.can(user, Act.PREPARE_END, pack.end.branch):
        raise PermissionDenied
    if pack.sensitive and not access.can(user, Act.SEE_SENSITIVE, pack.end.branch):
        raise PermissionDenied
    return pack
