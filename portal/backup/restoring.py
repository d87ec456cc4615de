"""Restoring a backup: read whole before anything is touched, into a database beside the one that is there, which takes its place at the very end."""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from knox.models import AuthToken
from psycopg2 import errors, sql

from portal.accounts.models import Device
from portal.backup import container, programs, refusals, secret, settling, signing
from portal.backup.checking import Check
from portal.backup.keys import Identity
from portal.foundation import archiving, attachments, audit, clock, epochs, jobs, ownership
from portal.housekeeping import KIND as HOUSEKEEPING
from portal.runtime.postgres import wait_for

# Told how far it is, in per cent.
Progress = Callable[[int], None]
# The database from which others are made and renamed; every server has it.
MAINTENANCE: Final = "postgres"
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
# Seconds.
LEAVING: Final = 3
# Reading to check, of a hundred.
_CHECKED: Final = 40
_STORED: Final = 95


@dataclass(frozen=True)
class Restored:
    """What was restored.

    Attributes:
        made_at: the moment that the portal is back at, ISO 8601.
        put_aside: the database that was there before, empty when there was nothing in it.
        secret: what became of the key that signs sessions and encrypts second factors.
    """

    made_at: str
    rows: int
    attachments: int
    tokens_ended: int
    put_aside: str
    secret: secret.Outcome


def restore(
    path: Path,
    identities: list[Identity],
    *,
    signers: list[str] | None,
    replace: bool = False,
    keep_tokens: bool = False,
    progress: Progress = lambda _percent: None,
) -> Restored:
    """Bring the portal back to the moment of a backup, in the database of the settings, which nobody else uses meanwhile.

    Args:
        signers: public keys of the portals of which one has to have written it; None takes it from anybody.
        replace: put a database that is in use aside, and keep it.
        keep_tokens: let tokens of other systems go on, also those that were taken back after the backup.

    Raises:
        BackupError: in one sentence, why not; everything is as it was.
    """
    size = max(path.stat().st_size, 1) if path.exists() else 1
    checked = Check(path).run(identities, lambda done: progress(_CHECKED * done // size))
    if signers is not None:
        signing.require(path, checked.signed_by, signers)
    name = str(connection.settings_dict["NAME"])
    with _maintenance(name) as maintenance:
        target = _Target(maintenance, name)
        was_used = target.is_used()
        if was_used and not replace:
            raise refusals.not_empty(name)
        target.refuse_in_use()
        with target.beside() as beside, _Files() as files:
            receiver = _Receiver(beside, files)
            if receiver.run(path, identities, lambda done: progress(_CHECKED + (_STORED - _CHECKED) * done // size)) != checked:
                raise refusals.damaged(path, "replaced meanwhile")
            with _using(beside):
                tokens = _made_ready(path, checked, keep_tokens=keep_tokens)
                epoch = epochs.current()
            files.settle()
            settling.note(epoch=epoch, secret_key=checked.secret_key)
            try:
                aside = target.take_place(beside)
            except refusals.BackupError:
                settling.forget()
                raise
            except Error as error:
                # Nobody knows whether it was done; files that nothing names do no harm, and missing ones would.
                files.keep()
                raise refusals.broken_off(name) from error
            files.keep()
            if not was_used:
                target.forget(aside)
    outcome = settling.settle() or secret.Outcome.SAME
    progress(100)
    rows = sum(checked.manifest["database"]["rows"].values())
    put_aside = aside if was_used else ""
    return Restored(checked.about["made_at"], rows, checked.manifest["attachments"]["number"], tokens, put_aside, outcome)


# --- The server ---------------------------------------------------------------------------------------------------------


@contextmanager
def _using(name: str) -> Iterator[None]:
    """Use another database of the same server, as the application and as the owner."""
    mine, owner = connection.settings_dict, settings.DATABASE_OWNER
    connection.close()
    connection.settings_dict = mine | {"NAME": name}
    settings.DATABASE_OWNER = owner | {"NAME": name} if owner else owner
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict, settings.DATABASE_OWNER = mine, owner


@contextmanager
def _maintenance(name: str) -> Iterator[BaseDatabaseWrapper]:
    """Hold a connection from which databases are made and renamed, and the right to restore into the one called `name`."""
    with _using(MAINTENANCE), ownership.as_owner():
        held = connection.copy()
    try:
        try:
            held.ensure_connection()
        except Error as error:
            raise refusals.away(str(error).strip().splitlines()[0]) from error
        with held.cursor() as cursor:
            cursor.execute(_LOCK, [f"restore {name}"])
            if not cursor.fetchone()[0]:
                raise refusals.another_restores()
        yield held
    finally:
        held.close()


class _Target:
    """The database that is restored."""

    def __init__(self, maintenance: BaseDatabaseWrapper, name: str) -> None:
        self._maintenance, self._name = maintenance, name

    def is_used(self) -> bool:
        """Tell whether it holds anything that somebody entered."""
        with ownership.as_owner(), connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(name) IS NOT NULL FROM unnest(ARRAY['accounts_user', 'branches_branch']) AS name")
            if not all(there for (there,) in cursor.fetchall()):
                # Tables of something else are no empty portal.
                cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'public')")
            else:
                cursor.execute("SELECT EXISTS (SELECT 1 FROM accounts_user) OR EXISTS (SELECT 1 FROM branches_branch)")
            return bool(cursor.fetchone()[0])

    def refuse_in_use(self) -> None:
        """Refuse while anybody else is connected: what they write would be lost.

        Raises:
            BackupError: somebody is.
        """
        connection.close()
        # A connection that was closed just now, our own too, needs a moment to be gone.
        if not wait_for(lambda: not self._others(), LEAVING):
            raise refusals.in_use(self._name, self._others())

    def _others(self) -> int:
        with self._maintenance.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'", [self._name])
            return int(cursor.fetchone()[0])

    @contextmanager
    def beside(self) -> Iterator[str]:
        """Make an empty database to restore into, and drop it unless it took the place of the other."""
        beside = f"{self._name}_restoring"
        self._drop(beside)
        try:
            self._run("CREATE DATABASE {} TEMPLATE template0" + self._locale(), beside)
        except Error as error:
            if isinstance(error.__cause__, errors.InsufficientPrivilege):
                raise refusals.may_not_make(str(self._maintenance.settings_dict["USER"])) from error
            raise refusals.not_restored(str(error).strip().splitlines()[0]) from error
        try:
            yield beside
        except (Error, OSError) as error:
            raise refusals.not_restored(str(error).strip().splitlines()[0]) from error
        finally:
            connection.close()
            # Where the server is gone, the next restore does it.
            with suppress(Error):
                self._drop(beside)

    def take_place(self, beside: str) -> str:
        """Let the restored database take the place of the one that is there, both or neither; return the new name of that one.

        Raises:
            BackupError: it was not done, somebody uses one of them.
            Error: nobody knows whether it was done.
        """
        aside = f"{self._name}_before_{clock.now():%Y%m%d_%H%M%S}"
        connection.close()
        try:
            with self._maintenance.cursor() as cursor:
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                steps = (rename.format(sql.Identifier(old), sql.Identifier(new)) for old, new in ((self._name, aside), (beside, self._name)))
                cursor.execute(sql.SQL("; ").join([sql.SQL("BEGIN"), *steps, sql.SQL("COMMIT")]))
        except Error as error:
            with suppress(Error), self._maintenance.cursor() as cursor:
                cursor.execute("ROLLBACK")
            if isinstance(error.__cause__, errors.ObjectInUse):
                raise refusals.in_use(self._name, 1) from error
            raise
        return aside

    def forget(self, aside: str) -> None:
        """Drop an empty database that another took the place of; that it stays would do no harm."""
        with suppress(Error):
            self._drop(aside)

    def _drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {}", name)

    def _run(self, statement: str, name: str) -> None:
        with self._maintenance.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def _locale(self) -> str:
        """Return the locale of the database that is there: what is restored sorts and searches as before."""
        with self._maintenance.cursor() as cursor:
            cursor.execute("SELECT datlocprovider, quote_literal(datcollate), quote_literal(datctype) FROM pg_database WHERE datname = %s", [self._name])
            provider, collate, ctype = cursor.fetchone()
        return f" ENCODING 'UTF8' LC_COLLATE {collate} LC_CTYPE {ctype}" if provider == "c" else ""


# --- What is in the backup ----------------------------------------------------------------------------------------------


class _Files:
    """Attachments that were put where they belong; they go again unless they are kept. One that is there already, and is what it says, stays."""

    def __init__(self) -> None:
        self._added: list[Path] = []

    def __enter__(self) -> "_Files":
        settling.clear_archives()
        return self

    def __exit__(self, *_error: object) -> None:
        for path in self._added:
            path.unlink(missing_ok=True)

    def put(self, digest: str, content: Iterator[bytes]) -> None:
        """Store the content of an attachment."""
        if added := attachments.put_back(digest, content):
            self._added.append(added)

    def put_archive(self, name: str, content: Iterator[bytes]) -> None:
        """Store an archive of the audit log; one that is there under this name is the same month as some portal had it, and is kept beside."""
        folder = archiving.folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text, path = b"".join(content), folder / name
        if path.exists() and path.read_bytes() == text:
            return
        new = settling.waiting_archive(name)
        new.write_bytes(text)
        self._added.append(new)

    def settle(self) -> None:
        """Have everything on the disk before anything relies on it."""
        os.sync()

    def keep(self) -> None:
        """Let them stay; archives get their names when it is settled."""
        self._added = []


class _Receiver:
    """Hands the dump to `pg_restore`, and attachments to their folder."""

    def __init__(self, database: str, files: _Files) -> None:
        self._database, self._files = database, files
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `run`

    def run(self, path: Path, identities: list[Identity], came: Callable[[int], None]) -> container.Contents:
        """Read the backup once more, store it, and return what it said of itself this time.

        Raises:
            BackupError: it cannot be read any more, or PostgreSQL refuses it.
        """
        with self._errors:
            try:
                found = container.read(path, identities, self, came)
                self._finish()
            finally:
                if self._process is not None:
                    self._process.kill()
                    self._process.wait()
        return found

    def begin(self, _about: dict[str, Any]) -> None:
        """Start `pg_restore`. What belongs to whom, and who may do what, is set by the portal itself: roles are called otherwise elsewhere."""
        with _using(self._database), ownership.as_owner():
            connection.ensure_connection()
            version = connection.connection.server_version // 10000
            program = programs.fitting("pg_restore", version)
            options = ["--no-owner", "--no-privileges", "--exit-on-error"]
            self._process = programs.start(program, connection, *options, errors=self._errors, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def database(self, content: bytes) -> None:
        """Pass it on."""
        try:
            self._pipe.write(content)
        except BrokenPipeError as error:
            raise refusals.program_failed("pg_restore", programs.last_words(self._errors)) from error

    def attachment(self, digest: str, content: Iterator[bytes]) -> None:
        """Store it."""
        self._files.put(digest, content)

    def archive(self, name: str, content: Iterator[bytes]) -> None:
        """Store it."""
        self._files.put_archive(name, content)

    @property
    def _pipe(self) -> Any:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("contents before the beginning")
        return self._process.stdin

    def _finish(self) -> None:
        with suppress(BrokenPipeError):
            self._pipe.close()
        if self._process is None or self._process.wait() != 0:
            raise refusals.program_failed("pg_restore", programs.last_words(self._errors))


# --- What is different afterwards ---------------------------------------------------------------------------------------


def _made_ready(path: Path, checked: container.Contents, *, keep_tokens: bool) -> int:
    """Compare the restored database with what it has to hold, bring it up to this version, and let its new epoch begin; return how many tokens were ended."""
    with ownership.as_owner():
        _compare(path, checked.manifest)
    call_command("migrate", interactive=False, verbosity=0)
    with ownership.as_owner():
        with transaction.atomic():
            _begin_epoch(int(checked.manifest["next_transaction"]))
            import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects.all().delete()
            Device.objects.update(trusted_until=None)
            ended = 0 if keep_tokens else AuthToken.objects.all().delete()[0]
            # What was due to be erased since the backup is due again, at once.
            jobs.ask_for(HOUSEKEEPING)
            audit.record(None, "backup.restored", file=path.name, made_at=checked.about["made_at"], tokens_ended=ended)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return ended


def _compare(path: Path, manifest: dict[str, Any]) -> None:
    expected: dict[str, int] = manifest["database"]["rows"]
    with connection.cursor() as cursor:
        for table, rows in expected.items():
            cursor.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table)))
            if cursor.fetchone()[0] != rows:
                raise refusals.damaged(path, table)
        cursor.execute("SELECT DISTINCT sha256 FROM foundation_attachment WHERE thrown_away_at IS NULL")
        lost = {digest for (digest,) in cursor.fetchall() if not attachments.is_there(digest)}
    if lost - set(manifest["attachments"]["missing"]):
        raise refusals.damaged(path, "attachments")


def _begin_epoch(next_transaction: int) -> None:
    """Give the epoch a name that no other has, and number transactions on from where the backup was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (own,) = cursor.fetchone()
        # The name in letters and digits; nobody guesses it, nor does a backup that is restored twice get the same.
        cursor.execute(epochs.define(epoch=secrets.token_hex(8), counted_elsewhere=max(0, next_transaction - own)))
