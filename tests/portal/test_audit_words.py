"""Whatever a page of the auditor names has a name in Chinese: every table with a history, every field, every detail of every event."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import translation

from portal.accounts.middleware import IDLE, TOO_OLD
from portal.foundation.models import AuditEntry, PublicModel, RowChange
from portal.foundation.row_history import audited
from portal.pages.audit_words import DETAILS, details_of
from portal.pages.history_words import lines_of, tables
from portal.retention.about import links
from portal.retention.declared import label_of

# A name that is a standard's is the same in every language.
SAID_IN_CHINESE = re.compile(r"[\u3400-\u9fff]|^SHA-256$")
# Keys and secrets, which nobody is told.
UNTOLD = {"id", "public_id", "digest", "token_key"}
WITH_A_HISTORY = {each.table for each in audited()}


@pytest.fixture(autouse=True)
def _in_chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


def models_with_a_history() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in WITH_A_HISTORY]


@pytest.mark.parametrize("model", models_with_a_history(), ids=lambda model: model._meta.label)
def test_every_field_in_the_history_of_a_table_has_a_chinese_name(model: type[models.Model]) -> None:
    columns = {field.column: None for field in model._meta.concrete_fields}
    (line,) = lines_of([RowChange(table=model._meta.db_table, operation="U", means="web", before=columns, after=columns)])

    assert SAID_IN_CHINESE.search(line.kind)
    assert len(line.fields) >= len(columns) - len({"id", "public_id", "name_key", "search"})
    assert [field.name for field in line.fields if not SAID_IN_CHINESE.search(field.name)] == []


@pytest.mark.parametrize("model", [model for model in apps.get_models() if issubclass(model, PublicModel)], ids=lambda model: model._meta.label)
def test_every_field_that_an_event_may_tell_of_has_a_chinese_name(model: type[PublicModel]) -> None:
    told = [field.name for field in model._meta.concrete_fields if field.name not in ("id", "public_id")]
    for name in told:
        (detail,) = details_of(AuditEntry(action="x.changed", model=model._meta.model_name or "", details={"fields": [name]}), {})
        assert SAID_IN_CHINESE.search(detail.words), name


@pytest.mark.parametrize(("model", "field", "words"), [("person", "words", "事迹"), ("survey", "free_text", "文字"), ("person", "duty_phone", "值班电话")])
def test_what_was_read_beside_an_object_is_named_too(model: str, field: str, words: str) -> None:
    (detail,) = details_of(AuditEntry(action="x.seen", model=model, details={"fields": [field]}), {})
    assert words in detail.words


def test_rows_that_a_case_brought_along_are_counted_by_names_of_their_kinds() -> None:
    ours = [model._meta.model_name or "" for model in apps.get_models() if model.__module__.split(".")[0] in ("branches", "members", "activities")]
    (detail,) = details_of(AuditEntry(action="case.loaded", details={"rows": dict.fromkeys(ours, 2)}), {})
    assert re.findall(r"[a-z]{3,}", detail.words) == []


def test_every_detail_that_the_portal_writes_has_a_name() -> None:
    written = set()
    for path in (path for root in ("portal", "branches", "members", "activities") for path in Path(settings.BASE_DIR, root).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record":
                written |= {keyword.arg for keyword in call.keywords if keyword.arg not in (None, "address")}
    assert len(written) > 30
    assert written - DETAILS.keys() == set()


def test_every_table_and_every_kind_of_own_rows_has_a_chinese_name() -> None:
    own = [link for link in links() if link.own]
    fields = [label_of(field) for link in own for field in link.model._meta.concrete_fields if not field.is_relation and field.name not in UNTOLD]
    named = [*(tables()[table] for table in WITH_A_HISTORY), *(link.title for link in links()), *fields]
    assert [name for name in named if not SAID_IN_CHINESE.search(name)] == []


@pytest.mark.parametrize("why", [IDLE, TOO_OLD, "by its owner"])
def test_why_a_session_ended_is_told_in_words(why: str) -> None:
    (detail,) = details_of(AuditEntry(action="session.ended", details={"why": why}), {})
    assert SAID_IN_CHINESE.search(detail.words)


def test_a_digest_is_shown_by_its_beginning() -> None:
    (detail,) = details_of(AuditEntry(action="branch_end.pack_made", details={"sha256": "0123456789abcdef" * 4}), {})
    assert (detail.words, detail.raw) == ("0123456789ab…", True)
