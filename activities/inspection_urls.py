"""Inspections and what they found to be mended."""

from django.urls import path

from activities.views.inspections import inspection_detail, inspection_export, inspection_list, point_detail, point_export, point_list
from activities.views.inspections_doing import inspection_new, inspection_record, inspection_withdraw, point_act
from activities.views.pictures import file_add, file_show, file_take_away

app_name = "inspections"

urlpatterns = [
    path("", point_list, name="point_list"),
    path("points/export.<str:format>", point_export, name="point_export"),
    path("points/<uuid:point_id>/", point_detail, name="point_detail"),
    path("points/<uuid:point_id>/act/", point_act, name="point_act"),
    path("points/<uuid:point_id>/files/", file_add, name="file_add"),
    path("files/<uuid:file_id>/", file_show, name="file_show"),
    path("files/<uuid:file_id>/take-away/", file_take_away, name="file_take_away"),
    path("records/", inspection_list, name="inspection_list"),
    path("records/export.<str:format>", inspection_export, name="inspection_export"),
    path("new/", inspection_new, name="inspection_new"),
    path("new/<uuid:branch_id>/", inspection_record, name="inspection_record"),
    path("<uuid:inspection_id>/", inspection_detail, name="inspection_detail"),
    path("<uuid:inspection_id>/withdraw/", inspection_withdraw, name="inspection_withdraw"),
]
