"""The sizes of the web server and of the embedded PostgreSQL, computed from the machine."""

from pathlib import Path

import pytest

from portal.embedded import database_settings
from portal.runtime import tuning
from portal.runtime.tuning import Machine

GIB = 1024
MACHINES = [Machine(memory, cores) for memory in (512, 2 * GIB, 16 * GIB, 256 * GIB) for cores in (1, 2, 16)]
UNLIMITED = "9223372036854771712\n"


def mib(setting: str) -> int:
    assert setting.endswith("MB")
    return int(setting.removesuffix("MB"))


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        (Machine(512, 1), ("128MB", "256MB", "4MB", "32MB", "1024MB", "0", "44")),
        (Machine(2 * GIB, 2), ("512MB", "1024MB", "16MB", "128MB", "1024MB", "1", "44")),
        (Machine(16 * GIB, 2), ("4096MB", "8192MB", "64MB", "1024MB", "4096MB", "1", "44")),
        (Machine(256 * GIB, 16), ("16384MB", "131072MB", "64MB", "1024MB", "4096MB", "2", "76")),
    ],
)
def test_the_settings_fit_the_machine(machine: Machine, expected: tuple[str, ...]) -> None:
    settings = tuning.server_settings(machine)
    names = ("shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "max_wal_size", "max_parallel_workers_per_gather", "max_connections")

    assert tuple(settings[name] for name in names) == expected


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_on_every_machine_memory_suffices_when_every_web_thread_sorts_at_once(machine: Machine) -> None:
    settings = tuning.server_settings(machine)
    sorting = mib(settings["work_mem"]) * tuning.web_connections(machine)

    assert mib(settings["shared_buffers"]) + sorting <= machine.memory // 2
    assert mib(settings["maintenance_work_mem"]) <= machine.memory // 16
    assert mib(settings["shared_buffers"]) < mib(settings["effective_cache_size"]) <= machine.memory // 2
    assert int(settings["max_parallel_workers_per_gather"]) <= int(settings["max_parallel_workers"]) <= machine.cores


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_on_every_machine_web_server_and_worker_leave_connections_for_the_operator(machine: Machine) -> None:
    in_use = tuning.web_workers(machine) * tuning.THREADS + tuning.OTHER_CONNECTIONS

    assert in_use <= tuning.max_connections(machine) - tuning.RESERVE


def test_what_was_committed_is_kept_unless_the_server_is_thrown_away() -> None:
    assert set(tuning.durability(durable=True).values()) == {"on"}
    assert set(tuning.durability(durable=False).values()) == {"off"}
    assert tuning.durability(durable=True).keys() == {"fsync", "full_page_writes", "synchronous_commit"}


def limited(folder: Path, own: str, files: dict[str, str]) -> Machine:
    """Return what is left of 16 GiB and 8 cores below `folder` with the control group files `files`."""
    for name, content in files.items():
        (folder / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "groups" / name).write_text(content)
    (folder / "own").write_text(own)
    return tuning.limited(Machine(16 * GIB, 8), groups=folder / "groups", own=folder / "own")


def test_a_limit_of_our_own_control_group_holds(tmp_path: Path) -> None:
    files = {"system.slice/portal.service/memory.max": "1073741824\n", "system.slice/portal.service/cpu.max": "150000 100000\n"}

    assert limited(tmp_path, "0::/system.slice/portal.service\n", files) == Machine(GIB, 2)


def test_a_limit_further_up_holds_too_and_one_beside_us_does_not(tmp_path: Path) -> None:
    files = {
        "system.slice/memory.max": "4294967296\n",
        "system.slice/portal.service/memory.max": "max\n",
        "system.slice/portal.service/cpu.max": "max 100000\n",
        "system.slice/other.service/memory.max": "1073741824\n",
    }

    assert limited(tmp_path, "0::/system.slice/portal.service\n", files) == Machine(4 * GIB, 8)


def test_a_limit_of_version_1_holds_in_a_container_that_sees_only_the_root_of_its_tree(tmp_path: Path) -> None:
    files = {"memory/memory.limit_in_bytes": "2147483648\n", "cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}

    assert limited(tmp_path, "9:memory:/docker/0123\n4:cpu,cpuacct:/docker/0123\n", files) == Machine(2 * GIB, 4)


def test_without_limits_all_of_the_machine_counts(tmp_path: Path) -> None:
    files = {"memory/memory.limit_in_bytes": UNLIMITED, "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}

    assert limited(tmp_path, "9:memory:/\n4:cpu:/\n0::/\n", files) == Machine(16 * GIB, 8)
    assert tuning.limited(Machine(512, 1), groups=tmp_path / "none", own=tmp_path / "none") == Machine(512, 1)


@pytest.mark.parametrize("machine", MACHINES, ids=str)
@pytest.mark.parametrize("disk", [512, 2048, 10_000, 10_000_000])
def test_the_log_of_changes_never_takes_more_than_a_part_of_the_disk(machine: Machine, disk: int) -> None:
    limits = tuning.within_the_disk(machine, disk)
    assert mib(limits["max_wal_size"]) <= max(128, disk // 8)
    # Twice a segment is the least that the server takes.
    assert 32 <= mib(limits["min_wal_size"]) <= mib(limits["max_wal_size"]) // 4
    if disk > 40_000:
        assert limits.items() <= tuning.server_settings(machine).items()


def test_this_machine_has_memory_and_a_core() -> None:
    machine = tuning.this_machine()

    assert machine.memory > 0
    assert machine.cores > 0


@pytest.mark.parametrize("env", [{}, {"DATABASE_URL": "postgres://portal@db.example.org/portal"}])
@pytest.mark.parametrize("pooled", [False, True])
def test_connections_are_kept_and_looked_at_and_cursors_stay_away_from_a_pooler(tmp_path: Path, env: dict[str, str], pooled: bool) -> None:
    settings = database_settings(tmp_path, env, pooled=pooled)

    assert settings["CONN_MAX_AGE"] > 0
    assert settings["CONN_HEALTH_CHECKS"] is True
    assert settings["DISABLE_SERVER_SIDE_CURSORS"] is pooled
