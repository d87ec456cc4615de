"""Branches of a case and their officers: as declared, with the branch's life as their time."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from branches.models import Branch, BranchPlace, DeclaredCount, Region, Wave, WorkUnit
from members.models import Membership, OfficerTerm, Person, Secondment
from portal.cases.changes import Changes
from portal.cases.places import ALWAYS, since
from portal.cases.shape import BranchRow, OfficerRow


def store_branches(
    rows: Iterable[BranchRow], regions: Mapping[str, Region], units: Mapping[str, WorkUnit], reported_on: date, changes: Changes
) -> dict[str, Branch]:
    """Store each branch with all that belongs to it; return them by key."""
    listed = list(rows)
    stored: dict[str, Branch] = {}
    for row in listed:
        branch = _store_branch(row, regions[row.region], changes)
        _set_links(branch.covers, [regions[key] for key in row.covers], branch, changes)
        _set_links(branch.sending_units, [units[key] for key in row.units], branch, changes)
        _declare(branch, row, reported_on, changes)
        stored[row.key] = branch
    for gone in Branch.objects.filter(source=changes.source).exclude(key__in=stored):
        changes.note(
            "branches", _("“%(key)s” was loaded before and is missing: what it filed is kept, so it can be corrected but not left out.") % {"key": gone.key}
        )
    _store_officers([(stored[row.key], row, officer) for row in listed for officer in row.officers], units, changes)
    return stored


def _store_branch(row: BranchRow, region: Region, changes: Changes) -> Branch:
    values: dict[str, Any] = {
        "name": row.name,
        "kind": row.kind,
        "region": region,
        "guided_by": row.guided_by,
        "established_on": row.established_on,
        "started_work_on": row.started_work_on,
        # It never owed this portal a report: a published text says what it says.
        "reports_daily": False,
    }
    branch: Branch | None = Branch.objects.filter(source=changes.source, key=row.key).first()
    if branch is None:
        branch = changes.add(Branch(source=changes.source, key=row.key, **values))
        branch.refresh_from_db()
        return branch
    if branch.region_id != region.pk:
        _move(branch, region, row, changes)
    if branch.life.lower != row.start:
        _make_room(branch, row.start)
    changes.update(branch, **values)
    branch.refresh_from_db()
    _live_throughout(branch, changes)
    return branch


def _move(branch: Branch, region: Region, row: BranchRow, changes: Changes) -> None:
    """Correct the one place that the branch has had; refuse when it has moved in the portal since."""
    places = list(BranchPlace.objects.filter(branch=branch))
    if len(places) == 1:
        changes.update(places[0], region=region)
    else:
        changes.note(f"{row.path}.region", _("“%(name)s” has been moved in the portal; correct its place there.") % {"name": branch.name})


def _make_room(branch: Branch, start: date | None) -> None:
    """Shorten terms and memberships to what the old and the new life share: the database checks each step, from the inside out."""
    starts = [day for day in (branch.life.lower, start) if day is not None]
    shared = since(max(starts, default=None), branch.life.upper)
    OfficerTerm.objects.filter(branch=branch, source=branch.source).update(during=shared)
    Membership.objects.filter(branch=branch, source=branch.source).update(during=shared)


def _live_throughout(branch: Branch, changes: Changes) -> None:
    """Stretch this file's memberships, then terms, over the branch's life."""
    for membership in Membership.objects.filter(branch=branch, source=branch.source):
        changes.update(membership, during=branch.life)
    for term in OfficerTerm.objects.filter(branch=branch, source=branch.source):
        changes.update(term, during=branch.life)


def _set_links(links: Any, wanted: list[Any], branch: Branch, changes: Changes) -> None:
    if {row.pk for row in links.all()} != {row.pk for row in wanted}:
        links.set(wanted)
        changes.count(branch)


def _declare(branch: Branch, row: BranchRow, as_of: date, changes: Changes) -> None:
    """Keep the declared numbers and waves beside what is counted from rows."""
    declared = {DeclaredCount.What.MEMBERS: row.member_count, DeclaredCount.What.GRIDS: row.grids, DeclaredCount.What.SQUADS: row.squads}
    counts = {(what.value, value, as_of) for what, value in declared.items() if value is not None}
    _match(DeclaredCount, branch, ("what", "value", "as_of"), counts, changes)
    waves = {(ordinal, wave.count, wave.sent_down_on) for ordinal, wave in enumerate(row.waves, start=1)}
    _match(Wave, branch, ("ordinal", "head_count", "sent_down_on"), waves, changes)


def _match(model: type[DeclaredCount] | type[Wave], branch: Branch, names: tuple[str, ...], wanted: set[tuple[Any, ...]], changes: Changes) -> None:
    """Make a branch's rows of `model` exactly those wanted."""
    missing = set(wanted)
    for row in model._default_manager.filter(branch=branch):
        values = tuple(getattr(row, name) for name in names)
        if values in missing:
            missing.remove(values)
        else:
            changes.remove(row)
    for values in sorted(missing, key=str):
        changes.add(model(branch=branch, **dict(zip(names, values, strict=True))))


def _store_officers(officers: list[tuple[Branch, BranchRow, OfficerRow]], units: Mapping[str, WorkUnit], changes: Changes) -> None:
    """Store each officer as person, secondment, membership and term; first remove what the file no longer has."""
    people = {f"{row.key}:{officer.name}" for _branch, row, officer in officers}
    terms = {f"{row.key}:{officer.name}:{officer.office}" for _branch, row, officer in officers}
    sent = {f"{row.key}:{officer.name}" for _branch, row, officer in officers if officer.unit}
    for model, keys in ((OfficerTerm, terms), (Membership, people), (Secondment, sent)):
        for gone in model._default_manager.filter(source=changes.source).exclude(key__in=keys):
            changes.remove(gone)
    unused = Person.objects.filter(source=changes.source, memberships=None, participations=None, squads=None, pioneer_claims=None, user=None)
    for person in unused.exclude(key__in=people):
        person.secondments.all().delete()
        changes.remove(person)
    for branch, row, officer in officers:
        _store_officer(branch, row, officer, units, changes)


def _store_officer(branch: Branch, row: BranchRow, officer: OfficerRow, units: Mapping[str, WorkUnit], changes: Changes) -> None:
    key = {"source": changes.source, "key": f"{row.key}:{officer.name}"}
    veteran = any(other.veteran for other in row.officers if other.name == officer.name)
    person = Person.objects.filter(**key).first() or changes.add(Person(name=officer.name, veteran=veteran, **key))
    changes.update(person, veteran=veteran)
    if officer.unit:
        # The day is unknown unless printed; a branch's officer was sent when its work began at the latest.
        during = since(officer.sent_down_on or row.start)
        values: dict[str, Any] = {"home_unit": units[officer.unit], "region": branch.region, "job": officer.job, "during": during}
        secondment = Secondment.objects.filter(**key).first() or changes.add(Secondment(person=person, **values, **key))
        changes.update(secondment, **values)
    membership = Membership.objects.filter(**key).first() or changes.add(Membership(person=person, branch=branch, during=branch.life or ALWAYS, **key))
    term_key = {"source": changes.source, "key": f"{key['key']}:{officer.office}"}
    if not OfficerTerm.objects.filter(**term_key).exists():
        changes.add(OfficerTerm(membership=membership, office=officer.office, during=branch.life or ALWAYS, **term_key))
