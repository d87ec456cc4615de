"""Home, dashboards, records behind a figure, search, audit."""

from django.urls import path

from portal.pages.as_of import as_of
from portal.pages.audit import audit_export, audit_list
from portal.pages.dashboard import branch_dashboard, dashboard, duty_phone, region_dashboard, unit_dashboard
from portal.pages.exports import dashboard_export, records_export
from portal.pages.follow import follow
from portal.pages.frozen import frozen_detail, frozen_list, frozen_new
from portal.pages.history import audit_changes, audit_changes_export, audit_days, audit_object, audit_person
from portal.pages.home import home
from portal.pages.operations import job_retry, operations
from portal.pages.records import records
from portal.pages.registers import registers
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
    path("dashboard/<str:kind>/<uuid:scope_id>/as-of/", as_of, name="as_of"),
    path("registers/", registers, name="registers"),
    path("records/", records, name="records"),
    path("records/export.<str:format>", records_export, name="records_export"),
    path("frozen-figures/", frozen_list, name="frozen_list"),
    path("frozen-figures/new/", frozen_new, name="frozen_new"),
    path("frozen-figures/<uuid:figure_id>/", frozen_detail, name="frozen_detail"),
    path("follow/", follow, name="follow"),
    path("search/", search, name="search"),
    path("operations/", operations, name="operations"),
    path("operations/jobs/<uuid:job_id>/retry/", job_retry, name="job_retry"),
    path("audit/", audit_list, name="audit_list"),
    path("audit/export.csv", audit_export, name="audit_export"),
    path("audit/changes/", audit_changes, name="audit_changes"),
    path("audit/changes/export.csv", audit_changes_export, name="audit_changes_export"),
    path("audit/objects/<uuid:object_id>/", audit_object, name="audit_object"),
    path("audit/people/<uuid:user_id>/", audit_person, name="audit_person"),
    path("audit/days/", audit_days, name="audit_days"),
]
