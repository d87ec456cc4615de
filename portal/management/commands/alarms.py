"""`manage.py alarms`: the rules for Prometheus, from the portal's own alarms."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.watching import alarms


class Command(BaseCommand):
    """Write the file of rules."""

    help = "Write the alarms as rules for Prometheus to standard output: manage.py alarms > docs/deploy/prometheus-rules.yml"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        self.stdout.write(alarms.rules(), ending="")
