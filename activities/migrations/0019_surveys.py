"""Surveys: forms, the answers to them, and the rules that they keep."""

import django.contrib.postgres.fields
import django.db.models.constraints
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.foundation.models
from portal.foundation.change_log import records_changes

TRIGGERS = """
-- Locked for sharing: whoever opens or closes the survey waits, and whoever comes after sees it opened or closed.
CREATE FUNCTION activities_keep_survey_questions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.survey_id ELSE NEW.survey_id END;
    opened timestamptz;
BEGIN
    SELECT opened_at INTO opened FROM activities_survey WHERE id = touched FOR SHARE;
    IF opened IS NOT NULL THEN
        RAISE EXCEPTION 'survey % is open', touched USING ERRCODE = 'check_violation', CONSTRAINT = 'opened_survey_keeps_its_questions';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER opened_survey_keeps_its_questions BEFORE INSERT OR UPDATE OR DELETE ON activities_surveyquestion
    FOR EACH ROW EXECUTE FUNCTION activities_keep_survey_questions();

CREATE FUNCTION activities_keep_survey() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.opened_at IS NOT NULL AND NOT EXISTS (SELECT FROM activities_surveyquestion WHERE survey_id = NEW.id) THEN
        RAISE EXCEPTION 'survey % has no question', NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'survey_opens_with_questions';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.opened_at IS NOT NULL AND
        (NEW.opened_at, NEW.branch_id, NEW.title, NEW.code, NEW.made_on, NEW.several_a_browser)
        IS DISTINCT FROM (OLD.opened_at, OLD.branch_id, OLD.title, OLD.code, OLD.made_on, OLD.several_a_browser) THEN
        RAISE EXCEPTION 'survey % is open', NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'opened_survey_stays_as_it_is';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER opened_survey_stays_as_it_is BEFORE INSERT OR UPDATE ON activities_survey FOR EACH ROW EXECUTE FUNCTION activities_keep_survey();

CREATE SEQUENCE activities_survey_revision;
CREATE FUNCTION activities_take_survey_response() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    survey activities_survey;
BEGIN
    NEW.revision := nextval('activities_survey_revision');
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.survey_id, NEW.branch_id, NEW.business_date, NEW.given_at, NEW.channel, NEW.satisfied, NEW.uid, NEW.browser, NEW.entered_by_id)
            IS DISTINCT FROM
            (OLD.survey_id, OLD.branch_id, OLD.business_date, OLD.given_at, OLD.channel, OLD.satisfied, OLD.uid, OLD.browser, OLD.entered_by_id) THEN
            RAISE EXCEPTION 'answer % was given', NEW.id USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_stays_as_given';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO survey FROM activities_survey WHERE id = NEW.survey_id FOR SHARE;
    IF survey.branch_id <> NEW.branch_id THEN
        RAISE EXCEPTION 'survey % is of another branch', NEW.survey_id USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_of_its_branch';
    END IF;
    IF survey.opened_at IS NULL OR (CASE NEW.channel
        WHEN 'link' THEN survey.closed_at IS NOT NULL OR (NEW.given_at AT TIME ZONE 'Asia/Shanghai')::date > survey.last_day
        -- Papers lie on a table when the survey closes: they count for the day on which they were filled in.
        ELSE NEW.business_date NOT BETWEEN survey.made_on AND least(survey.last_day, (survey.closed_at AT TIME ZONE 'Asia/Shanghai')::date)
    END) THEN
        RAISE EXCEPTION 'survey % is not open', NEW.survey_id USING ERRCODE = 'check_violation', CONSTRAINT = 'answers_come_while_it_is_open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER answers_come_while_it_is_open BEFORE INSERT OR UPDATE ON activities_surveyresponse
    FOR EACH ROW EXECUTE FUNCTION activities_take_survey_response();

CREATE FUNCTION activities_take_survey_answer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked activities_surveyquestion;
    given smallint := cardinality(NEW.choices);
    offered smallint;
BEGIN
    SELECT question.* INTO asked FROM activities_surveyquestion question JOIN activities_surveyresponse response USING (survey_id)
        WHERE question.id = NEW.question_id AND response.id = NEW.response_id;
    offered := CASE asked.kind WHEN 'scale' THEN 5 WHEN 'words' THEN 0 ELSE cardinality(asked.options) END;
    IF asked.id IS NULL OR (asked.kind IN ('one', 'scale') AND given <> 1) OR (asked.kind = 'words') <> (given = 0)
        OR EXISTS (SELECT FROM unnest(NEW.choices) AS choice WHERE choice IS NULL OR choice NOT BETWEEN 1 AND offered)
        OR given <> (SELECT count(DISTINCT choice) FROM unnest(NEW.choices) AS choice) THEN
        RAISE EXCEPTION 'question % cannot be answered so', NEW.question_id USING ERRCODE = 'check_violation', CONSTRAINT = 'answer_fits_its_question';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER answer_fits_its_question BEFORE INSERT ON activities_surveyanswer FOR EACH ROW EXECUTE FUNCTION activities_take_survey_answer();
CREATE TRIGGER answer_stays_as_given BEFORE UPDATE ON activities_surveyanswer
    FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('answer_stays_as_given');

-- Deferred: the answers come after the row that they belong to.
CREATE FUNCTION activities_check_survey_response() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    response activities_surveyresponse;
    says boolean;
BEGIN
    IF TG_TABLE_NAME = 'activities_surveyanswer' THEN
        SELECT * INTO response FROM activities_surveyresponse WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.response_id ELSE NEW.response_id END;
    ELSE
        SELECT * INTO response FROM activities_surveyresponse WHERE id = NEW.id;
    END IF;
    IF response.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT CASE question.kind WHEN 'scale' THEN answer.choices[1] >= question.satisfied_at ELSE answer.choices[1] <= question.satisfied_at END INTO says
        FROM activities_surveyanswer answer JOIN activities_surveyquestion question ON question.id = answer.question_id
        WHERE answer.response_id = response.id AND question.satisfied_at IS NOT NULL;
    IF response.satisfied IS DISTINCT FROM says THEN
        RAISE EXCEPTION 'answer % says otherwise', response.id USING ERRCODE = 'check_violation', CONSTRAINT = 'satisfied_as_answered';
    END IF;
    IF response.state = 'valid' AND EXISTS (
        SELECT FROM activities_surveyquestion question WHERE question.survey_id = response.survey_id AND question.required
        AND NOT EXISTS (SELECT FROM activities_surveyanswer answer WHERE answer.response_id = response.id AND answer.question_id = question.id)) THEN
        RAISE EXCEPTION 'answer % is not complete', response.id USING ERRCODE = 'check_violation', CONSTRAINT = 'valid_answer_is_complete';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER satisfied_as_answered AFTER INSERT OR UPDATE ON activities_surveyresponse
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION activities_check_survey_response();
CREATE CONSTRAINT TRIGGER satisfied_as_answered AFTER INSERT OR DELETE ON activities_surveyanswer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION activities_check_survey_response();
"""
NO_TRIGGERS = """
DROP TRIGGER satisfied_as_answered ON activities_surveyanswer;
DROP TRIGGER satisfied_as_answered ON activities_surveyresponse;
DROP FUNCTION activities_check_survey_response;
DROP TRIGGER answer_stays_as_given ON activities_surveyanswer;
DROP TRIGGER answer_fits_its_question ON activities_surveyanswer;
DROP FUNCTION activities_take_survey_answer;
DROP TRIGGER answers_come_while_it_is_open ON activities_surveyresponse;
DROP FUNCTION activities_take_survey_response;
DROP SEQUENCE activities_survey_revision;
DROP TRIGGER opened_survey_stays_as_it_is ON activities_survey;
DROP FUNCTION activities_keep_survey;
DROP TRIGGER opened_survey_keeps_its_questions ON activities_surveyquestion;
DROP FUNCTION activities_keep_survey_questions;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0018_need_rules"),
        ("branches", "0007_places_by_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Survey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100, verbose_name="source")),
                ("key", models.CharField(blank=True, default="", editable=False, max_length=200, verbose_name="key at the source")),
                ("title", models.CharField(max_length=60, verbose_name="title")),
                ("introduction", models.CharField(blank=True, max_length=300, verbose_name="introduction")),
                ("made_on", models.DateField(verbose_name="made on")),
                ("last_day", models.DateField(verbose_name="last day")),
                ("several_a_browser", models.BooleanField(default=False, verbose_name="several answers from one browser")),
                ("code", models.CharField(editable=False, max_length=12, unique=True, verbose_name="code of the link")),
                ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="opened at")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="surveys", to="branches.branch", verbose_name="branch")),
                (
                    "made_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="made by"),
                ),
            ],
            options={
                "verbose_name": "survey",
                "verbose_name_plural": "surveys",
                "ordering": ["-made_on", "-pk"],
                "indexes": [
                    models.Index(fields=["-made_on", "-id"], name="survey_by_day"),
                    models.Index(fields=["branch", "-made_on", "-id"], name="survey_of_branch_by_day"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("key", ""), _negated=True),
                        fields=("source", "key"),
                        name="survey_once_per_source",
                        violation_error_message="This source has an object with this key already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None), models.Q(("opened_at__isnull", False), ("closed_at__gte", models.F("opened_at"))), _connector="OR"
                        ),
                        name="survey_closes_after_it_opens",
                        violation_error_message="A survey closes after it was opened.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_day__gte", models.F("made_on"))),
                        name="survey_has_days",
                        violation_error_message="The last day is before the day on which the survey was made.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("position", models.PositiveSmallIntegerField(verbose_name="place in the order")),
                (
                    "kind",
                    models.CharField(
                        choices=[("one", "one of several"), ("several", "as many as apply"), ("scale", "1 to 5"), ("words", "in own words")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("wording", models.CharField(max_length=200, verbose_name="question")),
                (
                    "options",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), blank=True, default=list, size=None, verbose_name="options"
                    ),
                ),
                ("required", models.BooleanField(default=True, verbose_name="must be answered")),
                ("satisfied_at", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="satisfied up to, or from")),
                ("groups", models.BooleanField(default=False, verbose_name="compare the groups that it makes")),
                (
                    "survey",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="activities.survey", verbose_name="survey"),
                ),
            ],
            options={
                "verbose_name": "question",
                "verbose_name_plural": "questions",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("survey", "position"),
                        name="question_alone_at_its_place",
                        violation_error_message="Another question stands at this place.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["one", "several"]), ("options__len__gte", 2), ("options__len__lte", 20)),
                            models.Q(("kind__in", ["scale", "words"]), ("options__len", 0)),
                            _connector="OR",
                        ),
                        name="question_has_its_options",
                        violation_error_message="A choice has 2 to 20 options; other questions have none.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("satisfied_at__isnull", False)),
                        fields=("survey",),
                        name="one_question_says_who_is_satisfied",
                        violation_error_message="Another question of this survey says who is satisfied.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("satisfied_at", None),
                            models.Q(
                                ("required", True),
                                ("satisfied_at__gte", 1),
                                models.Q(
                                    models.Q(("kind", "one"), ("satisfied_at__lt", models.F("options__len"))),
                                    models.Q(("kind", "scale"), ("satisfied_at__range", (2, 5))),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="satisfied_lies_among_the_answers",
                        violation_error_message="Who is satisfied is said by a question that must be answered, and not by all of its answers.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("groups", True)),
                        fields=("survey",),
                        name="one_question_makes_groups",
                        violation_error_message="Another question of this survey makes the groups.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("groups", False), models.Q(("kind", "one"), ("satisfied_at", None)), _connector="OR"),
                        name="groups_are_made_by_a_choice",
                        violation_error_message="Groups are made by a choice of one, and not by the one that says who is satisfied.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyResponse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                ("business_date", models.DateField(verbose_name="business date")),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="stored at")),
                ("channel", models.CharField(choices=[("link", "by link"), ("paper", "on paper")], max_length=10, verbose_name="how it came")),
                ("state", models.CharField(choices=[("valid", "valid"), ("invalid", "invalid")], default="valid", max_length=10, verbose_name="state")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("incomplete", "not complete"),
                            ("twice", "given twice"),
                            ("contradictory", "contradicts itself"),
                            ("not_from_here", "not from here"),
                            ("machine", "filled in by a machine"),
                            ("other", "another reason"),
                        ],
                        max_length=15,
                        verbose_name="why it does not count",
                    ),
                ),
                ("satisfied", models.BooleanField(null=True, verbose_name="satisfied")),
                ("uid", models.UUIDField(verbose_name="client's identifier")),
                ("browser", models.UUIDField(editable=False, null=True, verbose_name="browser")),
                ("judged_at", models.DateTimeField(null=True, verbose_name="judged at")),
                ("revision", models.BigIntegerField(default=0, editable=False, verbose_name="revision")),
                ("branch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="branches.branch", verbose_name="branch")),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="typed in by"
                    ),
                ),
                (
                    "judged_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="judged by"
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="responses", to="activities.survey", verbose_name="survey"),
                ),
            ],
            options={
                "verbose_name": "answer to a survey",
                "verbose_name_plural": "answers to surveys",
                "ordering": ["-business_date", "-pk"],
                "indexes": [
                    models.Index(fields=["-business_date", "-id"], name="survey_answer_by_day"),
                    models.Index(fields=["branch", "-business_date", "-id"], name="survey_answer_of_branch"),
                    models.Index(fields=["survey", "-business_date", "-id"], name="survey_answer_of_survey"),
                    models.Index(fields=["survey", "given_at"], name="survey_answer_by_moment"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("survey", "uid"), name="answer_stored_once", violation_error_message="This answer is stored already."),
                    models.UniqueConstraint(
                        fields=("survey", "browser"), name="one_answer_a_browser", violation_error_message="This browser has answered the survey already."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), ("state", "valid")),
                            models.Q(("state", "invalid"), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="invalid_answer_has_a_reason",
                        violation_error_message="Say why an answer does not count; one that counts has no reason.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("browser", None), ("channel", "paper"), ("entered_by__isnull", False)),
                            models.Q(("channel", "link"), ("entered_by", None)),
                            _connector="OR",
                        ),
                        name="paper_answer_names_who_typed_it",
                        violation_error_message="An answer on paper is typed in by somebody; one by link by nobody.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SurveyAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=portal.foundation.models.new_public_id, editable=False, unique=True, verbose_name="identifier")),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(), blank=True, default=list, size=None, verbose_name="choices"
                    ),
                ),
                ("free_text", models.TextField(blank=True, max_length=500, verbose_name="in own words")),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="activities.surveyquestion", verbose_name="question"
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="activities.surveyresponse", verbose_name="answer to a survey"
                    ),
                ),
            ],
            options={
                "verbose_name": "answer to a question",
                "verbose_name_plural": "answers to questions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("response", "question"), name="question_answered_once", violation_error_message="This question is answered."
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("choices__len__gte", 1), ("free_text", "")),
                            models.Q(("choices__len", 0), models.Q(("free_text", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="answer_is_choices_or_words",
                        violation_error_message="An answer is choices or words.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        records_changes("activities_survey", "survey"),
        records_changes("activities_surveyresponse", "surveyresponse"),
    ]
