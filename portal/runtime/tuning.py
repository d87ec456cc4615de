"""How big the parts of a running portal are, from the machine it runs on: the web server, and the embedded PostgreSQL behind it.

Why these values: docs/decisions/database-settings.md. Nothing here touches the database or Django's settings.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
THREADS = 8
# The worker and the start itself, which migrates.
OTHER_CONNECTIONS = 2
# For manage.py, psql and pg_dump while the portal is busy.
RESERVE = 10


@dataclass(frozen=True)
class Machine:
    """What we may use of the machine: MiB of memory and processor cores."""

    memory: int
    cores: int


def this_machine() -> Machine:
    """Return what this process may use: less than the hardware has in a container or under a service manager's limit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return limited(Machine(memory // MIB, available))


def limited(hardware: Machine, *, groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Machine:
    """Return what the control groups of Linux (version 1 or 2) leave of `hardware`; all of it where there are none."""
    memory, cores = hardware.memory, hardware.cores
    for folder in _own_groups(groups, own):
        for name in ("memory.max", "memory.limit_in_bytes"):
            if limit := _numbers(folder / name):
                memory = min(memory, limit[0] // MIB)
        quota = _numbers(folder / "cpu.max") or _numbers(folder / "cpu.cfs_quota_us") + _numbers(folder / "cpu.cfs_period_us")
        if len(quota) == 2 and quota[0] > 0 and quota[1] > 0:
            cores = min(cores, -(-quota[0] // quota[1]))
    return Machine(memory, max(1, cores))


def web_workers(machine: Machine) -> int:
    """Return the number of the web server's processes, each with `THREADS` threads: two at least, so that one may be started again."""
    return min(4, max(2, machine.cores))


def web_connections(machine: Machine) -> int:
    """Return how many connections the web server holds at most: Django keeps one a thread."""
    return web_workers(machine) * THREADS


def max_connections(machine: Machine) -> int:
    """Return how many connections the embedded server admits.

    The web server counts twice: when it was killed, its statements may still run to their end while the next one begins.
    """
    return 2 * web_connections(machine) + OTHER_CONNECTIONS + RESERVE


def server_settings(machine: Machine) -> dict[str, str]:
    """Return the settings of an embedded PostgreSQL that shares `machine` with the portal's own processes."""
    memory, cores = machine.memory, machine.cores
    log_limit = _between(1024, memory // 2, 4096)
    return {
        "max_connections": str(max_connections(machine)),
        # The customary quarter. More than 16 GiB only makes checkpoints longer: a province with its indexes fits.
        "shared_buffers": f"{_between(64, memory // 4, 16 * 1024)}MB",
        # Planning only. The web server and the worker need their part, so not the customary three quarters.
        "effective_cache_size": f"{_between(128, memory // 2, 512 * 1024)}MB",
        # An eighth of the memory if every web thread sorts at once.
        "work_mem": f"{_between(4, memory // 8 // web_connections(machine), 64)}MB",
        # For indexes and the vacuum; up to three vacuums may take it at once.
        "maintenance_work_mem": f"{_between(32, memory // 16, 1024)}MB",
        # The log of a bulk load without a checkpoint every few seconds; replaying it after a crash has to end within RECOVERY.
        "max_wal_size": f"{log_limit}MB",
        "min_wal_size": f"{log_limit // 4}MB",
        # A page is written whole on its first change after a checkpoint: fewer checkpoints are less to write.
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        # Our statements are short: compiling one takes longer than running it.
        "jit": "off",
        # On an SSD, and with most pages cached anyway, reading by index costs hardly more than reading on.
        "random_page_cost": "1.1",
        # The threads of the web server keep the cores busy; one page must not take them all.
        "max_parallel_workers_per_gather": str(min(2, cores // 2)),
        # Starting one takes some ten milliseconds: too long for a page that is read in as many.
        "parallel_setup_cost": "5000",
        "max_parallel_maintenance_workers": str(min(2, cores // 2)),
        "max_parallel_workers": str(min(8, cores)),
        # The defaults wait for a tenth or a fifth of the table. With ten million rows, today would be unknown to the planner for days.
        "autovacuum_analyze_scale_factor": "0.02",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_vacuum_insert_scale_factor": "0.05",
    }


def within_the_disk(machine: Machine, disk: int) -> dict[str, str]:
    """Return how large the write-ahead log may grow on a disk of `disk` MiB: an eighth of it, or it would fill a small one by itself and stop the server."""
    log_limit = min(_between(1024, machine.memory // 2, 4096), max(128, disk // 8))
    return {"max_wal_size": f"{log_limit}MB", "min_wal_size": f"{log_limit // 4}MB"}


def statistics(programs: Path) -> dict[str, str]:
    """Return what lets the server count its statements by their shape, values left out; nothing where it came without the extension."""
    extension = programs.parent / "share" / "extension" / "pg_stat_statements.control"
    if not extension.exists():
        return {}
    # Of commands such as SET and ALTER ROLE the words would be kept as they are.
    return {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track_utility": "off", "pg_stat_statements.max": "2000"}


def log_settings() -> dict[str, str]:
    """Return what keeps names and phones out of the server's log: its errors name the row, and statements are sent with their values in them.

    The portal writes both itself, without these. What is left are starts, stops, checkpoints, waits for locks and what keeps anybody from connecting.
    """
    return {
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
        "log_statement": "none",
        "log_min_error_statement": "panic",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_checkpoints": "on",
        "log_autovacuum_min_duration": "10s",
    }


def durability(*, durable: bool) -> dict[str, str]:
    """Return the settings that keep what was committed; all off for the throw-away server of a test run."""
    value = "on" if durable else "off"
    return {"fsync": value, "full_page_writes": value, "synchronous_commit": value}


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))


def _own_groups(groups: Path, own: Path) -> Iterator[Path]:
    """Yield the folders of the control groups that we are in, with all above them, which limit us too."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _number, names, path = line.split(":", 2)
        # Version 2 has one tree and no names; version 1 a tree for each controller.
        for tree in [groups / name for name in names.split(",")] if names else [groups, groups / "unified"]:
            folder = tree / path.lstrip("/")
            # Inside a container the path may be the host's, and only the tree's root be there: the way up ends with it.
            yield from (above for above in (folder, *folder.parents) if above.is_relative_to(tree))


def _numbers(file: Path) -> list[int]:
    """Return the numbers in `file`; none where there is no file, or no limit."""
    try:
        words = file.read_text().split()
    except OSError:
        return []
    return [int(word) for word in words] if all(word.lstrip("-").isdecimal() for word in words) else []
