"""Child processes that do not outlive us, and the processes that a killed run left behind."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000

# Loaded once, here: a fork of a threaded process must not import.
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to send this process `number` when its parent ends, however it ends. Linux only; elsewhere nothing."""
    if sys.platform == "linux":
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def before_exec(number: signal.Signals, *, mapped_user: int | None = None) -> Callable[[], None]:
    """Return a `preexec_fn`: the child dies with us by `number`, and sees itself as `mapped_user` if that is given."""

    def prepare() -> None:
        if mapped_user is not None:
            map_user(mapped_user)
        # Last: a change of identity clears it.
        die_with_parent(number)

    return prepare


def map_user(user: int) -> None:
    """Move this process into a user namespace in which it is `user`, not root. Raises OSError where that is forbidden."""
    real_user, real_group = os.geteuid(), os.getegid()
    if _LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "user namespaces are not allowed here")
    for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {real_user} 1"), ("gid_map", f"{user} {real_group} 1")):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(fd, content.encode())
        finally:
            os.close(fd)


def catches(pid: int, number: signal.Signals) -> bool:
    """Tell whether the process `pid` has a handler for `number`. Linux only; elsewhere no."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def is_alive(pid: int) -> bool:
    """Tell whether `pid` is a process that has not ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    if sys.platform == "linux":
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def working_in(folder: Path) -> Iterator[int]:
    """Yield the processes of PostgreSQL whose working folder is `folder`, as the server and all its backends have it."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().strip() == "postgres" and (entry / "cwd").readlink() == folder:
                yield int(entry.name)
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
