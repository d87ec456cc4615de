"""What the invention is made of: the words of `fixtures/demo.json` and a seeded source of chance."""

import json
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange

from branches.models import Branch, BranchSchedule, Region, WorkUnit
from members.models import Person
from portal.foundation import clock

SOURCE = "demo"


@dataclass(frozen=True)
class Member:
    """A person of a branch, with the unit that sent them; None for volunteers and residents."""

    person: Person
    unit: WorkUnit | None


@dataclass
class Post:
    """A branch with what its days are made from."""

    branch: Branch
    schedule: BranchSchedule
    members: list[Member] = field(default_factory=list)


@dataclass
class Invention:
    """One invented city in the making."""

    seed: int
    days: int
    regions: dict[str, Region] = field(default_factory=dict)
    units: list[WorkUnit] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    @cached_property
    def chance(self) -> Random:
        """The source of chance: the same seed invents the same city."""
        return Random(self.seed)  # noqa: S311 - invented figures, nothing secret

    @cached_property
    def words(self) -> dict[str, Any]:
        """Names and ranges from the fixture."""
        text = (Path(settings.BASE_DIR) / "fixtures" / "demo.json").read_text(encoding="utf-8")
        words: dict[str, Any] = json.loads(text)
        return words

    @cached_property
    def today(self) -> date:
        """The day up to which there is something to see."""
        return clock.today()

    def marked(self, name: str) -> str:
        """Return a name with the mark that says that it is a sample."""
        return name if name.startswith(self.words["mark"]) else f"{self.words['mark']}{name}"


def since(first: date, until: date | None = None) -> DateRange:
    """Return the span from `first`, before `until`."""
    return DateRange(first, until, "[)")
