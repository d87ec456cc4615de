"""Pieces of work as they are filed: what stands for them in a receipt, and the rows that they become."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activities.figures import NumberError, Qualifier, convert
from activities.models import Measure, Metric, Unit
from activities.receipts import canonical
from activities.registers import Derived, fed, origin
from branches.models import Branch, Region
from members.models import Person, Secondment
from portal.foundation.models import new_public_id
from portal.foundation.text import fold

# What a figure is checked and converted by.
_CATALOGUE: Final = Metric.objects.order_by().select_related("unit").only("code", "kind", "decimals", "unit__dimension", "unit__factor")


@dataclass(frozen=True)
class Figure:
    """A figure as entered: `value` in `unit` (a unit's code; empty for the metric's own)."""

    metric: str
    value: Decimal
    unit: str = ""
    qualifier: str = Qualifier.EXACT
    qualifier_text: str = ""
    unit_text: str = ""


@dataclass(frozen=True)
class Participation:
    """Someone who took part, and for how many hours where known."""

    person: Person
    hours: Decimal | None = None


@dataclass(frozen=True)
class Work:
    """A piece of work to file: becomes an entry with its measures and participants. Without a place it is the branch's host."""

    kind: str
    figures: tuple[Figure, ...]
    place: Region | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note: str = ""
    participants: tuple[Participation, ...] = ()


def works_of(figures: Iterable[Figure]) -> tuple[Work, ...]:
    """Group figures into one piece of work a kind, in the order of the catalogue.

    Raises:
        ValidationError: a metric is not in the catalogue; keyed by its code.
    """
    given = list(figures)
    metrics = {metric.code: metric for metric in Metric.objects.filter(code__in={figure.metric for figure in given})}
    _refuse_unknown(given, metrics)
    by_kind: dict[str, list[Figure]] = defaultdict(list)
    for figure in sorted(given, key=lambda figure: metrics[figure.metric].position):
        by_kind[metrics[figure.metric].kind].append(figure)
    return tuple(Work(kind=kind, figures=tuple(figures)) for kind, figures in by_kind.items())


def filing_content(*, branch: Branch, first_day: date, last_day: date, works: Sequence[Work], note: str) -> dict[str, Any]:
    """Return what a receipt stands for, as plain JSON types: the same whoever computes it, the server or the phone.

    Figures that only differ in how they were ordered give the same content.
    """
    return {
        "branch": str(branch.public_id),
        "from": first_day.isoformat(),
        "to": last_day.isoformat(),
        "note": note,
        "works": sorted((_work_content(work) for work in works), key=canonical),
    }


def _work_content(work: Work) -> dict[str, Any]:
    figures = [
        {"metric": figure.metric, "value": figure.value, "unit": figure.unit, "qualifier": str(figure.qualifier), "text": figure.qualifier_text}
        for figure in work.figures
    ]
    return {
        "kind": work.kind,
        "figures": sorted(figures, key=canonical),
        "place": str(work.place.public_id) if work.place else "",
        "starts": work.starts_at.isoformat() if work.starts_at else "",
        "ends": work.ends_at.isoformat() if work.ends_at else "",
        "note": work.note,
        "people": sorted(f"{part.person.public_id} {part.hours or ''}" for part in work.participants),
    }


def entries_of(works: Sequence[Work], branch: Branch, day: date, derived: Mapping[str, Derived] | None = None) -> list[dict[str, Any]]:
    """Return the rows of entries, with their measures and participants as of `day`, in the order of the works.

    `derived` is what the branch's registers say of its figures for that day; without it, figures are of several days, and typed.

    Raises:
        ValidationError: by metric code.
    """
    figures = [figure for work in works for figure in work.figures]
    metrics = {metric.code: metric for metric in _CATALOGUE.filter(code__in={figure.metric for figure in figures})}
    entered = {figure.unit for figure in figures if figure.unit}
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=entered)} if entered else {}
    _refuse_unknown(figures, metrics)
    sent_by = _sending_units(works, day)
    errors: dict[str, list[Any]] = {}
    entries = []
    for work in works:
        measures = []
        for figure in work.figures:
            try:
                measures.append(_measure(figure, work.kind, metrics[figure.metric], units))
            except ValidationError as error:
                errors.setdefault(figure.metric, []).extend(error.error_list)
        people = [
            {"public_id": new_public_id(), "person_id": part.person.pk, "home_unit_id": sent_by.get(part.person.pk), "hours": part.hours}
            for part in work.participants
        ]
        entries.append(_entry(work, branch) | {"measures": measures, "people": people})
    if errors:
        raise ValidationError(errors)
    if derived is not None:
        _name_origins([measure for entry in entries for measure in entry["measures"]], metrics, derived)
    return entries


def _name_origins(measures: Sequence[dict[str, Any]], metrics: Mapping[str, Metric], derived: Mapping[str, Derived]) -> None:
    """Say of each figure for which there is a register where it comes from; one that stands in several pieces of work was typed."""
    codes = {metric.pk: code for code, metric in metrics.items()}
    times = Counter(measure["metric_id"] for measure in measures)
    for measure in measures:
        code = codes[measure["metric_id"]]
        if code in fed() and times[measure["metric_id"]] == 1:
            measure |= origin(measure["value"], measure["qualifier"], derived.get(code))


def _entry(work: Work, branch: Branch) -> dict[str, Any]:
    return {
        "public_id": new_public_id(),
        "kind": work.kind,
        "place_id": work.place.pk if work.place else branch.region_id,
        "starts_at": work.starts_at,
        "ends_at": work.ends_at,
        "note": work.note,
        "note_folded": fold(work.note) or None,
    }


def _refuse_unknown(figures: Iterable[Figure], metrics: Mapping[str, Metric]) -> None:
    unknown = {figure.metric for figure in figures} - metrics.keys()
    if unknown:
        raise ValidationError(
            {code: ValidationError(_("There is no figure called “%(code)s”."), code="unknown_metric", params={"code": code}) for code in sorted(unknown)}
        )


def _measure(figure: Figure, kind: str, metric: Metric, units: Mapping[str, Unit]) -> dict[str, Any]:
    entered = units.get(figure.unit, metric.unit) if figure.unit else metric.unit
    if (figure.unit and figure.unit not in units) or entered.dimension != metric.unit.dimension:
        raise ValidationError(_("This unit does not fit the figure."), code="unit")
    if metric.kind != kind:
        raise ValidationError(_("This figure belongs to another kind of work."), code="kind")
    if figure.value < 0:
        raise ValidationError(_("A figure cannot be negative."), code="negative")
    if figure.value >= Decimal(10) ** 15:
        raise NumberError("too_large", _("This figure is too large to be true."))
    value = in_own_unit(figure.value, entered, metric)
    if value != round(value, metric.decimals):
        raise NumberError("decimals", _("This figure has more decimals than it may have; counts are whole numbers."))
    return {
        "public_id": new_public_id(),
        "metric_id": metric.pk,
        "value": value,
        "qualifier": figure.qualifier,
        "qualifier_text": figure.qualifier_text,
        "value_entered": figure.value,
        "unit_entered_id": entered.pk,
        "unit_text": figure.unit_text,
        "source": Measure.Source.TYPED,
        "register_revision": None,
        "register_value": None,
    }


def in_own_unit(value: Decimal, entered: Unit, metric: Metric) -> Decimal:
    """Return `value`, given in unit `entered`, in the metric's own unit, with three decimals.

    Raises:
        NumberError: a digit would be lost.
    """
    return convert(value, entered.factor / metric.unit.factor)


def _sending_units(works: Sequence[Work], day: date) -> dict[int, int]:
    """Return which work unit sent each participant on a day."""
    people = {part.person.pk for work in works for part in work.participants}
    return dict(Secondment.objects.filter(person__in=people, during__contains=day).values_list("person", "home_unit")) if people else {}
