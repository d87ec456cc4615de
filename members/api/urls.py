"""Persons, posts, shifts, hand-overs, hours, squads and pioneer posts."""

from django.urls import path

from members.api import squads, views

app_name = "members-api"

urlpatterns = [
    path("persons/", views.PersonViewSet.as_view({"get": "list"}), name="person-list"),
    path("persons/<uuid:public_id>/", views.PersonViewSet.as_view({"get": "retrieve"}), name="person-detail"),
    path("duty-posts/", views.DutyPostViewSet.as_view({"get": "list"}), name="duty-post-list"),
    path("duty-posts/<uuid:public_id>/", views.DutyPostViewSet.as_view({"get": "retrieve"}), name="duty-post-detail"),
    path("shifts/", views.ShiftViewSet.as_view({"get": "list"}), name="shift-list"),
    path("shifts/<uuid:public_id>/", views.ShiftViewSet.as_view({"get": "retrieve"}), name="shift-detail"),
    path("hand-overs/", views.HandOverViewSet.as_view({"get": "list"}), name="hand-over-list"),
    path("hand-overs/<uuid:public_id>/", views.HandOverViewSet.as_view({"get": "retrieve"}), name="hand-over-detail"),
    path("hours/", views.HoursViewSet.as_view({"get": "list"}), name="hours-list"),
    path("squads/", squads.SquadViewSet.as_view({"get": "list"}), name="squad-list"),
    path("squads/<uuid:public_id>/", squads.SquadViewSet.as_view({"get": "retrieve"}), name="squad-detail"),
    path("pioneer-posts/", squads.PioneerPostViewSet.as_view({"get": "list"}), name="pioneer-post-list"),
    path("pioneer-posts/<uuid:public_id>/", squads.PioneerPostViewSet.as_view({"get": "retrieve"}), name="pioneer-post-detail"),
]
