"""Whom to kill: the processes of a running portal, found as the kernel knows them."""

from collections.abc import Callable
from pathlib import Path

from tests.runtime.portals import Portal


def children(pid: int) -> dict[int, str]:
    """Return the processes that `pid` started, with their command lines."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def web_master(portal: Portal) -> int:
    """Return gunicorn itself."""
    return next(pid for pid, command in children(portal.process.pid).items() if "gunicorn" in command)


def web_worker(portal: Portal) -> int:
    """Return one of the processes that answer requests."""
    return next(iter(children(web_master(portal))))


def database(portal: Portal) -> int:
    """Return PostgreSQL itself."""
    pid = portal.server_pid()
    # The file may still name the one killed last.
    if Path(f"/proc/{pid}/comm").read_text().strip() != "postgres":
        raise ProcessLookupError(pid)
    return pid


def database_backend(portal: Portal) -> int:
    """Return a process of PostgreSQL that serves one of our connections."""
    return next(pid for pid, command in children(database(portal)).items() if command.startswith("postgres: portal"))


def worker(portal: Portal) -> int:
    """Return the worker of the queue."""
    return next(pid for pid, command in children(portal.process.pid).items() if "manage.py work" in command)


VICTIMS: dict[str, Callable[[Portal], int]] = {
    "a worker of the web server": web_worker,
    "the web server": web_master,
    "a connection's process in PostgreSQL": database_backend,
    "PostgreSQL": database,
    "the portal": lambda portal: portal.process.pid,
}
