"""The page and the document that say what is kept, as the models declare it."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from portal.retention.declared import declared


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_open_page_says_all_that_is_declared_in_both_languages(client: Client, language: str) -> None:
    text = client.get(reverse("retention:kept"), headers={"accept-language": language}).content.decode()
    with translation.override(language):
        for each in declared():
            assert str(each.sensitive.purpose).replace("'", "&#x27;") in text, each.name
            assert each.is_computed or each.words.replace("'", "&#x27;") in text, each.name


def test_the_document_says_what_the_models_declare() -> None:
    call_command("kept_doc", "--check")
