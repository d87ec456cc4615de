"""Each rule of surveys, broken on purpose: more cases of `tests/test_every_rule.py`."""

from datetime import timedelta
from uuid import uuid4

from tests.activities.broken_rules import CASES
from tests.activities.rows import HOUR, NINE, a_branch, stored
from tests.activities.survey_rows import YES_NO, answer, opened, question, response, survey
from tests.factories import make_user
from tests.personas import MARCH_5
from tests.rules import Add, Break, alter

DAY = timedelta(days=1)

# --- Surveys and questions ----------------------------------------------------------------------------------------------


@CASES.breaks("survey_once_per_source", collides=True)
def a_survey_loaded_twice() -> Break:
    branch = a_branch()
    return Break(Add(survey(branch, source="s", key="k")), after=Add(survey(branch, source="s", key="k")))


@CASES.breaks("survey_closes_after_it_opens")
def a_survey_closed_before_it_opened() -> Break:
    return Break(alter(opened(), closed_at=NINE - HOUR))


@CASES.breaks("survey_closes_after_it_opens")
def a_survey_closed_that_never_opened() -> Break:
    return Break(Add(survey(closed_at=NINE)))


@CASES.breaks("survey_has_days")
def a_survey_that_ends_before_it_was_made() -> Break:
    return Break(Add(survey(last_day=MARCH_5 - DAY)))


@CASES.breaks("survey_opens_with_questions")
def a_survey_opened_without_a_question() -> Break:
    return Break(alter(stored(survey()), opened_at=NINE))


@CASES.breaks("opened_survey_stays_as_it_is")
def another_title_for_an_open_survey() -> Break:
    return Break(alter(opened(), title="别的"))


@CASES.breaks("opened_survey_stays_as_it_is")
def a_survey_that_was_never_opened_after_all() -> Break:
    return Break(alter(opened(), opened_at=None))


@CASES.breaks("opened_survey_keeps_its_questions")
def another_wording_in_an_open_survey() -> Break:
    return Break(alter(opened().questions.get(), wording="别的"))


@CASES.breaks("opened_survey_keeps_its_questions", collides=True)
def a_question_added_while_the_survey_opens() -> Break:
    made = stored(survey())
    stored(question(made))
    return Break(Add(question(made, position=2)), after=alter(made, opened_at=NINE))


@CASES.breaks("question_alone_at_its_place", collides=True)
def two_questions_at_one_place() -> Break:
    made = stored(survey())
    return Break(Add(question(made)), after=Add(question(made)))


@CASES.breaks("question_has_its_options")
def a_choice_of_one_option() -> Break:
    return Break(Add(question(options=["是"])))


@CASES.breaks("question_has_its_options")
def a_grade_with_options() -> Break:
    return Break(Add(question(kind="scale")))


@CASES.breaks("one_question_says_who_is_satisfied", collides=True)
def two_questions_about_satisfaction() -> Break:
    made, says = stored(survey()), {"required": True, "satisfied_at": 1}
    return Break(Add(question(made, **says)), after=Add(question(made, position=2, **says)))


@CASES.breaks("satisfied_lies_among_the_answers")
def everybody_satisfied_whatever_they_say() -> Break:
    return Break(Add(question(required=True, satisfied_at=len(YES_NO))))


@CASES.breaks("satisfied_lies_among_the_answers")
def satisfaction_that_need_not_be_said() -> Break:
    return Break(Add(question(satisfied_at=1)))


@CASES.breaks("one_question_makes_groups", collides=True)
def two_questions_that_make_groups() -> Break:
    made = stored(survey())
    return Break(Add(question(made, groups=True)), after=Add(question(made, position=2, groups=True)))


@CASES.breaks("groups_are_made_by_a_choice")
def groups_of_words() -> Break:
    return Break(Add(question(kind="words", options=[], groups=True)))


# --- Answers ------------------------------------------------------------------------------------------------------------


@CASES.breaks("answer_stored_once", collides=True)
def an_answer_sent_twice() -> Break:
    made, uid = opened(), uuid4()
    return Break(Add(response(made, uid=uid)), after=Add(response(made, uid=uid)))


@CASES.breaks("one_answer_a_browser", collides=True)
def two_answers_of_one_browser() -> Break:
    made, browser = opened(), uuid4()
    return Break(Add(response(made, browser=browser)), after=Add(response(made, browser=browser)))


@CASES.breaks("invalid_answer_has_a_reason")
def an_answer_that_does_not_count_for_no_reason() -> Break:
    return Break(Add(response(state="invalid")))


@CASES.breaks("paper_answer_names_who_typed_it")
def an_answer_on_paper_typed_in_by_nobody() -> Break:
    return Break(Add(response(channel="paper", browser=None)))


@CASES.breaks("paper_answer_names_who_typed_it")
def an_answer_by_link_typed_in_by_somebody() -> Break:
    return Break(Add(response(entered_by=make_user())))


@CASES.breaks("answers_come_while_it_is_open", collides=True)
def an_answer_while_the_survey_closes() -> Break:
    made = opened()
    return Break(Add(response(made)), after=alter(made, closed_at=NINE + HOUR))


@CASES.breaks("answers_come_while_it_is_open")
def an_answer_after_the_last_day() -> Break:
    return Break(Add(response(given_at=NINE + 2 * DAY)))


@CASES.breaks("answers_come_while_it_is_open")
def an_answer_on_paper_of_a_day_before_the_survey() -> Break:
    return Break(Add(response(channel="paper", browser=None, entered_by=make_user(), business_date=MARCH_5 - DAY)))


@CASES.breaks("answer_of_its_branch")
def an_answer_to_another_branch() -> Break:
    return Break(Add(response(branch=a_branch())))


@CASES.breaks("answer_stays_as_given")
def an_answer_moved_to_another_day() -> Break:
    return Break(alter(stored(response()), business_date=MARCH_5))


@CASES.breaks("answer_stays_as_given")
def a_choice_changed_afterwards() -> Break:
    return Break(alter(stored(answer()), choices=[2]))


@CASES.breaks("question_answered_once", collides=True)
def a_question_answered_twice() -> Break:
    given = stored(response())
    return Break(Add(answer(given)), after=Add(answer(given)))


@CASES.breaks("answer_is_choices_or_words")
def an_answer_of_choices_and_words() -> Break:
    return Break(Add(answer(free_text="好")))


@CASES.breaks("answer_fits_its_question")
def an_option_that_there_is_not() -> Break:
    return Break(Add(answer(choices=[len(YES_NO) + 1])))


@CASES.breaks("answer_fits_its_question")
def two_options_where_one_is_asked_for() -> Break:
    return Break(Add(answer(choices=[1, 2])))


@CASES.breaks("answer_fits_its_question")
def an_option_ticked_twice() -> Break:
    return Break(Add(answer(stored(response(opened(kind="several"))), choices=[1, 1])))


@CASES.breaks("answer_fits_its_question")
def an_answer_to_a_question_of_another_survey() -> Break:
    return Break(Add(answer(question=opened().questions.get())))


@CASES.breaks("satisfied_as_answered")
def somebody_satisfied_who_did_not_say_so() -> Break:
    return Break(Add(response(satisfied=True)))


@CASES.breaks("valid_answer_is_complete")
def an_answer_that_counts_without_what_must_be_answered() -> Break:
    return Break(Add(response(opened(required=True))))
