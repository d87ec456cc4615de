"""Merge and compile the Chinese translations."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.management.catalogue import LANGUAGE, CatalogueError, key_of, marked_strings, merge_areas, mo_bytes, po_bytes

SOURCES = ("portal", "branches", "members", "activities", "templates")


class Command(BaseCommand):
    """Write django.po and django.mo from the area files; the same areas give the same bytes."""

    help = "Merge locale/zh_Hans/areas/*.po into django.po and compile django.mo."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--check`, which writes nothing and fails when the files are stale, and `--missing`."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the committed files are stale")
        parser.add_argument("--missing", action="store_true", help="also list marked strings without a translation")

    def handle(self, *, check: bool, missing: bool, **options: object) -> None:
        """Build, or check, the catalogue under BASE_DIR."""
        base = Path(settings.BASE_DIR)
        folder = base / "locale" / LANGUAGE
        try:
            catalog = merge_areas(folder / "areas")
        except CatalogueError as error:
            raise CommandError(str(error)) from error
        built = {folder / "LC_MESSAGES" / "django.po": po_bytes(catalog), folder / "LC_MESSAGES" / "django.mo": mo_bytes(catalog)}
        stale = [path for path, content in built.items() if not path.exists() or path.read_bytes() != content]
        if check and stale:
            raise CommandError(f"{', '.join(path.name for path in stale)} stale: run manage.py build_locale.")
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(built[path])
        self.stdout.write(f"{len(catalog)} translations, {'rebuilt' if stale else 'up to date'}.")
        if missing:
            known = {key_of(message) for message in catalog if message.id}
            for marked in marked_strings(base / name for name in SOURCES):
                if marked.key not in known:
                    self.stdout.write(f"{marked.path.relative_to(base)}:{marked.line}: {marked.key.msgid!r}")
