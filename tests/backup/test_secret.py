"""What becomes of the secret of a backup."""

from pathlib import Path
from typing import Any

import pytest

from portal.backup import secret, settling
from portal.backup.secret import Outcome
from portal.foundation import epochs

OTHER = "b" * 64


@pytest.fixture
def data_dir(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR, settings.SECRET_KEY = tmp_path, "a" * 64
    return tmp_path


def held(folder: Path) -> dict[str, str]:
    return {path.name.partition("-")[0]: path.read_text() for path in folder.iterdir()}


def test_the_secret_of_the_backup_takes_the_place_of_the_one_made_here_which_is_kept_beside(data_dir: Path) -> None:
    (data_dir / "secret_key").write_text("a" * 64)
    assert secret.put_back(OTHER) is Outcome.PUT_BACK
    assert held(data_dir) == {"secret_key": OTHER, "secret_key.before": "a" * 64}
    assert (data_dir / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_same_secret_changes_nothing(data_dir: Path) -> None:
    (data_dir / "secret_key").write_text("a" * 64)
    assert secret.put_back("a" * 64) is Outcome.SAME
    assert held(data_dir) == {"secret_key": "a" * 64}


def test_where_the_environment_names_another_secret_it_lies_beside_to_be_set(data_dir: Path) -> None:
    assert secret.put_back(OTHER) is Outcome.SET_IT
    assert held(data_dir) == {"secret_key.restored": OTHER}


@pytest.mark.django_db
def test_the_last_steps_of_a_restore_are_taken_for_the_restored_database_alone(data_dir: Path) -> None:
    (data_dir / "secret_key").write_text("a" * 64)
    assert settling.settle() is None
    settling.note(epoch="another", secret_key=OTHER)
    assert settling.settle() is None
    assert held(data_dir) == {"secret_key": "a" * 64}

    settling.note(epoch=epochs.current(), secret_key=OTHER)
    assert settling.settle() is Outcome.PUT_BACK
    assert held(data_dir) == {"secret_key": OTHER, "secret_key.before": "a" * 64}
    assert settling.settle() is None
