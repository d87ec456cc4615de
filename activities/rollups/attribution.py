"""What can be attributed to a work unit's people, the branches where they serve, and who sent the people that worked in a region."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, DateField, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from activities.models import Entry, EntryParticipant, Metric
from activities.rollups.children import ChildRow
from activities.rollups.completeness import completeness_read, with_completeness
from activities.rollups.rows import participations, records_of, shifts_within
from activities.rollups.scope import Span
from activities.rollups.totals import Total, aggregates, as_total, catalogue
from branches.models import Branch, Region, WorkUnit, WorkUnitPath


@dataclass(frozen=True, slots=True)
class Attributed:
    """What a work unit's people did: a person-shift is one person in one entry; `people` counts each person once."""

    person_shifts: int = 0
    people: int = 0
    hours: Decimal = field(default_factory=Decimal)
    entries: int = 0
    known_at: datetime | None = None


def attributed(work_unit: WorkUnit, span: Span) -> Attributed:
    """Return what the people of `work_unit` and of all units below it did in `span`."""
    return attributed_of(participations(work_unit, span))


def attributed_of(shifts: QuerySet[EntryParticipant]) -> Attributed:
    """Return what these person-shifts come to."""
    return _attributed(shifts.aggregate(**_attribution()))


def attributed_by_day(work_unit: WorkUnit, span: Span) -> dict[date, Attributed]:
    """Return the same for each day on which something was done; a longer period stands on no day."""
    period = "entry__version__period_report__"
    single = Q(entry__business_date__isnull=False) | Q(**{f"{period}first_day": F(f"{period}last_day")})
    day = Coalesce("entry__business_date", f"{period}last_day", output_field=DateField())
    rows = participations(work_unit, span).filter(single).order_by().annotate(day=day).values("day").annotate(**_attribution())
    return {row["day"]: _attributed(row) for row in rows}


def attributed_by_child(work_unit: WorkUnit, span: Span) -> list[tuple[WorkUnit, Attributed]]:
    """Return the same for each unit directly below, and for `work_unit` itself where it sends people of its own."""
    children = {unit.pk: unit for unit in work_unit.children.all()}
    path = WorkUnitPath.objects.filter(descendant=OuterRef("home_unit"), ancestor__parent=work_unit).values("ancestor")[:1]
    child = Coalesce(Subquery(path), "home_unit", output_field=BigIntegerField())
    rows = participations(work_unit, span).order_by().annotate(child=child).values("child").annotate(**_attribution())
    found = {row["child"]: _attributed(row) for row in rows}
    listed = [(unit, found.get(pk, Attributed())) for pk, unit in children.items()]
    return listed + ([(work_unit, found[work_unit.pk])] if work_unit.pk in found else [])


def attributed_by_unit(region: Region, span: Span) -> list[tuple[WorkUnit | None, Attributed]]:
    """Return what was done in a region by the unit that sent the people, by name; None holds people without a unit on record. Two queries.

    An entry that people of several units shared counts for each of them: entries are not added over units.
    """
    rows = {row["home_unit"]: _attributed(row) for row in shifts_within(region, span).order_by().values("home_unit").annotate(**_attribution())}
    units = WorkUnit.objects.filter(pk__in=[pk for pk in rows if pk is not None]).select_related("parent").order_by("name_key", "pk")
    return [*((unit, rows[unit.pk]) for unit in units), *((None, rows[pk]) for pk in rows if pk is None)]


def attributed_within(region: Region, span: Span) -> Attributed:
    """Return the same of everybody in the region, each entry and each person counted once."""
    return attributed_of(shifts_within(region, span))


def served(work_unit: WorkUnit, span: Span, metrics: Iterable[Metric]) -> list[ChildRow]:
    """Return the branches where the unit's members serve, each with its own totals: those branches' figures, never the unit's."""
    wanted = catalogue(metrics)
    serving = Branch.objects.served_by(work_unit, span.first, span.last).alive_on(span.last).by_name()
    branches = {branch.pk: branch for branch in with_completeness(serving, span.last)}
    found: dict[int, dict[str, Total]] = defaultdict(dict)
    for row in records_of(branches, span, wanted.values()).order_by().values("branch", "metric").annotate(**aggregates()):
        metric = wanted[row["metric"]]
        found[row["branch"]][metric.code] = as_total(metric, row)
    return [ChildRow(branch, completeness_read(branch, span.last), found.get(pk, {})) for pk, branch in branches.items()]


def entries_taken_part_in(work_unit: WorkUnit, span: Span) -> QuerySet[Entry]:
    """Return the entries in which people of the unit took part, with `shifts` and `hours` of those people alone, and `day`."""
    return entries_of(participations(work_unit, span))


def entries_of(shifts: QuerySet[EntryParticipant]) -> QuerySet[Entry]:
    """Return the entries that these person-shifts belong to, with `shifts` and `hours` of these alone, and `day`."""
    ours = Q(participants__in=shifts.values("pk"))
    day = Coalesce("business_date", "version__period_report__last_day", output_field=DateField())
    entries = Entry.objects.filter(pk__in=shifts.values("entry"))
    summed: QuerySet[Entry] = entries.annotate(day=day, shifts=Count("participants", filter=ours), hours=Sum("participants__hours", filter=ours))
    return summed


def _attribution() -> dict[str, Any]:
    return {
        "shifts": Count("pk"),
        "people": Count("person", distinct=True),
        "time": Coalesce(Sum("hours"), Decimal(0)),
        "works": Count("entry", distinct=True),
        "known": Max("entry__version__known_from"),
    }


def _attributed(row: Mapping[str, Any]) -> Attributed:
    return Attributed(row["shifts"], row["people"], row["time"], row["works"], row["known"])
