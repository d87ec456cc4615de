"""`manage.py rollups`: check the totals that are kept for regions against the records, or put them right."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activities.models import Metric, Series
from activities.rollups import upkeep
from branches.models import Region


class Command(BaseCommand):
    """Check, rebuild or fold the kept totals."""

    help = "Keep the totals of regions: fold what waits, check them against the records, or build them anew. Filing goes on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to do: exactly one."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--fold", action="store_true", help="Fold all changes that wait.")
        what.add_argument("--check", action="store_true", help="Count every total anew and name those that differ; fail when one does.")
        what.add_argument("--rebuild", action="store_true", help="Count every total anew and correct those that differ.")

    def handle(self, *, fold: bool = False, check: bool = False, rebuild: bool = False, **options: Any) -> None:
        """Do it and say what was found.

        Raises:
            CommandError: a check found totals that differ.
        """
        if fold:
            folded = 0
            while part := upkeep.fold():
                folded += part
            self.stdout.write(ngettext("%(number)d change folded.", "%(number)d changes folded.", folded) % {"number": folded})
            return
        found = upkeep.rebuild() if rebuild else upkeep.check()
        self._name(found)
        if rebuild:
            self.stdout.write(_("%(rows)d totals counted anew, %(differing)d put right.") % {"rows": found.rows, "differing": found.differing})
        elif found.differing:
            raise CommandError(_("%(differing)d of %(rows)d totals differ from the records. Put them right: manage.py rollups --rebuild") % vars_of(found))
        else:
            self.stdout.write(_("All %(rows)d totals agree with the records.") % {"rows": found.rows})

    def _name(self, found: upkeep.Comparison) -> None:
        regions = Region.objects.in_bulk({each.node for each in found.differences})
        metrics = Metric.objects.in_bulk({each.series for each in found.differences if each.series > 0})
        for each in found.differences:
            series = metrics[each.series].code if each.series in metrics else name_of(each.series)
            told = {name: (each.kept[name], each.counted[name]) for name in upkeep.COUNTERS if each.kept[name] != each.counted[name]}
            changes = ", ".join(f"{name} {kept} -> {counted}" for name, (kept, counted) in told.items())
            self.stdout.write(f"{regions.get(each.node, each.node)} {each.day} {series}: {changes}")


def vars_of(found: upkeep.Comparison) -> dict[str, int]:
    """Return the numbers of a comparison by name."""
    return {"rows": found.rows, "differing": found.differing}


def name_of(series: int) -> str:
    """Return what a series that is no metric counts."""
    return f"entries {Series.ENTRIES - series}" if series <= Series.ENTRIES else Series(series).name.lower()
