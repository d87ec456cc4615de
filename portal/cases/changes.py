"""What a load changes, and what it cannot."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Model
from django.utils.functional import Promise

from portal.cases.nodes import Problem

M = TypeVar("M", bound=Model)


@dataclass
class Changes:
    """The tally of one load, with the source's name on every row; and what stands against it in the database."""

    source: str
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: str, message: str | Promise) -> None:
        """Note why a row cannot be stored."""
        self.problems.append(Problem(path, message))

    def count(self, row: Model) -> None:
        """Count a row that was added, changed or removed."""
        self.counts[row._meta.model_name or ""] += 1

    def update(self, row: Model, **values: Any) -> None:
        """Change what differs, and touch the row only then."""
        differing = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not differing:
            return
        for name, value in differing.items():
            setattr(row, name, value)
        row.save(update_fields=list(differing))
        self.count(row)

    def add(self, row: M) -> M:
        """Store a new row."""
        row.save(force_insert=True)
        self.count(row)
        return row

    def remove(self, row: Model) -> None:
        """Remove a row that the file no longer has."""
        self.count(row)
        row.delete()
