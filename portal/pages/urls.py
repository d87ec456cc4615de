"""Home, dashboards, records behind a figure, search, audit."""

from django.urls import path

from portal.pages.audit import audit_export, audit_list
from portal.pages.dashboard import branch_dashboard, dashboard, duty_phone, region_dashboard, unit_dashboard
from portal.pages.exports import dashboard_export
from portal.pages.home import home
from portal.pages.records import records
from portal.pages.search import search

app_name = "portal"

urlpatterns = [
    path("", home, name="home"),
    path("dashboard/", dashboard, name="dashboard"),
    path("dashboard/regions/<uuid:region_id>/", region_dashboard, name="region_dashboard"),
    path("dashboard/units/<uuid:unit_id>/", unit_dashboard, name="unit_dashboard"),
    path("dashboard/branches/<uuid:branch_id>/", branch_dashboard, name="branch_dashboard"),
    path("dashboard/call/<uuid:person_id>/", duty_phone, name="duty_phone"),
    path("dashboard/<str:kind>/<uuid:scope_id>/export.<str:format>", dashboard_export, name="dashboard_export"),
    path("records/", records, name="records"),
    path("search/", search, name="search"),
    path("audit/", audit_list, name="audit_list"),
    path("audit/export.csv", audit_export, name="audit_export"),
]
