"""A field that may hold personal troubles says what it is for and how long it stays."""

import re

from django.apps import apps
from django.db import models

from portal.foundation.sensitive import Sensitive

# Names that such fields go by; whoever adds one declares it, or says here why it is harmless.
SUSPECT = re.compile(r"phone|note|address|data$|health|household$|resident$|whereabouts|card|minor|photo|birth|id_number|comment|text$")
HARMLESS = {
    "members.Person.duty_phone": "a number of the post, given out to be called; masked and its use logged all the same",
    "activities.ReportVersion.review_note": "written by a reviewer about figures, read by every reader of the report",
    "activities.ImportedFigure.qualifier_text": "the printed qualifier",
    "activities.ImportedFigure.unit_text": "the printed unit",
    "activities.ContactTerm.duty_phone": "a number of the office, given out to be called; masked and its use logged all the same",
    "activities.Measure.qualifier_text": "the printed qualifier",
    "activities.Measure.unit_text": "the printed unit",
    "activities.Statement.note": "from a published text",
    "activities.StockReceipt.note": "about goods",
    "activities.StockReceipt.unit_text": "the printed unit",
}


def suspects() -> dict[str, type[models.Model]]:
    ours = [model for model in apps.get_models() if model.__module__.split(".")[0] in {"portal", "branches", "members", "activities"}]
    return {f"{model._meta.label}.{field.name}": model for model in ours for field in model._meta.concrete_fields if SUSPECT.search(field.name)}


def test_each_suspect_field_declares_its_purpose_or_is_known_to_be_harmless() -> None:
    undeclared = [name for name, model in suspects().items() if name not in HARMLESS and name.rsplit(".", 1)[1] not in getattr(model, "SENSITIVE", {})]
    assert undeclared == []


def test_no_excuse_outlives_its_field() -> None:
    assert set(HARMLESS) <= set(suspects())


def test_each_declaration_names_a_field_and_says_something() -> None:
    for model in apps.get_models():
        for name, declared in getattr(model, "SENSITIVE", {}).items():
            assert model._meta.get_field(name)
            assert isinstance(declared, Sensitive)
            assert len(declared.purpose) > 15
