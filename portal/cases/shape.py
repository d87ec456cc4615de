"""What a case file holds, once read: plain values, references by key. `docs/cases.md` says the same in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from activities.figures import Qualifier


@dataclass(frozen=True)
class MetricInfo:
    """What judging a figure needs to know of a metric. `unit` is a unit's code."""

    code: str
    kind: str
    unit: str
    unit_zh: str
    unit_aliases: tuple[str, ...]
    over_time: str
    decimals: int


@dataclass(frozen=True)
class UnitInfo:
    """What reading a printed unit needs to know of a unit of measure."""

    code: str
    name_zh: str
    dimension: str
    factor: Decimal
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """Metrics and units by code, as the database has them."""

    metrics: Mapping[str, MetricInfo]
    units: Mapping[str, UnitInfo]


@dataclass(frozen=True)
class RegionRow:
    """A region; `parent` is a key, None at the top of the file."""

    path: str
    key: str
    level: str
    name: str
    code: str
    parent: str | None
    households: int | None
    residents: int | None
    buildings: int | None
    gates: int | None
    gates_open: int | None
    unmanaged: bool


@dataclass(frozen=True)
class UnitRow:
    """A work unit; `parent` is a key or None."""

    path: str
    key: str
    name: str
    parent: str | None


@dataclass(frozen=True)
class WaveRow:
    """People who were sent down together."""

    count: int
    sent_down_on: date | None


@dataclass(frozen=True)
class OfficerRow:
    """Someone with an office in the branch; `unit` is a key, None when the text does not name it."""

    path: str
    name: str
    office: str
    unit: str | None
    job: str
    veteran: bool
    sent_down_on: date | None


@dataclass(frozen=True)
class BranchRow:
    """A branch; counts are as declared."""

    path: str
    key: str
    name: str
    kind: str
    region: str
    covers: tuple[str, ...]
    established_on: date | None
    started_work_on: date | None
    guided_by: str
    member_count: int | None
    grids: int | None
    squads: int | None
    waves: tuple[WaveRow, ...]
    units: tuple[str, ...]
    officers: tuple[OfficerRow, ...]

    @property
    def start(self) -> date | None:
        """The first day of the branch's life; None when the text does not say."""
        return self.started_work_on or self.established_on


@dataclass(frozen=True)
class FactRow:
    """One figure: `value` is as printed, in `unit` (a unit's code), `unit_text` the unit's name where it was printed otherwise."""

    path: str
    branch: str
    first: date
    last: date
    dated: bool
    undated: bool
    kind: str
    metric: str
    value: Decimal
    unit: str
    unit_text: str
    qualifier: Qualifier
    qualifier_text: str
    start: time | None
    note: str


@dataclass(frozen=True)
class SupplyRow:
    """Goods received."""

    path: str
    branch: str
    item: str
    value: Decimal
    unit: str
    unit_text: str
    qualifier: Qualifier


@dataclass(frozen=True)
class StatementRow:
    """What the text says about a branch, a work unit or a region: `about` is (`branch`, key) and so on."""

    path: str
    about: tuple[str, str]
    what: str
    what_zh: str
    value: Decimal
    qualifier: Qualifier
    computes: str
    note: str


@dataclass(frozen=True)
class Case:
    """A whole file without an error."""

    title: str
    title_en: str
    reported_on: date
    note: str
    regions: tuple[RegionRow, ...]
    units: tuple[UnitRow, ...]
    branches: tuple[BranchRow, ...]
    facts: tuple[FactRow, ...]
    supplies: tuple[SupplyRow, ...]
    statements: tuple[StatementRow, ...]
    practices: tuple[str, ...]
