"""Load the catalogue of units and metrics."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from activities.models import Metric, Unit
from portal.foundation.refusals import as_validation_error

# Columns of metrics.csv in which Chinese aliases stand, parted by semicolons.
SEPARATOR = ";"


class Command(BaseCommand):
    """Bring units and metrics to what `fixtures/` says; names may change, a metric in use keeps its meaning."""

    help = "Load units and metrics from fixtures/units.csv and fixtures/metrics.csv; again changes only what differs."

    def handle(self, *, verbosity: int = 1, **options: Any) -> None:
        """Load both files in one transaction.

        Raises:
            CommandError: a metric that has figures would change its meaning.
        """
        folder = Path(settings.BASE_DIR) / "fixtures"
        with transaction.atomic():
            changed = load_units(_rows(folder / "units.csv")) + load_metrics(_rows(folder / "metrics.csv"))
        if verbosity:
            self.stdout.write(_("Units and metrics: %(count)d added or changed.") % {"count": changed})


def load_units(rows: Iterable[dict[str, str]]) -> int:
    """Load units by code; return how many were added or changed."""
    stored = {unit.code: unit for unit in Unit.objects.all()}
    changed, new = 0, []
    for row in rows:
        values = {
            "name_zh": row["name_zh"],
            "name_en": row["name_en"],
            "dimension": row["dimension"],
            "factor": Decimal(row["factor"]),
            "aliases": _parts(row["aliases_zh"]),
        }
        if unit := stored.get(row["code"]):
            changed += _bring(unit, values)
        else:
            new.append(Unit(code=row["code"], **values))
    return changed + len(Unit.objects.bulk_create(new))


def load_metrics(rows: Iterable[dict[str, str]]) -> int:
    """Load metrics by code, in the order of the rows; return how many were added or changed.

    Raises:
        CommandError: a metric that has figures would change its meaning.
    """
    units = {unit.code: unit for unit in Unit.objects.all()}
    stored = {metric.code: metric for metric in Metric.objects.select_related("unit")}
    changed, new = 0, []
    for position, row in enumerate(rows):
        values = {name: row[name] for name in ("kind", "name_zh", "name_en", "unit_zh", "unit_en", "over_time", "over_places")} | {
            "unit": units[row["unit"]],
            "unit_aliases": _parts(row["unit_aliases_zh"]),
            "decimals": int(row["decimals"]),
            "attributable": row["attributable"] == "yes",
            "position": position,
        }
        if row["code"] not in stored:
            new.append(Metric(code=row["code"], **values))
            continue
        try:
            changed += _bring(stored[row["code"]], values)
        except IntegrityError as error:
            raise CommandError(f"{row['code']}: {as_validation_error(error).messages[0]}") from error
    return changed + len(Metric.objects.bulk_create(new))


def _bring(row: Unit | Metric, values: dict[str, Any]) -> int:
    """Give a stored row these values; return 1 when it had to be written, else 0."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return 0
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return 1


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _parts(text: str) -> list[str]:
    return [part for part in text.split(SEPARATOR) if part]
