"""What is kept, what was destroyed, and what people ask about their own data."""

from django.urls import path

from portal.retention.views.certificates import certificate_detail, certificate_export, certificate_list
from portal.retention.views.holds import hold_add, hold_lift, hold_list
from portal.retention.views.kept import kept
from portal.retention.views.mine import mine, mine_ask, mine_export, mine_rows
from portal.retention.views.requests import request_add, request_detail, request_list

app_name = "retention"

urlpatterns = [
    path("kept/", kept, name="kept"),
    path("mine/", mine, name="mine"),
    path("mine/export.<str:format>", mine_export, name="mine_export"),
    path("mine/ask/<slug:kind>/", mine_ask, name="mine_ask"),
    path("mine/rows/<str:of>/", mine_rows, name="mine_rows"),
    path("requests/", request_list, name="request_list"),
    path("requests/add/", request_add, name="request_add"),
    path("requests/<uuid:request_id>/", request_detail, name="request_detail"),
    path("certificates/", certificate_list, name="certificate_list"),
    path("certificates/export.<str:format>", certificate_export, name="certificate_export"),
    path("certificates/<uuid:certificate_id>/", certificate_detail, name="certificate_detail"),
    path("holds/", hold_list, name="hold_list"),
    path("holds/add/", hold_add, name="hold_add"),
    path("holds/<uuid:hold_id>/lift/", hold_lift, name="hold_lift"),
]
