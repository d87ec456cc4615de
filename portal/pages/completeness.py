"""How many reports came, as a page shows it: a bar of its parts, the parts in words, and of one branch what became of its report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from activities.models import ReportVersion
from activities.rollups import Completeness, Span
from branches.models import Region
from portal.charts import MeterPart
from portal.pages.scopes import reports_url

# Where the page of a unit names the branches that its completeness counts.
SERVED: Final = "#served"


@dataclass(frozen=True, slots=True)
class LegendLine:
    """A part of the meter in words: `tone` as in the bar, empty for what stands beside it; `href` opens the reports."""

    label: str
    value: int
    tone: str
    href: str


def meter_of(counted: Completeness) -> list[MeterPart]:
    """Return reports that are settled, that wait for review and that are late as parts of a bar; what is missing stays blank."""
    settled: Mapping[str, tuple[int, str]] = {
        _("accepted"): (counted.reported - counted.waiting, "ok"),
        _("waiting for review"): (counted.waiting, "held"),
    }
    return [MeterPart(value, tone, label) for label, (value, tone) in settled.items()]


def legend_of(counted: Completeness, region: Region | None, missing_href: str) -> list[LegendLine]:
    """Return the parts of a meter in words; in a region each opens its list of reports, of a unit the table of the branches where it serves."""

    def listed(only: str, **more: str) -> str:
        return reports_url(region, Span.day(counted.day), only=only, **more) if region else SERVED

    return [
        LegendLine(_("accepted"), counted.reported - counted.waiting, "ok", listed("expected", state=ReportVersion.State.ACCEPTED)),
        LegendLine(_("waiting for review"), counted.waiting, "held", listed("expected", state=ReportVersion.State.FILED)),
        LegendLine(_("missing"), counted.missing, "blank", missing_href),
        LegendLine(_("filed late"), counted.late, "", listed("late")),
        LegendLine(_("corrected"), counted.corrected, "", listed("corrected")),
    ]


def states_of(counted: Completeness, *, pending: bool = False) -> list[str]:
    """Return what became of the report of a single branch, as pills name it; nothing where none is due."""
    if not counted.due:
        return []
    if not counted.reported:
        return ["due" if pending else "missing"]
    return ["waiting" if counted.waiting else "accepted", *(["late"] if counted.late else []), *(["corrected"] if counted.corrected else [])]
