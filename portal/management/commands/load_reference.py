"""`manage.py load_reference`: fill the catalogues of units and metrics from `fixtures/`; run again, it changes nothing."""

import csv
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from activities.models import Metric, Unit
from portal.foundation.refusals import as_validation_error


class Command(BaseCommand):
    """Load units and metrics."""

    help = "Load the catalogues of units and metrics from fixtures/units.csv and fixtures/metrics.csv."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create or update each row by its code, all or nothing."""
        folder = Path(settings.BASE_DIR) / "fixtures"
        try:
            with transaction.atomic():
                load_units(folder / "units.csv")
                load_metrics(folder / "metrics.csv")
        except IntegrityError as error:
            raise CommandError(" ".join(as_validation_error(error).messages)) from error
        if options["verbosity"]:
            self.stdout.write(f"{Unit.objects.count()} units, {Metric.objects.count()} metrics")


def load_units(path: Path) -> None:
    """Create or update units of measure."""
    for row in _rows(path):
        values = {name: row[name] for name in ("name_zh", "name_en", "dimension", "factor")}
        Unit.objects.update_or_create(code=row["code"], defaults={**values, "aliases": _list(row["aliases_zh"])})


def load_metrics(path: Path) -> None:
    """Create or update metrics, in the order of the file; the units must be there."""
    units = {unit.code: unit for unit in Unit.objects.all()}
    for position, row in enumerate(_rows(path), start=1):
        values: dict[str, Any] = {name: row[name] for name in ("kind", "name_zh", "name_en", "unit_zh", "unit_en", "over_time", "over_places")}
        values |= {
            "unit": units[row["unit"]],
            "unit_aliases": _list(row["unit_aliases_zh"]),
            "decimals": int(row["decimals"]),
            "attributable": row["attributable"] == "yes",
            "position": position,
        }
        Metric.objects.update_or_create(code=row["code"], defaults=values)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _list(text: str) -> list[str]:
    return [part for part in text.split(";") if part]
