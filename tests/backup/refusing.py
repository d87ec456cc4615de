"""What a refusal has to be."""

import re
from collections.abc import Callable
from typing import Final

import pytest

from portal.backup.refusals import BackupError

_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


def refused(call: Callable[[], object], reason: str) -> str:
    """Check that a call is refused for a reason, in both languages, and return the sentences."""
    with pytest.raises(BackupError) as caught:
        call()
    assert caught.value.reason == reason
    english, chinese = str(caught.value).splitlines()
    assert _CHINESE.search(chinese)
    assert not _CHINESE.search(english)
    return str(caught.value)
