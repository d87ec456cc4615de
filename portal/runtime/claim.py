"""What one running portal holds alone: its data folder and its port."""

import contextlib
import errno
import fcntl
import os
import socket
import time
from pathlib import Path

from portal.runtime import sentences

# Seconds. A portal that is going down is waited for; one that runs is not, but one just killed needs a moment to show it.
STOPPING = 20
JUST_KILLED = 2
ORPHANS = 10


class Claim:
    """The lock on a data folder, which the kernel gives back however its holder ends."""

    def __init__(self, data_dir: Path) -> None:
        """Take the lock, or raise CannotStartError when another portal keeps it."""
        self._data_dir = data_dir
        self._fd = os.open(data_dir / "portal.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._lock()
        # A clean end leaves the file empty.
        self.after_crash = bool(self._read())
        self._write(str(os.getpid()))

    def stopping(self) -> None:
        """Let the next start know that the lock is free soon."""
        self._write(f"{os.getpid()} stopping")

    def release(self) -> None:
        """Give the folder back after a clean end."""
        self._write("")
        os.close(self._fd)

    def _lock(self) -> None:
        began = time.monotonic()
        while True:
            try:
                return fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise sentences.unwritable(self._data_dir, error.strerror or str(error)) from error
            holder, _, state = self._read().partition(" ")
            if time.monotonic() - began > (STOPPING if state else JUST_KILLED):
                raise sentences.already_running(self._data_dir, holder)
            time.sleep(0.1)

    def _read(self) -> str:
        return os.pread(self._fd, 100, 0).decode()

    def _write(self, text: str) -> None:
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, text.encode(), 0)


def listen(port: int, *, after_crash: bool) -> socket.socket:
    """Return a socket that listens on 127.0.0.1, for the web server to serve.

    After a crash the orphans of the last run may keep the port for a moment; they are waited for.

    Raises:
        CannotStartError: another program has the port, or the system forbids it.
    """
    began = time.monotonic()
    while True:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(1024)
        except OSError as error:
            with contextlib.suppress(OSError):
                listener.close()
            if error.errno != errno.EADDRINUSE:
                raise sentences.port_forbidden(port, error.strerror or str(error)) from error
            if not after_crash or time.monotonic() - began > ORPHANS:
                raise sentences.port_taken(port) from error
            time.sleep(0.2)
        else:
            return listener
