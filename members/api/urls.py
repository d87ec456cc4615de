"""Persons."""

from django.urls import path

from members.api import views

app_name = "members-api"

urlpatterns = [
    path("persons/", views.PersonViewSet.as_view({"get": "list"}), name="person-list"),
    path("persons/<uuid:public_id>/", views.PersonViewSet.as_view({"get": "retrieve"}), name="person-detail"),
]
