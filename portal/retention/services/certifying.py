"""Certificates: written together with what they certify, or not at all."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from branches.models import Branch, Region
from portal.foundation import audit, clock
from portal.foundation.models import new_public_id
from portal.retention.models import Certificate
from portal.retention.naming import row_hash


def certify(
    *,
    rule: Certificate.Rule,
    run: UUID,
    before: date,
    counts: Mapping[str, int],
    rows: Iterable[tuple[str, UUID]],
    branch: Branch | None = None,
    region: Region | None = None,
) -> Certificate:
    """Write the certificate of what the caller's transaction destroys, and a row of the audit log.

    Args:
        counts: how many values of each field, as `activities.Need.phone`.
        rows: model and public identifier of each row that lost something.
    """
    hashes = sorted({row_hash(model, public_id) for model, public_id in rows})
    found = {name: number for name, number in sorted(counts.items()) if number}
    one = Certificate(public_id=new_public_id(), rule=rule, branch=branch, region=region, before=before, made_at=clock.now(), run=run)
    one.rows, one.counts, one.hashes = len(hashes), found, b"".join(hashes)
    one.sha256 = one.digest()
    one.save(force_insert=True)
    audit.record(None, "retention.destroyed", one, rule=str(rule), rows=one.rows, sha256=one.sha256)
    return one
