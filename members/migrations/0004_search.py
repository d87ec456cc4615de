"""People are found by pairs of characters: two characters are a whole name in Chinese, and no trigram."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from portal.foundation.searching import Bigrams


class Migration(migrations.Migration):
    dependencies = [("members", "0003_change_log"), ("foundation", "0004_search")]

    operations = [
        migrations.RemoveIndex(model_name="person", name="person_search"),
        migrations.AddIndex(model_name="person", index=GinIndex(Bigrams("search"), gin_pending_list_limit=256, name="person_bigrams")),
    ]
