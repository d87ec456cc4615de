"""The tables of all apps that hang on a branch refuse to change once its records are closed; a closed branch is opened again with a reason alone."""

from typing import ClassVar, Final

from django.db import migrations

from branches.closing import closes

_OF_POST: Final = "SELECT post.branch_id FROM touched JOIN members_dutypost post ON post.id = touched.post_id"
_OF_SHIFT: Final = (
    "SELECT post.branch_id FROM touched JOIN members_shift shift ON shift.id = touched.shift_id JOIN members_dutypost post ON post.id = shift.post_id"
)
_OF_ASSIGNMENT: Final = (
    "SELECT post.branch_id FROM touched JOIN members_assignment assignment ON assignment.id = touched.assignment_id"
    " JOIN members_shift shift ON shift.id = assignment.shift_id JOIN members_dutypost post ON post.id = shift.post_id"
)
_OF_SURVEY: Final = "SELECT survey.branch_id FROM touched JOIN activities_survey survey ON survey.id = touched.survey_id"
_OF_RESPONSE: Final = "SELECT response.branch_id FROM touched JOIN activities_surveyresponse response ON response.id = touched.response_id"
_OF_NEED: Final = "SELECT need.branch_id FROM touched JOIN activities_need need ON need.id = touched.need_id"
_OF_POINT: Final = "SELECT point.branch_id FROM touched JOIN activities_inspectionpoint point ON point.id = touched.point_id"
_OF_END: Final = "SELECT ended.branch_id FROM touched JOIN ending_branchend ended ON ended.id = touched.end_id"

# What was handed on to a region or a unit is theirs to answer, also when the branch is over: that alone, and only once.
_NEED_ANSWERED: Final = (
    "SELECT unnest(ARRAY[o.branch_id, n.branch_id]) FROM old_rows o JOIN new_rows n USING (id) WHERE NOT (o.state = 'handed_on' AND n.state = 'resolved')"
)
_EVENT_ANSWERS: Final = (
    "SELECT touched.branch_id FROM touched JOIN activities_need need ON need.id = touched.need_id"
    " WHERE NOT (touched.kind = 'resolved' AND need.state = 'resolved' AND need.revision = touched.number)"
)
_SUGGESTION_ANSWERED: Final = "SELECT o.branch_id FROM old_rows o JOIN new_rows n USING (id) WHERE NOT (o.state = 'passed' AND n.state = 'answered')"
_SUGGESTION_EVENT: Final = (
    "SELECT suggestion.branch_id FROM touched JOIN activities_suggestion suggestion ON suggestion.id = touched.suggestion_id"
    " WHERE NOT (touched.kind = 'answered' AND suggestion.state = 'answered' AND suggestion.revision = touched.number)"
)

OPENED_AGAIN: Final = """
CREATE FUNCTION ending_open_with_a_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ending_branchend WHERE branch_id = NEW.id AND state = 'reopened')
        OR EXISTS (SELECT FROM ending_branchend WHERE branch_id = NEW.id AND state = 'confirmed') THEN
        RAISE EXCEPTION 'records are opened again with a reason' USING ERRCODE = 'check_violation', CONSTRAINT = 'branch_opens_with_a_reason';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER branch_opens_with_a_reason AFTER UPDATE ON branches_branch
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL AND NEW.closed_at IS NULL) EXECUTE FUNCTION ending_open_with_a_reason();
CREATE TRIGGER confirmed_end_stays BEFORE UPDATE ON ending_branchend FOR EACH ROW WHEN (OLD.state <> 'preparing')
    EXECUTE FUNCTION foundation_keep_columns('confirmed_end_stays', 'branch_id', 'last_day', 'merged_into_id', 'stock', 'narrative', 'letters_on', 'confirmed_at');
"""
NOT_OPENED: Final = """
DROP TRIGGER confirmed_end_stays ON ending_branchend;
DROP TRIGGER branch_opens_with_a_reason ON branches_branch;
DROP FUNCTION ending_open_with_a_reason;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("ending", "0001_ends"),
        ("branches", "0008_closed"),
        ("members", "0017_merit_after_the_branch"),
        ("activities", "0032_point_files"),
    ]

    operations: ClassVar = [
        closes("members_membership"),
        closes("members_officerterm"),
        closes("members_dutypost"),
        closes("members_shifttime", _OF_POST),
        closes("members_shift", _OF_POST),
        closes("members_assignment", _OF_SHIFT),
        closes("members_checkin", _OF_ASSIGNMENT, erased=["arrived_at"]),
        closes("members_handover", _OF_SHIFT, erased=["notes", "open_needs", "stock"]),
        closes("members_swap", _OF_SHIFT),
        closes("members_timeoff", erased=["reason"]),
        closes("members_onsitestay", erased=["place"]),
        closes("members_pioneerpost"),
        closes("members_pioneerclaim"),
        closes("members_servicenote", erased=["words"]),
        closes("members_squad"),
        closes("members_squadmember"),
        closes("members_squadgrid"),
        closes("activities_dailyreport"),
        closes("activities_periodreport"),
        # Entries, measures and participants are written together with their version, in one transaction, and never after.
        closes("activities_reportversion", erased=["note", "note_day", "note_folded", "reason", "review_note"]),
        # A draft was never filed: it may go.
        closes("activities_reportdraft", erased=["data"], never_on=["DELETE"]),
        closes("activities_inspection", erased=["inspector", "looked_at", "result", "withdrawn_why"]),
        closes("activities_inspectionpoint", erased=["what"]),
        closes("activities_pointfile", _OF_POINT, erased=["file_id"]),
        closes("activities_inspectionpointevent", erased=["note"]),
        closes("activities_need", erased=["contact", "household", "phone", "result", "words", "words_folded"], on_update=_NEED_ANSWERED),
        closes("activities_needevent", _EVENT_ANSWERS, erased=["note"]),
        closes("activities_needcode", _OF_NEED, erased=["code_hash"], never_on=["DELETE"]),
        closes("activities_suggestion", erased=["answer", "words"], on_update=_SUGGESTION_ANSWERED),
        closes("activities_suggestionevent", _SUGGESTION_EVENT, erased=["note"]),
        closes("activities_statement"),
        closes("activities_stockreceipt"),
        closes("activities_survey"),
        closes("activities_surveyquestion", _OF_SURVEY),
        closes("activities_surveyresponse", erased=["browser"]),
        closes("activities_surveyanswer", _OF_RESPONSE, erased=["free_text"]),
        closes("ending_leftopen", _OF_END),
        closes("ending_serviceletter", _OF_END),
        migrations.RunSQL(OPENED_AGAIN, NOT_OPENED),
    ]
