"""Packs with sensitive fields, thrown away when the time of those fields is over."""

from django.db import transaction

from portal.ending.models import ArchivePack
from portal.foundation import attachments, audit, clock
from portal.foundation.sensitive import AFTER_THE_BRANCH


@transaction.atomic
def throw_away_sensitive() -> int:
    """Throw the files of such packs away as soon as retention erases the fields themselves; return how many. The rows stay, with their hashes."""
    over = clock.today() - AFTER_THE_BRANCH
    packs = ArchivePack.objects.filter(sensitive=True, end__last_day__lt=over, file__isnull=False, file__thrown_away_at=None)
    found = list(packs.select_related("file", "end__branch").order_by("pk"))
    for pack in found:
        assert pack.file is not None  # noqa: S101 - filtered
        attachments.throw_away(pack.file)
        audit.record(None, "branch_end.pack_thrown_away", pack.end.branch, manifest=pack.manifest)
    return len(found)
