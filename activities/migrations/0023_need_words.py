"""Needs are found by pairs of characters in their folded words."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q

import portal.foundation.searching
from portal.foundation.searching import Bigrams


class Migration(migrations.Migration):
    dependencies: ClassVar = [("activities", "0022_suggestion_rules"), ("foundation", "0004_search")]

    operations: ClassVar = [
        migrations.AddField(
            "need",
            "words_folded",
            portal.foundation.searching.FoldedField(blank=True, editable=False, null=True, of="words", verbose_name="what is needed, folded"),
        ),
        migrations.AddIndex(
            "need", GinIndex(Bigrams("words_folded"), condition=Q(words_folded__isnull=False), gin_pending_list_limit=256, name="need_word_bigrams")
        ),
    ]
