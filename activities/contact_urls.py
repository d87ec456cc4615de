"""Contact points: sites for which a leader answers, and the leaders' visits."""

from django.urls import path

from activities.views.contacts import (
    contact_call,
    contact_close,
    contact_detail,
    contact_export,
    contact_list,
    contact_new,
    leader_set,
    own_list,
    visit_record,
)

app_name = "contacts"

urlpatterns = [
    path("", contact_list, name="contact_list"),
    path("export.<str:format>", contact_export, name="contact_export"),
    path("new/", contact_new, name="contact_new"),
    path("mine/", own_list, name="own_list"),
    path("<uuid:contact_id>/", contact_detail, name="contact_detail"),
    path("<uuid:contact_id>/leader/", leader_set, name="leader_set"),
    path("<uuid:contact_id>/visit/", visit_record, name="visit_record"),
    path("<uuid:contact_id>/close/", contact_close, name="contact_close"),
    path("<uuid:contact_id>/call/", contact_call, name="contact_call"),
]
