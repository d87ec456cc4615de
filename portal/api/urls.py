"""Everything below `/api/v1/`."""

from django.urls import include, path

urlpatterns = [
    path("", include("branches.api.urls")),
    path("", include("members.api.urls")),
    path("", include("activities.api.urls")),
]
