"""The secret of a portal, which signs sessions and with which secrets of second factors are encrypted: it goes with the data."""

import os
from datetime import UTC
from enum import Enum
from pathlib import Path

from django.conf import settings

from portal.foundation import clock


class Outcome(Enum):
    """What became of the secret of a backup."""

    SAME = "the portal has it already"
    PUT_BACK = "it lies in DATA_DIR again"
    SET_IT = "SECRET_KEY of the environment is another, and wins: it lies beside, to be set"


def put_back(key: str) -> Outcome:
    """Let the portal have the secret again; one that was there before is kept beside it."""
    kept = Path(settings.DATA_DIR) / "secret_key"
    if key in ("", settings.SECRET_KEY):
        return Outcome.SAME
    if not kept.exists() or kept.read_text(encoding="ascii").strip() != settings.SECRET_KEY:
        _write(kept.with_name("secret_key.restored"), key)
        return Outcome.SET_IT
    os.replace(kept, kept.with_name(f"secret_key.before-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}"))
    _write(kept, key)
    return Outcome.PUT_BACK


def _write(path: Path, key: str) -> None:
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
