"""How much a view takes in one request; `portal/requests.py` refuses more before a byte of it is read."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponseBase

# What a form is beside the file that it carries.
_AROUND: Final = 64 * 1024


def takes(size: int) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Let a view take files of `size` bytes together; any other takes what `DATA_UPLOAD_MAX_MEMORY_SIZE` says, files included."""

    def marked(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        view.most_bytes = size + _AROUND  # type: ignore[attr-defined]
        return view

    return marked


def most_bytes(view: Any) -> int:
    """Return how many bytes the body of a request to `view` may have."""
    return int(getattr(view, "most_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
