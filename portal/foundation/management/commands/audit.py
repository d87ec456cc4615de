"""`manage.py audit`: seal the days that have ended, verify that nothing was changed since, archive what is old enough."""

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.foundation import archiving, ownership, sealing, verifying
from portal.foundation.models import DaySeal

# Faults that are told one by one; the rest are counted.
MOST = 100


def noted(text: str) -> tuple[date, str]:
    """Return the day and the digest of `2026-03-06:9f86d0…`."""
    day, _colon, digest = text.partition(":")
    try:
        return date.fromisoformat(day), digest.strip().lower()
    except ValueError as error:
        raise ArgumentTypeError("as in 2026-03-06:9f86d0…") from error


class Command(BaseCommand):
    """The audit log's own command."""

    help = "Seal the days of the audit log that have ended, verify that nothing was changed since, or archive what is old enough."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what there is to do."""
        does = parser.add_subparsers(dest="does", required=True)
        verify = does.add_parser("verify", help="Compare log, history and archives with their seals; fails, naming day and row, when something differs.")
        verify.add_argument("--expect", type=noted, action="append", default=[], metavar="DAY:DIGEST", help="A digest that was noted elsewhere.")
        does.add_parser("seal", help="Seal the days that have ended; the worker does it every night.")
        does.add_parser(
            "archive", help="Write months that are old enough to files below DATA_DIR/audit-archive and remove them from the tables, as their owner."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it.

        Raises:
            CommandError: something is not as it was sealed, or we may not do this.
        """
        {"verify": self._verify, "seal": self._seal, "archive": self._archive}[options["does"]](options)

    def _verify(self, options: dict[str, Any]) -> None:
        count = 0
        for fault in verifying.faults(expected=dict(options["expect"])):
            count += 1
            if count <= MOST:
                english, chinese = verifying.SAYS[fault.what]
                which = f" {fault.log} {fault.id}" if fault.id else ""
                self.stdout.write(f"{fault.day}{which}: {english} / {chinese}")
        if count:
            raise CommandError(f"The audit log is not as it was written: {count} faults.\n审计日志与写入时不一致：共 {count} 处。")
        last = DaySeal.objects.order_by("-day").first()
        if last is None:
            self.stdout.write("No day is sealed yet: the first is when it has ended. / 尚无已封存的日期：当日结束后才会封存。")
        else:
            self.stdout.write(
                f"All is as it was written, up to {last.day}; what came later is not sealed yet. / 截至 {last.day} 均与写入时一致；其后的尚未封存。"
            )
            self.stdout.write(f"{last.day}:{last.digest}")

    def _seal(self, options: dict[str, Any]) -> None:
        for seal in sealing.seal_due():
            self.stdout.write(f"{seal.day}:{seal.digest}")

    def _archive(self, options: dict[str, Any]) -> None:
        with ownership.as_owner():
            if not ownership.may_change_tables():
                raise CommandError("Only the owner of the tables can archive: set DATABASE_OWNER_URL.\n只有数据表的属主才能归档：请设置 DATABASE_OWNER_URL。")
            months = archiving.due()
            if months and (fault := next(verifying.faults(), None)) is not None:
                raise CommandError(
                    f"Nothing is archived: first see to {fault.day}, manage.py audit verify.\n未归档：请先处理 {fault.day}，见 manage.py audit verify。"
                )
            for month in months:
                made = archiving.archive(month)
                self.stdout.write(f"{made.name} {made.sha256}")
