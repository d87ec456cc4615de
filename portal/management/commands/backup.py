"""`manage.py backup`: make an encrypted backup, make the key for it, or check one."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.timezone import localtime

from portal.backup import keys, making, signing
from portal.backup.checking import Check
from portal.backup.refusals import BackupError
from portal.foundation import audit


class Command(BaseCommand):
    """Back up."""

    help = "Write the database and all attachments of one moment into one encrypted file, and delete those that the rule does not keep."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where to, and the two other things to do."""
        parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to write it; by default BACKUP_DIR")
        other = parser.add_mutually_exclusive_group()
        other.add_argument("--new-key", action="store_true", help="make a key: keep its public part here, print the private one once")
        other.add_argument("--verify", type=Path, metavar="FILE", help="read a whole backup as a restore would, and change nothing")
        parser.add_argument("--identity", type=Path, metavar="KEY", help="the file with the private key, for --verify")

    def handle(self, *, to: Path | None, new_key: bool, verify: Path | None, identity: Path | None, **options: Any) -> None:
        """Do it, and say what was done.

        Raises:
            CommandError: in one sentence, why not.
        """
        try:
            if new_key:
                self._new_key()
            elif verify:
                if identity is None:
                    raise CommandError("--verify needs --identity KEY.\n--verify 需要同时给出 --identity KEY。")
                self._verify(verify, identity)
            else:
                self._make(to)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _make(self, to: Path | None) -> None:
        made = making.make(to, self._show)
        self._say(
            f"{made.path}: {filesizeformat(made.size)}, {made.rows} rows, {made.attachments} attachments, read back and found whole. SHA-256 {made.sha256}",
            f"{made.path}：{filesizeformat(made.size)}，{made.rows} 行数据，{made.attachments} 个附件，已回读核对无误。",
        )
        self.stdout.write(f"{signing.SAID}{made.signed_by}")
        for digest in made.missing:
            self._say(f"Attachment {digest} has no file: it was lost before this backup.", f"附件 {digest} 没有文件：在本次备份之前就已丢失。")
        for digest in made.damaged:
            self._say(f"Attachment {digest} is not what was stored: its disk altered it.", f"附件 {digest} 与存入时不同：磁盘上的内容已被改变。")
        for name in made.pruned:
            self._say(f"{name}: deleted, the rule keeps it no longer.", f"{name}：按保留规则已删除。")

    def _new_key(self) -> None:
        identity = keys.make()
        self._say(
            "This is the private key. It is shown once and kept nowhere here: write it into a file on another machine, and a copy on paper into a safe.",
            "以下是私钥，只显示这一次，本机不保存：请写入另一台机器上的文件，并打印一份存入保险柜。",
        )
        # In the file with the private key, a restore knows by it who has to have written a backup.
        self.stdout.write(f"# public key: {identity.to_public()}\n{signing.SAID}{signing.make()}\n{identity}")

    def _verify(self, path: Path, identity: Path) -> None:
        size = max(path.stat().st_size, 1) if path.exists() else 1
        held = keys.read_file(identity)
        found = Check(path).run(held.identities, lambda done: self._show(100 * done // size))
        if held.signers:
            signing.require(path, found.signed_by, held.signers)
        rows = sum(found.manifest["database"]["rows"].values())
        number = found.manifest["attachments"]["number"]
        moment = f"{localtime(datetime.fromisoformat(found.about['made_at'])):%Y-%m-%d %H:%M:%S}"
        self._say(
            f"{path} is whole: made at {moment}, {rows} rows, {number} attachments.",
            f"{path} 完整：制作于 {moment}，{rows} 行数据，{number} 个附件。",
        )
        self.stdout.write(f"{signing.SAID}{found.signed_by or '-'}")
        audit.record(None, "backup.verified", file=path.name, rows=rows, attachments=number, signed_by=found.signed_by)

    def _show(self, percent: int) -> None:
        # Over and over on one line, and only to somebody who looks.
        if self.stderr.isatty():
            self.stderr.write(f"\r{percent:3} %", ending="\n" if percent == 100 else "")

    def _say(self, english: str, chinese: str) -> None:
        self.stdout.write(f"{english}\n{chinese}")
