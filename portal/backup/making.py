"""Making a backup: one moment of the database, the attachments that it names, encrypted into one file that is read back before it gets its name."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2 import sql

from portal.backup import container, keeping, keys, programs, refusals, signing
from portal.backup.checking import Check
from portal.backup.container import Part
from portal.foundation import archiving, audit, clock

# Told how far it is, in per cent.
Progress = Callable[[int], None]
_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('backup', 0))"
_CHUNK: Final = 1 << 18
# A dump is about so much smaller than the tables; only for showing how far it is.
_SMALLER: Final = 8


@dataclass(frozen=True)
class Made:
    """A backup that was just made.

    Attributes:
        sha256: of the file, for whoever copies it elsewhere.
        signed_by: the public key of this portal.
        missing, damaged: attachments whose file is not there, or is not what it was: nothing that a backup can mend.
        pruned: the names of backups that the rule does not keep any more.
    """

    path: Path
    made_at: datetime
    size: int
    sha256: str
    rows: int
    attachments: int
    missing: list[str]
    damaged: list[str]
    pruned: list[str]
    signed_by: str


def make(to: Path | None = None, progress: Progress = lambda _percent: None) -> Made:
    """Make a backup in a folder, by default the one of the settings, where those that the rule does not keep are then deleted.

    Raises:
        BackupError: in one sentence, why not; nothing is left of the try, and earlier backups are untouched.
    """
    recipients = keys.recipients()
    if settings.DATABASES["default"].get("DISABLE_SERVER_SIDE_CURSORS"):
        raise refusals.pooled()
    where = (to or keeping.folder()).expanduser().resolve()
    _prepare(where)
    made_at = clock.now()
    with _moment() as moment, moment.held() as held:
        part = where / f"{keeping.name_of(made_at)}.{os.getpid()}{keeping.UNFINISHED}"
        try:
            made = _written(part, made_at, moment, held, recipients, progress)
        except OSError as error:
            raise refusals.unwritable(where, error.strerror or str(error)) from error
        finally:
            part.unlink(missing_ok=True)
    audit.record(
        None,
        "backup.made",
        file=made.path.name,
        bytes=made.size,
        sha256=made.sha256,
        signed_by=made.signed_by,
        rows=made.rows,
        attachments=made.attachments,
        missing=len(made.missing),
        damaged=len(made.damaged),
        pruned=made.pruned,
    )
    progress(100)
    return made


def _prepare(where: Path) -> None:
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        keeping.clear_left_over(where)
        keys.refuse_beside(where)
    except OSError as error:
        raise refusals.unwritable(where, error.strerror or str(error)) from error


class _Moment:
    """The database as it stands at one moment, by a transaction that stays open for as long as it is read."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.database = database
        self.about = self._about()
        self.rows = self._rows()
        (self.snapshot,) = self._row("SELECT pg_export_snapshot()")
        # Every number of a transaction that the moment knows is below it.
        (self.next_transaction,) = self._row("SELECT split_part(foundation_snapshot(), ':', 2)::bigint")
        (self.size,) = self._row("SELECT pg_database_size(current_database())")
        self.attachments = self._all("SELECT sha256, max(size) FROM foundation_attachment WHERE thrown_away_at IS NULL GROUP BY 1 ORDER BY 1")

    @contextmanager
    def held(self) -> Iterator[Path]:
        """Hold the attachments by a link each, so that what is thrown away meanwhile is still there; nobody has to wait for the backup."""
        root = Path(settings.MEDIA_ROOT)
        root.mkdir(parents=True, exist_ok=True)
        keeping.clear_held(root)
        held = Path(tempfile.mkdtemp(dir=root, prefix=keeping.HELD))
        try:
            self._link(root, held)
            yield held
        finally:
            shutil.rmtree(held, ignore_errors=True)

    def _link(self, root: Path, held: Path) -> None:
        for digest, _size in self.attachments:
            try:
                os.link(root / digest[:2] / digest, held / digest)
            except FileNotFoundError:
                continue  # told as missing, unless it was thrown away just now
            except OSError as error:
                if error.errno in keeping.NO_LINKS:
                    return  # they are read where they lie
                raise refusals.unwritable(held, error.strerror or str(error)) from error

    def gone_since(self, digest: str) -> bool:
        """Tell whether an attachment was thrown away after the moment."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT NOT EXISTS (SELECT 1 FROM foundation_attachment WHERE sha256 = %s AND thrown_away_at IS NULL)", [digest])
            return bool(cursor.fetchone()[0])

    def _about(self) -> dict[str, Any]:
        (version, name, epoch) = self._row("SELECT current_setting('server_version_num')::int, current_database(), foundation_epoch()")
        schema = self._all("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        return {
            "product": container.PRODUCT,
            "format": container.FORMAT,
            "made_at": clock.now().isoformat(),
            "database": name,
            "postgresql": version // 10000,
            "epoch": epoch,
            "schema": [migration for (migration,) in schema],
        }

    def _rows(self) -> dict[str, int]:
        tables = [name for (name,) in self._all("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
        with self.database.cursor() as cursor:
            counts = {}
            for name in tables:
                cursor.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(name)))
                (counts[name],) = cursor.fetchone()
        return counts

    def _row(self, query: str) -> tuple[Any, ...]:
        (row,) = self._all(query)
        return row

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextmanager
def _moment() -> Iterator[_Moment]:
    """Hold one moment of the database, and the right to make a backup of it.

    Raises:
        BackupError: the database is away, or another backup is being made.
    """
    database = connection.copy()
    try:
        try:
            database.ensure_connection()
        except OperationalError as error:
            raise refusals.away(str(error).strip().splitlines()[0]) from error
        database.set_autocommit(False)
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(_LOCK)
            if not cursor.fetchone()[0]:
                raise refusals.another_runs()
        yield _Moment(database)
    finally:
        database.close()


def _written(part: Path, made_at: datetime, moment: _Moment, held: Path, recipients: list[keys.Recipient], progress: Progress) -> Made:
    """Write a backup, read it back, and give it its name."""
    # It opens the file for as long as this process lives, and is then known to nobody: so the file is read back as its owner would.
    once = keys.generate()
    signed_by = signing.make()
    files = _Files(held)
    expected = moment.size // _SMALLER + sum(size for _digest, size in moment.attachments) + 1
    # Writing and reading back take about as long.
    shown = _steps(progress)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        fcntl.flock(target, fcntl.LOCK_EX)
        content = container.packed(container.signed(_parts(moment, files)), moment=int(made_at.timestamp()))
        digest = container.encrypt(content, target, [*recipients, once.to_public()], lambda done: shown(min(49, 49 * done // expected)))
        target.flush()
        os.fsync(target.fileno())
        if hasattr(os, "posix_fadvise"):
            # From the disk, and not from what the system still remembers of it.
            os.posix_fadvise(target.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        size = part.stat().st_size
        found = Check(part).run([once], lambda done: shown(50 + 49 * done // size))
        if _digest_of(part) != digest or found.manifest["database"]["rows"] != moment.rows or found.signed_by != signed_by:
            raise refusals.damaged(part, "read back")
        path = keeping.give_name(part, made_at)
    # A folder that was named for this once belongs to whoever named it.
    pruned = keeping.prune(path.parent, path) if path.parent == keeping.folder().resolve() else []
    gone = [name for name in files.missing if moment.gone_since(name)]
    missing = [name for name in files.missing if name not in gone]
    names = [backup.path.name for backup in pruned]
    return Made(path, made_at, size, digest, sum(moment.rows.values()), files.number, missing, list(files.damaged), names, signed_by)


class _Files:
    """The attachments on their way into a backup."""

    def __init__(self, held: Path) -> None:
        self._held = held
        self.number = 0
        self.missing: list[str] = []
        self.damaged: dict[str, str] = {}
        self.names = sha256()

    def part(self, digest: str) -> Part | None:
        """Return an attachment as it lies on the disk; None when it does not."""
        for path in (self._held / digest, self._held.parent / digest[:2] / digest):
            if path.is_file():
                self.number += 1
                self.names.update(digest.encode())
                return Part(f"attachments/{digest[:2]}/{digest}", path.stat().st_size, self._content(path, digest))
        self.missing.append(digest)
        return None

    def _content(self, path: Path, named: str) -> Iterator[bytes]:
        found = sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
                yield chunk
        if found.hexdigest() != named:
            self.damaged[named] = found.hexdigest()


def _parts(moment: _Moment, files: _Files) -> Iterator[Part]:
    """Yield what a backup holds, in its order."""
    yield container.note(container.ABOUT, moment.about)
    digest, size = sha256(), 0
    for piece in _dumped(moment):
        for content in piece.content:
            digest.update(content)
            size += len(content)
        yield piece
    for name, _size in moment.attachments:
        if part := files.part(name):
            yield part
    archives: dict[str, str] = {}
    for path in sorted(archiving.folder().glob("*.jsonl.gz")):
        yield _archived(path, archives)
    key = settings.SECRET_KEY.encode()
    yield Part(container.SECRET_KEY, len(key), [key])
    yield container.note(
        container.MANIFEST,
        {
            "database": {"bytes": size, "sha256": digest.hexdigest(), "rows": moment.rows},
            "archives": archives,
            "next_transaction": moment.next_transaction,
            "attachments": {"number": files.number, "names_sha256": files.names.hexdigest(), "damaged": files.damaged, "missing": files.missing},
        },
    )


def _archived(path: Path, archives: dict[str, str]) -> Part:
    """Return an archive of the audit log, one of few and small files, which are never changed."""
    content = path.read_bytes()
    archives[path.name] = sha256(content).hexdigest()
    return Part(f"audit-archive/{path.name}", len(content), [content])


def _dumped(moment: _Moment) -> Iterator[Part]:
    """Yield the dump of the moment; PostgreSQL compresses it, so nothing else does."""
    program = programs.fitting("pg_dump", moment.about["postgresql"])
    with tempfile.TemporaryFile() as errors:
        options = ["--format=custom", f"--snapshot={moment.snapshot}", "--lock-wait-timeout=60s"]
        process = programs.start(program, moment.database, *options, errors=errors, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            output: IO[bytes] = process.stdout  # type: ignore[assignment] # it is a pipe
            with output:
                yield from container.pieces(output)
            if process.wait() != 0:
                raise refusals.program_failed("pg_dump", programs.last_words(errors))
        finally:
            process.kill()
            process.wait()


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        found = sha256()
        while chunk := file.read(_CHUNK):
            found.update(chunk)
        return found.hexdigest()


def _steps(progress: Progress) -> Progress:
    """Tell each per cent once."""
    last = -1

    def told(percent: int) -> None:
        nonlocal last
        if percent > last:
            last = percent
            progress(percent)

    return told
