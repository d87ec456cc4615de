"""Load published cases."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from portal.cases.nodes import CaseFileError
from portal.cases.writing import load_case


class Command(BaseCommand):
    """Load each file whole, or refuse it and name every fault; one refused file does not keep the others out."""

    help = "Load case files (JSON, see docs/cases.md). The same file again changes nothing; a corrected one makes new versions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *, files: list[Path], verbosity: int, **options: Any) -> None:
        """Load the files one after the other.

        Raises:
            CommandError: a file was refused; the text has a line for each fault, with the file's name and the path of the key.
        """
        refusals: list[str] = []
        for path in files:
            try:
                loaded = load_case(path.read_bytes(), path.stem)
            except OSError as error:
                refusals.append(f"{path}: {error.strerror}")
            except CaseFileError as error:
                refusals.extend(f"{path.name}: {problem}" for problem in error.problems)
            else:
                if verbosity:
                    rows = sum(loaded.counts.values())
                    self.stdout.write(_("%(title)s: %(rows)d rows added or changed.") % {"title": loaded.case.title, "rows": rows})
        if refusals:
            raise CommandError("\n".join(refusals))
