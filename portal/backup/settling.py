"""The last steps of a restore, when the databases have changed names: what lies in files follows.

They are written down before, so that the next start takes them where the restore was killed in between. Whether the databases did change names
is told by the epoch, of which no other database has the name.
"""

import json
import os
from pathlib import Path

from django.conf import settings

from portal.backup import secret
from portal.foundation import archiving, clock, epochs

_WAITS = ".restoring"


def noted_at() -> Path:
    """Return where it is written down; as secret as `secret_key`, which it holds."""
    return Path(settings.DATA_DIR) / "restore_to_finish.json"


def note(*, epoch: str, secret_key: str) -> None:
    """Write down what is still to be done once the database whose epoch is `epoch` has taken its place.

    Raises:
        OSError: it cannot be written.
    """
    part = noted_at().with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump({"epoch": epoch, "secret_key": secret_key}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, noted_at())
    _sync(noted_at().parent)


def forget() -> None:
    """Nothing is to be done: the databases did not change names."""
    noted_at().unlink(missing_ok=True)


def settle() -> secret.Outcome | None:
    """Take the steps that are written down, if the restored database is the one that is used; return what became of the secret, None when nothing waited."""
    try:
        noted = json.loads(noted_at().read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    outcome = None
    if noted["epoch"] == epochs.current():
        place_archives()
        outcome = secret.put_back(noted["secret_key"])
        _sync(noted_at().parent)
    forget()
    return outcome


def waiting_archive(name: str) -> Path:
    """Return where an archive of the audit log waits for its name."""
    return archiving.folder() / f".{name}{_WAITS}"


def clear_archives() -> None:
    """Throw away what a restore left that came to nothing."""
    for path in archiving.folder().glob(f".*{_WAITS}"):
        path.unlink(missing_ok=True)


def place_archives() -> None:
    """Give archives their names; one that is there is the same month as another portal had it, and is kept beside."""
    for new in archiving.folder().glob(f".*{_WAITS}"):
        path = new.with_name(new.name[1 : -len(_WAITS)])
        if path.exists():
            path.replace(path.with_name(f"{path.name}.before-{clock.now():%Y%m%dT%H%M%S}"))
        new.replace(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
