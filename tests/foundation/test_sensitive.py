"""A column that may tell of somebody says what it is for, on what ground it is kept, how long, and what is done at the end; or why it tells of nobody."""

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.ranges import RangeField
from django.db import models

from branches.models import Branch, Region
from portal.foundation.sensitive import AtEnd, Basis, Sensitive, Since
from portal.retention.declared import declared, said_of

TELLING = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.DateField,
    models.TimeField,
    models.GenericIPAddressField,
    models.BinaryField,
    models.FileField,
    ArrayField,
    RangeField,
)
# Whoever adds a column declares it, or says here why it tells of nobody: as narrowly as they can.
WHY_NOT = {
    "auth.*": "names of Django's own permissions; there are none here",
    "contenttypes.*": "names of models",
    "accounts.Session.session_key": "goes with its row",
    "accounts.Session.expire_date": "goes with its row",
    "axes.AccessFailureLog.*": "switched off: AXES_ENABLE_ACCESS_FAILURE_LOG",
    "axes.AccessLog.*": "switched off: AXES_DISABLE_ACCESS_LOG",
    "axes.AccessAttempt*.*": "goes with its row",
    "knox.AuthToken.*": "which token of another system it is, when it was made, and until when it holds",
    "branches.*": "a place, a work unit or a branch, never a person",
    "foundation.AuditEntry.*": "what kind of thing was done, and when",
    "foundation.Job.*": "what kind of work it was, and when; goes with its row",
    "foundation.AlarmSpell.*": "what the machine did, and when",
    "foundation.Heartbeat.*": "what the machine did, and when",
    "foundation.Attachment.*": "what kind of file it was, and when it came",
    "foundation.RowChange.*": "of every declared field it says only whether there was something: tests/retention/test_nothing_left.py looks for the words",
    "foundation.DaySeal.*": "counts and digests of a day",
    "foundation.SealedBlock.*": "keys and digests of rows",
    "foundation.AuditArchive.*": "which months were archived, with counts and a digest",
    "foundation.Change.*": "what kind of thing changed, and when",
    "foundation.Submission.at": "goes with its row",
    "accounts.User.date_joined": "when an account was made; of a pseudonym at the end",
    "accounts.User.language": "Chinese or English",
    "accounts.Grant.*": "who was allowed what, and when: has to be accounted for; of a pseudonym at the end",
    "accounts.ActivationCode.*_at": "goes with its row",
    "accounts.Device.trusted_until": "goes with its row",
    "accounts.*.quarter": "of which quarter a review of grants is",
    "*.source": "the text or table from which a row came",
    "*.key": "the number of a row in that text or table",
    "*.during": "from when until when somebody served; of a pseudonym at the end, and totals are counted from it",
    "*_during": "a span carried from another row",
    "*.branch_life": "the span of a branch",
    "*.business_date": "the day to which a figure belongs",
    "*_at": "when something was done; by a pseudonym at the end",
    "*_on": "on which day something was done; by a pseudonym at the end",
    "*.at": "when something was done; by a pseudonym at the end",
    "*_day": "a day of a report, a figure or a survey",
    "*.receipt": "a number of a report",
    "*.known_from": "when a report came",
    "*.known_until": "until when a version counted",
    "*.day": "the day of a total",
    "*.known": "when a total was known",
    "members.Secondment.region": "the place to which somebody was sent; of a pseudonym at the end, and units' totals are counted from it",
    "members.DutyPost.name": "a gate, a patrol, a desk",
    "members.PioneerPost.*": "a duty, and where it is done",
    "members.Squad.*": "what a squad is called and does",
    "members.SquadGrid.region": "a grid that a squad covers",
    "ending.*": "what a branch writes for the archive when it ends, about things, days and its own story; it is published upward",
    "retention.Hold.until": "until when nothing of a branch is erased",
    "retention.DataRequest.region": "a street that has to answer",
    "retention.Certificate.*": "how much was erased of which fields, never what",
    "activities.Unit.*": "a unit of measure",
    "activities.Metric.*": "a figure's name",
    "activities.ContactPoint.*": "a site",
    "activities.FrozenFigure.*": "of which place and transactions a figure is",
    "activities.Entry.place": "where work was done, as large as a community",
    "activities.*_text": "a printed unit or qualifier",
    "activities.ReportImport.counts": "how many rows of which kind",
    "activities.RefusedCell.*": "goes with its row",
    "activities.*.with_region": "a street or a community that has to answer",
    "activities.*.to_region": "a street or a community that has to answer",
    "activities.*.by_region": "a street or a community that answered",
    "activities.NeedEvent.fields": "names of fields",
    "activities.Rollup*.*": "a place of a total",
    "activities.Statement.*": "from a published text",
    "activities.StockReceipt.*": "about goods",
    "activities.Survey.*": "what is asked, by a branch of many",
    "activities.SurveyQuestion.*": "what is asked, by a branch of many",
    "activities.SurveyAnswer.choices": "numbers of choices, of nobody: a survey asks for no name",
}


def columns() -> list[str]:
    """Return all columns that may tell of somebody: texts, numbers as text, days and times, places, addresses."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            telling = isinstance(field, TELLING) and not getattr(field, "choices", None)
            if telling or field.related_model is Region:
                found.append(f"{model._meta.label}.{field.name}")
    return found


def undeclared() -> list[str]:
    said = {each.name for each in declared()}
    return [name for name in columns() if name not in said]


def test_each_column_that_may_tell_of_somebody_is_declared_or_has_an_excuse() -> None:
    assert len(columns()) > 200
    assert [name for name in undeclared() if not any(fnmatchcase(name, pattern) for pattern in WHY_NOT)] == []


def test_no_excuse_outlives_its_columns() -> None:
    assert [pattern for pattern in WHY_NOT if not any(fnmatchcase(name, pattern) for name in undeclared())] == []


def refusals(said: dict[str, Sensitive]) -> list[str]:
    """Return what is wrong with declarations of a model."""
    wrong = []
    for name, sensitive in said.items():
        kept = sensitive.kept_for is None
        if len(str(sensitive.purpose)) < 6 or sensitive.basis is None:
            wrong.append(f"{name}: no purpose, or no ground")
        if kept != (sensitive.at_end is AtEnd.KEPT) or kept != (sensitive.since is Since.STANDING) or (kept and not sensitive.because):
            wrong.append(f"{name}: kept without an end or a reason")
        if not kept and sensitive.kept_for is not None and sensitive.kept_for <= timedelta():
            wrong.append(f"{name}: kept for no time")
    return wrong


def test_each_declaration_says_what_for_on_what_ground_and_how_long() -> None:
    assert len(list(declared())) > 60
    assert [f"{model._meta.label}.{wrong}" for model in apps.get_models() for wrong in refusals(said_of(model))] == []


@pytest.mark.parametrize(
    "said",
    [
        Sensitive("short", timedelta(days=1), Basis.DUTY),
        Sensitive("knowing what nobody asked for", timedelta(days=1)),
        Sensitive("knowing what nobody asked for", None, Basis.DUTY),
        Sensitive("knowing what nobody asked for", None, Basis.DUTY, since=Since.STANDING, at_end=AtEnd.KEPT),
        Sensitive("knowing what nobody asked for", timedelta(), Basis.DUTY),
    ],
)
def test_a_declaration_that_leaves_something_out_is_found(said: Sensitive) -> None:
    assert refusals({"field": said})


def test_each_field_that_ends_with_a_branch_leads_to_it() -> None:
    for each in declared():
        if each.sensitive.since is not Since.BRANCH:
            continue
        for path in getattr(each.model, "ENDS_WITH", ("branch",)):
            model: Any = each.model
            for step in path.split("__"):
                model = model._meta.get_field(step).related_model
            assert model is Branch, (each.name, path)


class _Forgotten(models.Model):
    """A model that somebody forgets to declare."""

    diary = models.TextField()

    class Meta:
        managed = False
        app_label = "forgotten"

    def __str__(self) -> str:
        return self.diary


def test_a_new_column_without_either_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = apps.get_models(include_auto_created=True)
    monkeypatch.setattr(apps, "get_models", lambda **_options: [*known, _Forgotten])
    assert [name for name in undeclared() if not any(fnmatchcase(name, pattern) for pattern in WHY_NOT)] == ["forgotten._Forgotten.diary"]
