"""Branches. The page of one branch shows its reports too, so that these routes stand above the apps."""

from django.urls import path

from branches import views
from portal.ending import views as ending
from portal.pages.branch import branch_detail

app_name = "branches"

urlpatterns = [
    path("", views.branch_list, name="branch_list"),
    path("add/", views.branch_add, name="branch_add"),
    path("regions/add/", views.region_add, name="region_add"),
    path("work-units/add/", views.work_unit_add, name="work_unit_add"),
    path("<uuid:branch_id>/", branch_detail, name="branch_detail"),
    path("<uuid:branch_id>/edit/", views.branch_edit, name="branch_edit"),
    path("<uuid:branch_id>/schedule/", views.branch_schedule, name="branch_schedule"),
    path("<uuid:branch_id>/move/", views.branch_move, name="branch_move"),
    path("<uuid:branch_id>/end/", ending.branch_end, name="branch_end"),
    path("<uuid:branch_id>/end/open-again/", ending.end_reopen, name="end_reopen"),
    path("<uuid:branch_id>/end/pack-again/", ending.end_pack_again, name="end_pack_again"),
    path("<uuid:branch_id>/end/<slug:step>/", ending.end_step, name="end_step"),
    path("letters/<uuid:letter_id>/", ending.end_letter, name="end_letter"),
    path("packs/<uuid:pack_id>/", ending.end_pack, name="end_pack"),
]
