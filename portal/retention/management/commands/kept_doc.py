"""`manage.py kept_doc`: write docs/kept.md, the same that the page says, for whoever reviews a deployment."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from portal.foundation.sensitive import Whose
from portal.retention.declared import groups, heading_of

HEAD = "# What is kept about people\n\nMade by `manage.py kept_doc` from what the models declare; a test keeps it so. The page `/data/kept/` says the same.\n"


class Command(BaseCommand):
    """Write the document, or check it."""

    help = "Write docs/kept.md from what the models declare about their sensitive fields."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--check`."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the document is stale")

    def handle(self, *, check: bool, **options: object) -> None:
        """Write docs/kept.md.

        Raises:
            CommandError: with `--check`, it says something else than the models.
        """
        path, text = Path(settings.BASE_DIR) / "docs" / "kept.md", document()
        if not check:
            path.write_text(text, encoding="utf-8")
        elif differing := set(text.splitlines()) ^ set(path.read_text(encoding="utf-8").splitlines()):
            raise CommandError("\n".join(["docs/kept.md is stale: run manage.py kept_doc.", *sorted(differing)]))


def document() -> str:
    """Return the document, in English."""
    with translation.override("en"):
        return HEAD + "".join(_section(whose) for whose in Whose)


def _section(whose: Whose) -> str:
    lines = [f"\n## {heading_of(whose)}\n", "| what | of | what for | ground | how long | then |", "|---|---|---|---|---|---|"]
    for group in groups(whose):
        said = group.sensitive
        ground = f"{said.basis.words if said.basis else ''}{f'; {said.special.words} (article 28)' if said.special else ''}"
        then = f"{said.at_end.words}{f': {said.because}' if said.because else ''}"
        lines.append(f"| {group.names} | {group.title} | {said.purpose} | {ground} | {group.period} | {then} |")
    return "\n".join(lines) + "\n"
