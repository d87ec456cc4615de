"""People. The page of one person shows the work that they took part in, so that these routes stand above the apps."""

from django.urls import path

from members.views import people as views
from portal.pages.person import person_detail

app_name = "members"

urlpatterns = [
    path("", views.person_list, name="person_list"),
    path("<uuid:person_id>/", person_detail, name="person_detail"),
    path("<uuid:person_id>/edit/", views.person_edit, name="person_edit"),
    path("branches/<uuid:branch_id>/add/", views.member_add, name="member_add"),
    path("branches/<uuid:branch_id>/office/", views.officer_set, name="officer_set"),
    path("memberships/<uuid:membership_id>/end/", views.membership_end, name="membership_end"),
]
