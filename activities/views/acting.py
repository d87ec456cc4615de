"""What was asked for on a page that shows something with its course, and was not done: the page is drawn again and nothing typed is lost."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.forms import Form
from django.http import HttpRequest

F = TypeVar("F", bound=Form)

# Fields of text: what is typed there cannot be chosen again with a tap.
_TEXTS = ("note", "result", "words", "why", "found", "answer")


@dataclass(frozen=True)
class Refused(Generic[F]):
    """Which act was asked for, its form as typed, and the sentence for whoever typed it."""

    act: str
    form: F
    sentence: str = ""

    @property
    def typed(self) -> list[str]:
        """What was typed into fields of text."""
        return [str(value) for name, value in self.form.data.items() if name in _TEXTS and value]


def revision_seen(request: HttpRequest) -> int:
    """Return the revision that the page showed; 0 for anything that is not a number."""
    text = str(request.POST.get("seen", ""))
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
