"""`manage.py finish_restore`: the last steps of a restore that was killed when the databases had changed names."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.backup import settling


class Command(BaseCommand):
    """Finish a restore."""

    help = "Put secret_key and archives of a restore in place that was broken off at its very end; make run does it by itself. Then start the portal anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is left, and say so if anything was."""
        if settling.settle() is not None:
            self.stdout.write("A restore was broken off at its very end: it is finished now.\n上次恢复在最后一步被中断：现已完成。")
