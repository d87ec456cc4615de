"""Suggestions: what residents or members say that only a higher level can settle."""

from django.urls import path

from activities.views.suggestions import suggestion_detail, suggestion_export, suggestion_list
from activities.views.suggestions_doing import suggestion_act, suggestion_record

app_name = "suggestions"

urlpatterns = [
    path("", suggestion_list, name="suggestion_list"),
    path("new/", suggestion_record, name="suggestion_record"),
    path("export.<str:format>", suggestion_export, name="suggestion_export"),
    path("<uuid:suggestion_id>/", suggestion_detail, name="suggestion_detail"),
    path("<uuid:suggestion_id>/act/", suggestion_act, name="suggestion_act"),
]
