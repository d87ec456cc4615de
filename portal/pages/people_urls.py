"""People. The page of one person shows the work that they took part in, so that these routes stand above the apps."""

from django.urls import path

from members.views import people as views
from members.views import service_note
from portal.pages.person import person_detail
from portal.pages.service_record import service_record, service_record_export, service_record_shifts, service_record_work

app_name = "members"

urlpatterns = [
    path("", views.person_list, name="person_list"),
    path("<uuid:person_id>/", person_detail, name="person_detail"),
    path("<uuid:person_id>/edit/", views.person_edit, name="person_edit"),
    path("<uuid:person_id>/record/", service_record, name="service_record"),
    path("<uuid:person_id>/record/shifts/", service_record_shifts, name="service_record_shifts"),
    path("<uuid:person_id>/record/entries/", service_record_work, name="service_record_work"),
    path("<uuid:person_id>/record/export.<str:format>", service_record_export, name="service_record_export"),
    path("<uuid:person_id>/record/notes/add/", service_note.service_note_add, name="service_note_add"),
    path("record/notes/<uuid:note_id>/", service_note.service_note_edit, name="service_note_edit"),
    path("branches/<uuid:branch_id>/add/", views.member_add, name="member_add"),
    path("branches/<uuid:branch_id>/office/", views.officer_set, name="officer_set"),
    path("memberships/<uuid:membership_id>/end/", views.membership_end, name="membership_end"),
]
