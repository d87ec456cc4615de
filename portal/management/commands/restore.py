"""`manage.py restore`: bring the portal back to the moment of a backup."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from portal.backup import keys, restoring, signing
from portal.backup.refusals import BackupError
from portal.backup.secret import Outcome
from portal.embedded import socket_dir
from portal.runtime import database
from portal.runtime.claim import Claim
from portal.runtime.postgres import Server, prepare_data_dir
from portal.runtime.sentences import CannotStartError


class Command(BaseCommand):
    """Restore."""

    help = "Read a whole backup, restore it into a database beside the one that is there, and let it take its place; the portal has to be stopped."
    # The database may be empty, or not there yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, the key, and what to do with what is there."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--identity", type=Path, required=True, metavar="KEY", help="the file with the private key; /dev/stdin reads it from there")
        writer = parser.add_mutually_exclusive_group()
        writer.add_argument("--signed-by", metavar="PUBLIC_KEY", help="who has written it; by default as KEY says, else this portal itself")
        writer.add_argument("--any-writer", action="store_true", help="take it from anybody: for backups from before they were signed")
        parser.add_argument("--replace", action="store_true", help="also where there is data: it is put aside, and kept")
        parser.add_argument("--keep-tokens", action="store_true", help="let tokens of other systems go on, also those that were taken back since")

    def handle(self, *, file: Path, identity: Path, signed_by: str | None, any_writer: bool, replace: bool, keep_tokens: bool, **options: Any) -> None:
        """Restore, and say what is different now.

        Raises:
            CommandError: in one sentence, why not; everything is as it was.
        """
        try:
            held = keys.read_file(identity)
            signers = [signing.read_public(signed_by)] if signed_by else held.signers or [own for own in [signing.own()] if own]
            with _server():
                done = restoring.restore(
                    file.resolve(),
                    held.identities,
                    signers=None if any_writer else signers,
                    replace=replace,
                    keep_tokens=keep_tokens,
                    progress=self._show,
                )
        except (BackupError, CannotStartError) as error:
            raise CommandError(str(error)) from error
        self._tell(done)

    def _tell(self, done: restoring.Restored) -> None:
        moment = f"{localtime(datetime.fromisoformat(done.made_at)):%Y-%m-%d %H:%M:%S}"
        self._say(
            f"The portal is back at {moment}: {done.rows} rows, {done.attachments} attachments. Start it now.",
            f"系统已恢复到 {moment}：{done.rows} 行数据，{done.attachments} 个附件。现在可以启动。",
        )
        self._say(
            "Accounts, passwords and grants are those of then: look through what was taken back or changed since. Everybody signs in again.",
            "账号、密码和授权都是当时的：请核对此后收回或改动过的。所有人需要重新登录。",
        )
        if done.tokens_ended:
            self._say(f"{done.tokens_ended} tokens of other systems were ended: issue new ones.", f"已终止其他系统的 {done.tokens_ended} 个令牌：请重新签发。")
        if done.put_aside:
            self._say(
                f"What was there is kept as the database {done.put_aside}: drop it when it is not needed any more.",
                f"原有数据保留在数据库 {done.put_aside} 中：不再需要时请删除。",
            )
        if done.secret is Outcome.SET_IT:
            where = Path(settings.DATA_DIR) / "secret_key.restored"
            self._say(
                f"SECRET_KEY is another than that of the backup: set it to what {where} holds, or second factors do not work.",
                f"SECRET_KEY 与备份中的不同：请改为 {where} 中的内容，否则二次验证无法使用。",
            )

    def _show(self, percent: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{percent:3} %", ending="\n" if percent == 100 else "")

    def _say(self, english: str, chinese: str) -> None:
        self.stdout.write(f"{english}\n{chinese}")


@contextmanager
def _server() -> Iterator[None]:
    """Hold the data folder, so that no portal starts on it, and have the database server up.

    Raises:
        CannotStartError: a portal runs, or the server does not come up.
    """
    data_dir = Path(settings.DATA_DIR)
    prepare_data_dir(data_dir)
    claim = Claim(data_dir)
    server = Server(data_dir) if settings.DATABASES["default"]["HOST"] == str(socket_dir(data_dir)) else None
    try:
        if server is not None:
            server.start()
        else:
            database.check_named()
        yield
    finally:
        if server is not None:
            server.stop()
        claim.release()
