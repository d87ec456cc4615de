"""Work: metric catalogue, reports, entries and measures, supplies, statements."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivitiesConfig(AppConfig):
    """See the package's models."""

    name = "activities"
    # Kinds of background job, with what does them.
    jobs = {"import.check": "activities.imports.services.check_table", "import.file": "activities.imports.services.file_table"}
    # Sentences for the rules that triggers keep, by constraint name.
    rules = {
        "filed_is_never_changed": _("What was filed is never changed; file a new version."),
        "filed_is_kept": _("What was filed is kept."),
        "entry_agrees_with_its_report": _("An entry has the branch and the day of its report."),
        "measure_of_its_kind": _("This figure belongs to another kind of work."),
        "measure_is_as_fine_as_its_metric": _("This figure has more decimals than it may have; counts are whole numbers."),
        "measure_converts_what_was_entered": _("This unit does not fit the figure."),
        "satisfied_are_among_the_valid": _("There cannot be more satisfied answers than valid ones."),
        "metric_in_use_keeps_its_meaning": _("A metric that has figures keeps its meaning; add a new one."),
        "branch_that_filed_keeps_its_kind": _("A branch that has filed stays a branch, and a command post stays one; add a new one."),
        "totals_are_kept": _("Totals are never emptied; let them be built anew."),
        "frozen_is_never_changed": _("A frozen figure stays as it is; freeze another one."),
        "frozen_is_kept": _("A frozen figure is kept."),
        "need_keeps_its_beginning": _("Where, when and by whom a need was recorded stays as it is."),
        "need_changes_with_an_event": _("A need changes only together with an event that says what was done."),
        "need_is_kept": _("A need that was recorded is kept."),
        "need_event_is_only_added": _("What happened to a need is never changed; write down what happens next."),
        "suggestion_keeps_its_beginning": _("Where, when and by whom a suggestion was recorded stays as it is."),
        "suggestion_changes_with_an_event": _("A suggestion changes only together with an event that says what was done."),
        "suggestion_is_kept": _("A suggestion that was recorded is kept."),
        "suggestion_event_is_only_added": _("What happened to a suggestion is never changed; write down what happens next."),
        "inspection_stays_as_recorded": _("An inspection stays as it was recorded; withdraw it with a reason, and record it anew."),
        "inspection_is_kept": _("An inspection that was recorded is kept."),
        "inspection_point_of_its_branch": _("A point belongs to the branch of its inspection."),
        "inspection_point_keeps_its_beginning": _("What an inspection found stays as it was found."),
        "inspection_point_changes_with_an_event": _("A point changes only together with an event that says what was done."),
        "inspection_point_is_kept": _("A point that was found is kept."),
        "inspection_point_event_is_only_added": _("What happened to a point is never changed; write down what happens next."),
        "contact_point_is_kept": _("A contact point is kept; say until when somebody answers for it."),
        "point_file_stays_as_added": _("What a picture shows is never said otherwise afterwards; take it away and add it again."),
        "contact_visit_stays_as_recorded": _("A visit stays as it was recorded; write down the next one."),
        "unit_in_use_keeps_its_meaning": _("A unit that has figures keeps its meaning; add a new one."),
        "opened_survey_keeps_its_questions": _("Once a survey is open its questions stay; make a new survey for others."),
        "opened_survey_stays_as_it_is": _("Once a survey is open its title and its link stay."),
        "survey_opens_with_questions": _("A survey needs a question before it opens."),
        "answers_come_while_it_is_open": _("The survey takes no answers for that time."),
        "answer_of_its_branch": _("An answer belongs to the branch of its survey."),
        "answer_stays_as_given": _("What was answered stays as it was given."),
        "answer_fits_its_question": _("The question cannot be answered in this way."),
        "satisfied_as_answered": _("Whether somebody is satisfied is as they answered."),
        "valid_answer_is_complete": _("An answer that counts answers all questions that must be answered."),
    }
