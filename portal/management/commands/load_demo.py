"""Load the demo."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.cases.writing import load_case
from portal.demo.loading import DemoRefused, load_demo


class Command(BaseCommand):
    """Load an invented city beside the published cases, into a database that is empty."""

    help = "Load an invented city with branches, people and daily reports up to today, and the published cases; writes DATA_DIR/demo-sign-ins.json."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the seed, the size and what to leave out."""
        parser.add_argument("--seed", type=int, default=1, help="the same seed invents the same city")
        parser.add_argument("--branches", type=int, default=30)
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument("--force", action="store_true", help="also into a database with branches of its own")
        parser.add_argument("--no-cases", action="store_true", help="leave the published cases out")

    def handle(self, *, seed: int, branches: int, days: int, force: bool, no_cases: bool, verbosity: int, **options: Any) -> None:
        """Load both in one transaction: a start that is interrupted leaves a database that is still empty.

        Raises:
            CommandError: the database is not one to put a demo into.
        """
        try:
            with transaction.atomic():
                invention = load_demo(seed=seed, branches=branches, days=days, force=force)
                for path in [] if no_cases else sorted((Path(settings.BASE_DIR) / "fixtures" / "cases").glob("*.json")):
                    load_case(path.read_bytes(), path.stem)
        except DemoRefused as error:
            raise CommandError(str(error)) from error
        if verbosity:
            people = sum(len(post.members) for post in invention.posts)
            self.stdout.write(_("Demo: %(branches)d branches, %(people)d people.") % {"branches": len(invention.posts), "people": people})
