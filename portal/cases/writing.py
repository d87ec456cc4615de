"""A case stored in one transaction: wholly, or not at all; a second time changes nothing, a corrected file makes new versions."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from activities.models import Metric, Unit
from branches.access import Role
from portal.accounts.models import Grant, User
from portal.cases import shape
from portal.cases.answering import store_branches
from portal.cases.changes import Changes
from portal.cases.filing import file_facts, store_statements, store_supplies
from portal.cases.nodes import CaseFileError, Problem
from portal.cases.places import PREFIX, store_regions, store_units
from portal.cases.reading import read_case
from portal.foundation import audit, clock, locks
from portal.foundation.refusals import as_validation_error

LOADER = "case-loader"
# It is part of the source of every row.
LONGEST_STEM = 80


@dataclass(frozen=True)
class Loaded:
    """What a load did: the case, and how many rows of each model it added, changed or removed."""

    case: shape.Case
    counts: Counter[str]


def load_case(data: bytes, stem: str) -> Loaded:
    """Read a case file and store it under the source `case:<stem>`, the stem of the file's name.

    Raises:
        CaseFileError: every reason why the file is refused; then nothing is stored.
    """
    if len(stem) > LONGEST_STEM:
        raise CaseFileError([Problem("", _("The name of the file is too long: %(limit)d characters are allowed.") % {"limit": LONGEST_STEM})])
    case = read_case(data, load_catalogue(), clock.today())
    try:
        with transaction.atomic():
            return Loaded(case, _store(case, Changes(f"{PREFIX}{stem}")))
    except IntegrityError as error:
        raise CaseFileError([Problem("", message) for message in as_validation_error(error).messages]) from error


def _store(case: shape.Case, changes: Changes) -> Counter[str]:
    # Two loads at once would each add the province that both name.
    locks.hold("portal.cases")
    regions = store_regions(case.regions, changes)
    _refuse(changes)
    units = store_units(case.units, changes)
    branches = store_branches(case.branches, regions, units, case.reported_on, changes)
    _refuse(changes)
    with _loader() as loader:
        file_facts(case, branches, loader, changes)
    store_supplies(case.supplies, branches, changes)
    store_statements(case.statements, {"branch": branches, "region": regions, "unit": units}, case.title, case.reported_on, changes)
    _refuse(changes)
    # Deferred rules speak now, so that their refusal belongs to this file.
    connection.check_constraints()
    if changes.counts:
        audit.record(loader, "case.loaded", source=changes.source, title=case.title, rows=dict(changes.counts))
    return changes.counts


def _refuse(changes: Changes) -> None:
    if changes.problems:
        raise CaseFileError(changes.problems)


@contextmanager
def _loader() -> Iterator[User]:
    """Lend the machine in whose name cases are filed: the one policy lets it file while its account is open, which nobody but this transaction ever sees."""
    loader = User.objects.filter(username=LOADER).first()
    if loader is None:
        loader = User(username=LOADER, name="案例载入 / case loader", is_machine=True, is_active=False)
        loader.set_unusable_password()
        loader.save()
    # It holds on the day of the loading alone.
    day = {"during": DateRange(clock.today(), clock.today() + timedelta(days=1)), "revoked_at": None}
    Grant.objects.update_or_create(user=loader, role=Role.ORGANISER, everything=True, defaults=day)
    User.objects.filter(pk=loader.pk).update(is_active=True)
    yield loader
    User.objects.filter(pk=loader.pk).update(is_active=False)


def load_catalogue() -> shape.Catalogue:
    """Read the catalogue of metrics and units that a file is judged by."""
    units = {
        unit.code: shape.UnitInfo(unit.code, unit.name_zh, unit.dimension, Decimal(unit.factor), tuple(unit.aliases)) for unit in Unit.objects.order_by("pk")
    }
    metrics = {
        metric.code: shape.MetricInfo(metric.code, metric.kind, metric.unit.code, metric.unit_zh, tuple(metric.unit_aliases), metric.over_time, metric.decimals)
        for metric in Metric.objects.select_related("unit")
    }
    return shape.Catalogue(metrics, units)
