"""Regions, work units and branches."""

from typing import Any

from django.urls import path

from branches.api import views

app_name = "branches-api"

MANY: dict[str, Any] = {"get": "list"}
ONE: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path("regions/", views.RegionViewSet.as_view(MANY), name="region-list"),
    path("regions/<uuid:public_id>/", views.RegionViewSet.as_view(ONE), name="region-detail"),
    path("work-units/", views.WorkUnitViewSet.as_view(MANY), name="work-unit-list"),
    path("work-units/<uuid:public_id>/", views.WorkUnitViewSet.as_view(ONE), name="work-unit-detail"),
    path("branches/", views.BranchViewSet.as_view(MANY), name="branch-list"),
    path("branches/<uuid:public_id>/", views.BranchViewSet.as_view(ONE), name="branch-detail"),
]
