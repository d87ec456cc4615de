"""Reports, review, entries, needs."""

from django.urls import path

from activities.views.differing import report_from_registers
from activities.views.filing import draft_save, on_behalf, report_edit
from activities.views.imports import import_detail, import_list, import_refused, import_template
from activities.views.needs import need_detail, need_export, need_list
from activities.views.needs_doing import need_act, need_code, need_done, need_record
from activities.views.period import period_edit
from activities.views.reading import entry_detail, period_detail, report_detail, report_list, report_receipt
from activities.views.review import report_confirm, report_withdraw, review_act, review_list
from activities.views.today import today
from portal.foundation import converters

app_name = "activities"
converters.register()

urlpatterns = [
    path("", report_list, name="report_list"),
    path("today/", today, name="today"),
    path("review/", review_list, name="review_list"),
    path("review/act/", review_act, name="review_act"),
    path("daily/<uuid:report_id>/", report_detail, name="report_detail"),
    path("daily/<uuid:report_id>/from-registers/", report_from_registers, name="report_from_registers"),
    path("period/<uuid:report_id>/", period_detail, name="period_detail"),
    path("receipt/<uuid:version_id>/", report_receipt, name="report_receipt"),
    path("versions/<uuid:version_id>/confirm/", report_confirm, name="report_confirm"),
    path("versions/<uuid:version_id>/withdraw/", report_withdraw, name="report_withdraw"),
    path("entries/<uuid:entry_id>/", entry_detail, name="entry_detail"),
    path("needs/", need_list, name="need_list"),
    path("needs/new/", need_record, name="need_record"),
    path("needs/done/", need_done, name="need_done"),
    path("needs/export.<str:format>", need_export, name="need_export"),
    path("needs/<uuid:need_id>/", need_detail, name="need_detail"),
    path("needs/<uuid:need_id>/act/", need_act, name="need_act"),
    path("needs/<uuid:need_id>/code/", need_code, name="need_code"),
    path("import/", import_list, name="import_list"),
    path("import/template.xlsx", import_template, name="import_template"),
    path("import/<uuid:import_id>/", import_detail, name="import_detail"),
    path("import/<uuid:import_id>/refused.csv", import_refused, name="import_refused"),
    path("<uuid:branch_id>/span/", period_edit, name="period_edit"),
    path("<uuid:branch_id>/<iso-date:day>/", report_edit, name="report_edit"),
    path("<uuid:branch_id>/<iso-date:day>/draft/", draft_save, name="draft_save"),
    path("<uuid:branch_id>/<iso-date:day>/on-behalf/", on_behalf, name="on_behalf"),
]
