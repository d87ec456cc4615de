"""Surveys: the pages of branch and official, and behind `s/` the form that anybody with the link answers."""

from django.urls import path

from activities.views.answering import answer, answered
from activities.views.survey_answers import answer_detail, paper, word_list
from activities.views.survey_making import question_act, question_add, survey_act, survey_edit, survey_new
from activities.views.surveys import answer_export, answer_list, survey_detail, survey_export, survey_list, survey_poster

app_name = "surveys"

urlpatterns = [
    path("surveys/", survey_list, name="survey_list"),
    path("surveys/new/", survey_new, name="survey_new"),
    path("surveys/export.<str:format>", survey_export, name="survey_export"),
    path("surveys/answers/", answer_list, name="answer_list"),
    path("surveys/answers/export.<str:format>", answer_export, name="answer_export"),
    path("surveys/answers/<uuid:response_id>/", answer_detail, name="answer_detail"),
    path("surveys/questions/<uuid:question_id>/act/", question_act, name="question_act"),
    path("surveys/<uuid:survey_id>/", survey_detail, name="survey_detail"),
    path("surveys/<uuid:survey_id>/edit/", survey_edit, name="survey_edit"),
    path("surveys/<uuid:survey_id>/act/", survey_act, name="survey_act"),
    path("surveys/<uuid:survey_id>/questions/", question_add, name="question_add"),
    path("surveys/<uuid:survey_id>/paper/", paper, name="paper"),
    path("surveys/<uuid:survey_id>/words/", word_list, name="word_list"),
    path("surveys/<uuid:survey_id>/poster/", survey_poster, name="survey_poster"),
    path("s/<slug:code>/", answer, name="answer"),
    path("s/<slug:code>/thanks/", answered, name="answered"),
]
