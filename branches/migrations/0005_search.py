"""Branches, regions and work units are found by pairs of characters: two characters are a whole word in Chinese, and no trigram."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from portal.foundation.searching import Bigrams

MODELS = ("branch", "region", "workunit")


class Migration(migrations.Migration):
    dependencies = [("branches", "0004_stricter_rules"), ("foundation", "0004_search")]

    operations = [
        *(migrations.RemoveIndex(model_name=model, name=f"{model}_search") for model in MODELS),
        *(migrations.AddIndex(model_name=model, index=GinIndex(Bigrams("search"), gin_pending_list_limit=256, name=f"{model}_bigrams")) for model in MODELS),
    ]
