"""What a reader asks about: a scope and a span of days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from branches.models import Branch, Region, WorkUnit
from portal.foundation import clock

# Before any record: the start of a span that means 'since founding'.
DAWN: Final = clock.DAWN


@dataclass(frozen=True, slots=True)
class Scope:
    """What a total is about: exactly one of a region, a work unit and a branch."""

    region: Region | None = None
    work_unit: WorkUnit | None = None
    branch: Branch | None = None

    def __post_init__(self) -> None:
        """Refuse anything but one object."""
        if sum(part is not None for part in (self.region, self.work_unit, self.branch)) != 1:
            raise ValueError("a scope is one region, one work unit or one branch")

    @classmethod
    def of(cls, thing: Region | WorkUnit | Branch) -> "Scope":
        """Return the scope that is `thing`."""
        if isinstance(thing, Region):
            return cls(region=thing)
        if isinstance(thing, WorkUnit):
            return cls(work_unit=thing)
        return cls(branch=thing)

    @property
    def object(self) -> Region | WorkUnit | Branch:
        """The region, work unit or branch."""
        thing = self.region or self.work_unit or self.branch
        assert thing is not None  # noqa: S101 - __post_init__
        return thing

    @property
    def kind(self) -> str:
        """`region`, `work_unit` or `branch`."""
        return "region" if self.region else "work_unit" if self.work_unit else "branch"

    @property
    def public_id(self) -> UUID:
        """The object's public identifier."""
        return self.object.public_id


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a reversed span."""
        if self.last < self.first:
            raise ValueError("a span ends before it starts")

    @classmethod
    def day(cls, day: date) -> "Span":
        """Return the span of one day."""
        return cls(day, day)

    @property
    def length(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    def before(self) -> "Span":
        """Return as many days directly before."""
        return Span(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    def days(self) -> Iterator[date]:
        """Yield every day."""
        return (self.first + timedelta(days=offset) for offset in range(self.length))
