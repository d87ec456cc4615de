"""What may not be done from a desk that was left open: before it, whoever is signed in proves once more who they are.

A view is marked where it stands; the middleware of the accounts asks, so that no view has to.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.http import HttpRequest

V = TypeVar("V", bound=Callable[..., Any])

# What a view answers with: a page to go on to, or a file, after which one is still where one was.
PAGE, FILE = "page", "file"
_MARK: Final = "proof_before"
_SPARED: Final = "spared_proof"


def needs_proof(view: V, answers: str = PAGE, spared: Callable[[HttpRequest], bool] | None = None) -> V:
    """Mark a view, or an action of the API, as one before which a password or a code of the last ten minutes is needed.

    `spared` says of a request that it is not: where one view gives and takes away, taking away is held up by nothing.
    """
    setattr(view, _MARK, answers)
    setattr(view, _SPARED, spared)
    return view


def is_spared(view: Callable[..., Any], request: HttpRequest) -> bool:
    """Say whether this request to a marked view needs no proof all the same."""
    spared = getattr(view, _SPARED, None)
    return spared is not None and bool(spared(request))


def proof_before(view: Callable[..., Any], method: str = "") -> str:
    """Return what a view that needs proof answers with; empty when it needs none. Of a view of the API, the action that answers `method` counts."""
    action = (getattr(view, "actions", None) or {}).get(method.lower(), "")
    # What replaces a marked action is marked as well.
    above = [vars(base).get(action) for base in getattr(getattr(view, "cls", None), "__mro__", ())]
    return next((mark for each in (view, *above) if (mark := getattr(each, _MARK, ""))), "")
