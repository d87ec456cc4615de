"""A portal to start, and folders to start it on."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.runtime.postgres import wait_for
from portal.runtime.processes import is_alive
from tests.runtime.portals import Portal, free_port, open_folder

Start = Callable[..., Portal]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that a first start has prepared; tests get copies of it."""
    folder = open_folder(tmp_path_factory.mktemp("prepared"))
    portal = Portal(folder / "var", free_port()).ready()
    portal.stop()
    portal.close()
    return portal.data_dir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder that other users can pass through."""
    return open_folder(tmp_path)


@pytest.fixture
def data_dir(prepared: Path, folder: Path) -> Path:
    """A prepared data folder."""
    # cp, because shutil forgets owners.
    subprocess.run(["cp", "-a", prepared, folder / "var"], check=True)
    return folder / "var"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(data_dir: Path, port: int) -> Iterator[Start]:
    """Start a portal on the prepared folder, or as told; all are ended after the test."""
    started: list[Portal] = []

    def start_one(**options: Any) -> Portal:
        started.append(Portal(options.pop("data_dir", data_dir), options.pop("port", port), **options))
        return started[-1]

    yield start_one
    for portal in started:
        family = portal.family()
        if portal.process.poll() is None:
            portal.process.terminate()
            portal.process.wait(60)
        portal.close()
        assert wait_for(lambda family=family: not any(is_alive(pid) for pid in family), 15), "processes are left over"  # type: ignore[misc]
