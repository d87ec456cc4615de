"""`manage.py check_pack FILE`: say what in a pack differs from its manifest."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.ending.checking import differences, seal_of


class Command(BaseCommand):
    """Check a pack, without the database."""

    help = "Say what in an archive pack differs from its manifest; nothing, and it is whole."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="the pack, a zip")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each difference and fail, or print the SHA-256 of the manifest."""
        try:
            with options["file"].open("rb") as file:
                found = list(differences(file))
                seal = "" if found else seal_of(file)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from error
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"{len(found)} differences.")
        self.stdout.write(f"The pack is whole. SHA-256 of its manifest: {seal}")
