"""Everything below `/api/v1/`."""

from django.urls import include, path

from portal.api import views
from portal.api.changes import ChangeViewSet
from portal.api.totals import TotalRecordsViewSet, TotalsView

urlpatterns = [
    path("", include("branches.api.urls")),
    path("", include("members.api.urls")),
    path("", include("activities.api.urls")),
    path("", include("portal.retention.api_urls")),
    path("totals/", TotalsView.as_view(), name="api-totals"),
    path("totals/records/", TotalRecordsViewSet.as_view({"get": "list"}), name="api-total-records"),
    path("changes/", ChangeViewSet.as_view({"get": "list"}), name="api-changes"),
    path("token/", views.TokenView.as_view(), name="api-token"),
    path("problems/<slug:slug>/", views.ProblemView.as_view(), name="api-problem"),
    path("schema/", views.SchemaView.as_view(), name="api-schema"),
    path("docs/", views.api_docs, name="api-docs"),
]
