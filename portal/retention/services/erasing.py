"""The nightly erasure: what is due goes in steps of bounded size, each with its certificate, each whole or not at all.

One step at a time in the whole deployment: workers wait for one another, and a hold that is being placed waits for the step at hand. Whatever a
killed run has done is done, and certified; the next run finds what is left.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from activities.models import ContactPoint
from branches.models import Branch
from portal.foundation import locks
from portal.foundation.jobs import Progress, in_steps
from portal.foundation.models import Job
from portal.foundation.sensitive import Since
from portal.retention.models import Certificate
from portal.retention.rules import ModelRule, model_rules
from portal.retention.services import files, persons
from portal.retention.services.certifying import certify

# Rows that one transaction changes at most, of each model.
STEP: Final = 1000
_RULES: Final = {Since.BRANCH: Certificate.Rule.BRANCH, Since.SITE: Certificate.Rule.SITE, Since.ROW: Certificate.Rule.ROW}


@in_steps
def erase_what_is_due(job: Job, progress: Progress) -> dict[str, Any]:
    """Erase and pseudonymise all that is due; return how many certificates were written, and how many rows they are about."""
    return erase_all(job.public_id, progress)


def erase_all(run: UUID, progress: Progress = lambda percent: None) -> dict[str, Any]:
    """Erase and pseudonymise all that is due, in steps."""
    certificates = rows = 0
    # Fields first: persons stay findable by their names until nothing of their branches is left to be erased.
    for number, since in enumerate((Since.BRANCH, Since.SITE, Since.ROW), start=1):
        for unit in units_due(since):
            while (made := erase_step(since, unit, run)) is not None:
                certificates, rows = certificates + 1, rows + made.rows
                progress(20 * number)
    for step in (files.throw_away_step, persons.unname_step, persons.close_step):
        while (made := _locked(step, run)) is not None:
            certificates, rows = certificates + 1, rows + made.rows
            progress(80)
    return {"certificates": certificates, "rows": rows}


def units_due(since: Since) -> Sequence[int | None]:
    """Return what something is due of: branches, sites, or nothing in particular."""
    if since is Since.ROW:
        return [None] if any(rule.due().exists() for rule in model_rules(since)) else []
    found: set[int] = set()
    for rule in model_rules(since):
        found.update(rule.due().values_list(rule.unit, flat=True).distinct())
    return sorted(found)


@transaction.atomic
def erase_step(since: Since, unit: int | None, run: UUID) -> Certificate | None:
    """Erase a bounded number of rows of each model in one transaction, with a certificate; None when nothing is left."""
    locks.hold(locks.ERASING)
    counts: dict[str, int] = {}
    rows: list[tuple[str, UUID]] = []
    rules = list(model_rules(since))
    for rule in rules:
        erased = _erase(rule, unit, counts)
        rows += [(rule.model._meta.label, public_id) for public_id in erased]
    if not rows:
        return None
    about: dict[str, Any] = {}
    if unit is not None and since is Since.BRANCH:
        about["branch"] = Branch.objects.get(pk=unit)
    elif unit is not None:
        about["region"] = ContactPoint.objects.select_related("region").get(pk=unit).region
    return certify(rule=_RULES[since], run=run, before=min(rule.before for rule in rules), counts=counts, rows=rows, **about)


def _erase(rule: ModelRule, unit: int | None, counts: dict[str, int]) -> list[UUID]:
    due = rule.due() if unit is None else rule.due().filter(**{rule.unit: unit})
    found = dict(due.values_list("pk", "public_id").order_by("pk")[:STEP])
    if not found:
        return []
    rows = rule.model._default_manager.filter(pk__in=found).order_by()
    said = rows.aggregate(**{field.field.name: Count("pk", filter=field.told) for field in rule.fields})
    rows.update(**{field.field.name: field.value for field in rule.fields})
    counts.update({f"{rule.model._meta.label}.{name}": number for name, number in said.items()})
    return list(found.values())


@transaction.atomic
def _locked(step: Any, run: UUID) -> Certificate | None:
    locks.hold(locks.ERASING)
    certificate: Certificate | None = step(run, STEP)
    return certificate
