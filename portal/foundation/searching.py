"""Finding words inside Chinese text: what is stored beside a text, what is indexed of it, and how it is asked for.

Chinese has no spaces to cut words at, and trigrams say nothing about words of two characters. So the index holds every character and every pair
of neighbours (`foundation_bigrams`, made by a migration). A text that has all pairs of a word is read again, because it may have them apart: with
`strpos`, to which no character means anything else. LIKE would be estimated as one more filter beside the pairs that say the same, and the planner
would then read and sort every row that holds two common words.
"""

from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Transform, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from portal.foundation.text import fold

# kB. Rows wait in a list that each search reads through and that some insert must empty: at the default of 4 MB both are felt.
_PENDING: Final = 256


class Bigrams(Transform):
    """The characters and the pairs of neighbouring characters of a folded text, as an array; what the index holds."""

    lookup_name = "bigrams"
    function = "foundation_bigrams"

    @property
    def output_field(self) -> "models.Field[Any, Any]":
        """An array of texts."""
        return ArrayField(models.TextField())


models.TextField.register_lookup(Bigrams)


class FoldedField(models.TextField):  # type: ignore[type-arg]
    """The text of another field of the row, folded; null when there is none, so that the planner knows how common a word is where there is one.

    Written with the row, by `save` and by `bulk_create` alike; COPY brings its own.

    Args:
        of: name of the field whose text is folded.
    """

    def __init__(self, *args: Any, of: str = "", **options: Any) -> None:
        self.of = of
        settings: dict[str, Any] = {"editable": False, "blank": True, "null": True, **options}
        super().__init__(*args, **settings)

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        """Fold the other field's text on its way to the database."""
        folded = fold(getattr(model_instance, self.of)) or None
        setattr(model_instance, self.attname, folded)
        return folded

    def deconstruct(self) -> Any:
        """Describe the field for migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "of": self.of}


def bigram_index(field: str, name: str, condition: Q | None = None) -> GinIndex:
    """Return the index by which `holding` finds rows."""
    return GinIndex(Bigrams(field), name=name, gin_pending_list_limit=_PENDING, condition=condition)


def bigrams(word: str) -> list[str]:
    """Return what the index must hold of a row that contains `word`, folded: its pairs of neighbours, or itself when it has no two characters."""
    return [word[at : at + 2] for at in range(len(word) - 1)] or [word]


def holding(field: str, words: str) -> Q:
    """Return the filter for rows whose folded text contains every one of `words`, whatever characters they are typed in."""
    wanted = dict.fromkeys(fold(words).split())
    if not wanted:
        return Q()
    pairs = dict.fromkeys(pair for word in wanted for pair in bigrams(word))
    found = Q(**{f"{field}__bigrams__contains": list(pairs)})
    for word in wanted:
        found &= Q(GreaterThan(StrIndex(F(field), Value(word)), 0))
    return found
