"""Reading a whole backup without keeping anything of it: is every byte there, can PostgreSQL read the dump, and do we know its schema."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db.migrations.loader import MigrationLoader

from portal.backup import container, programs, refusals
from portal.backup.keys import Identity


class Check:
    """One reading of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `run`

    def run(self, identities: list[Identity], came: Callable[[int], None] = lambda _bytes: None) -> container.Contents:
        """Read the file to its end and return what it says of itself.

        Raises:
            BackupError: it is no backup, opens with another key, was cut short or altered, or comes from a newer portal.
        """
        with self._errors:
            try:
                contents = container.read(self._path, identities, self, came)
                self._finish()
            finally:
                if self._process is not None:
                    self._process.kill()
                    self._process.wait()
        return contents

    def begin(self, about: dict[str, Any]) -> None:
        """Refuse what is newer; let PostgreSQL read the dump as it comes, and write what it would do nowhere."""
        refuse_newer(self._path, about)
        program = programs.fitting("pg_restore", int(about["postgresql"]))
        self._process = programs.run([program, "--file=/dev/null"], errors=self._errors, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def database(self, content: bytes) -> None:
        """Pass it on."""
        if self._process is None or self._process.stdin is None:
            raise refusals.no_backup(self._path)
        try:
            self._process.stdin.write(content)
        except BrokenPipeError as error:
            raise refusals.damaged(self._path, programs.last_words(self._errors)) from error

    def attachment(self, _digest: str, content: Iterator[bytes]) -> None:
        """Read it."""
        for _chunk in content:
            pass

    archive = attachment

    def _finish(self) -> None:
        if self._process is None or self._process.stdin is None:
            raise refusals.no_backup(self._path)
        try:
            self._process.stdin.close()
        except BrokenPipeError as error:
            raise refusals.damaged(self._path, programs.last_words(self._errors)) from error
        if self._process.wait() != 0:
            raise refusals.damaged(self._path, programs.last_words(self._errors))


def refuse_newer(path: Path, about: dict[str, Any]) -> None:
    """Refuse a backup whose database knows steps that this portal does not.

    Raises:
        BackupError: it does.
    """
    known = MigrationLoader(None).disk_migrations
    # What was squashed since is known by the name of what replaces it.
    ours = {f"{app}.{name}" for key, migration in known.items() for app, name in (key, *migration.replaces)}
    if unknown := sorted(set(about.get("schema", ())) - ours):
        raise refusals.newer(path, unknown[0])
