"""What PostgreSQL refuses has a name, and each name a sentence; each app breaks its own rules on purpose."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from portal.foundation import refusals
from portal.foundation.models import Job
from tests.rules import HAN, our_apps, rules_of

TESTS = Path(__file__).resolve().parent.parent
GENERAL = "These data contradict each other."
# Named by Django or PostgreSQL for a key, a reference, a type or a column that must be filled.
NAMED_BY_MACHINE = re.compile(r".*(_pkey|_fkey|_fk_\w+|_uniq|_key|_not_null|_check)$")


def every_rule() -> set[str]:
    return {rule for label in our_apps() for rule in rules_of(label)}


def raised_by_triggers() -> set[str]:
    """Names that the functions of our triggers raise, or are handed to raise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = 'public'")
        named = {name for (source,) in cursor.fetchall() for name in re.findall(r"CONSTRAINT = '(\w+)'", source)}
        # Those that serve many tables are handed the rule first.
        shared = ["foundation_refuse_change", "foundation_keep_columns", "foundation_refuse_silence", "foundation_require_event"]
        cursor.execute("SELECT tgargs FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE proname = ANY(%s)", [shared])
        return named | {bytes(arguments).split(b"\0")[0].decode() for (arguments,) in cursor.fetchall()}


def named_on_our_tables() -> set[str]:
    """Names of constraints on our tables that a person chose."""
    tables = [model._meta.db_table for label in our_apps() for model in apps.get_app_config(label).get_models()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid::regclass::text = ANY(%s)", [tables])
        constraints = {name for (name,) in cursor.fetchall()}
        # Conditional unique constraints are indexes to PostgreSQL.
        cursor.execute(
            "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indisunique AND indrelid::regclass::text = ANY(%s)", [tables]
        )
        return {name for name in constraints | {name for (name,) in cursor.fetchall()} if not NAMED_BY_MACHINE.fullmatch(name)}


@pytest.mark.parametrize("label", our_apps())
def test_each_app_with_rules_breaks_them_in_its_own_file(label: str) -> None:
    assert not rules_of(label) or (TESTS / label / "broken_rules.py").is_file()


@pytest.mark.django_db
def test_whatever_the_database_can_refuse_by_name_is_a_rule_of_an_app() -> None:
    # There to be referred to.
    keys = {"branch_id_and_life", "membership_id_branch_during", "shift_id_and_time", "inspection_id_branch", "service_note_id_person_branch"}
    keys |= {"squad_id_branch_during", "pioneer_post_id_branch_places_during"}
    assert named_on_our_tables() | raised_by_triggers() == every_rule() | keys


@pytest.mark.parametrize("rule", sorted(every_rule()))
def test_each_rule_has_a_sentence_of_its_own_in_both_languages(rule: str) -> None:
    with override("en"):
        english = str(refusals.sentence_for(rule))
    with override("zh-hans"):
        chinese = str(refusals.sentence_for(rule))
    assert english != GENERAL
    assert english[0].isupper()
    assert english.endswith(".")
    assert rule not in english
    assert HAN.search(chinese)
    assert chinese.endswith("。")


def test_a_name_that_nobody_knows_has_a_general_sentence() -> None:
    with override("en"):
        assert str(refusals.sentence_for("accounts_user_username_key")) == GENERAL
    with override("zh-hans"):
        assert str(refusals.sentence_for("")) == "这些数据互相矛盾。"


def test_a_key_that_nothing_can_break_does_not_repeat_its_name_to_people() -> None:
    with override("en"):
        assert str(refusals.sentence_for("branch_id_and_life")) == GENERAL


@pytest.mark.django_db
def test_a_refusal_carries_the_rule_as_its_code() -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Job.objects.create(kind="export", progress=101)
    assert refusals.constraint_of(refusal.value) == "job_progress_is_a_percentage"
    assert refusals.as_validation_error(refusal.value).code == "job_progress_is_a_percentage"


def test_an_error_without_a_diagnosis_is_still_a_sentence() -> None:
    error = refusals.as_validation_error(IntegrityError("closed"))
    assert error.code == "integrity"
    assert error.messages[0]
