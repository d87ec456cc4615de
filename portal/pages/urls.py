"""Home, dashboards, records behind a figure, search, audit."""

from django.urls import path

from portal.pages.audit import audit_export, audit_list
from portal.pages.home import home
from portal.pages.search import search

app_name = "portal"

urlpatterns = [
    path("", home, name="home"),
    path("search/", search, name="search"),
    path("audit/", audit_list, name="audit_list"),
    path("audit/export.csv", audit_export, name="audit_export"),
]
