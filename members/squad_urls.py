"""Squads and pioneer posts: the pages of branch and official, and of the member who claims a post."""

from django.urls import path

from members.views import pioneers, squads, squads_edit

app_name = "squads"

urlpatterns = [
    path("", squads.squad_list, name="squad_list"),
    path("export.<str:format>", squads.squad_export, name="squad_export"),
    path("branches/<uuid:branch_id>/", squads.coverage, name="coverage"),
    path("branches/<uuid:branch_id>/cover/", squads_edit.grid_cover, name="grid_cover"),
    path("branches/<uuid:branch_id>/add/", squads_edit.squad_add, name="squad_add"),
    path("branches/<uuid:branch_id>/add-for-grids/", squads_edit.squads_add, name="squads_add"),
    path("branches/<uuid:branch_id>/posts/add/", pioneers.post_add, name="post_add"),
    path("members/<uuid:member_id>/end/", squads_edit.member_end, name="member_end"),
    path("grids/<uuid:grid_id>/end/", squads_edit.grid_end, name="grid_end"),
    path("posts/", pioneers.post_list, name="post_list"),
    path("posts/export.<str:format>", pioneers.post_export, name="post_export"),
    path("posts/<uuid:post_id>/", pioneers.post_detail, name="post_detail"),
    path("posts/<uuid:post_id>/sign/", pioneers.post_sign, name="post_sign"),
    path("posts/<uuid:post_id>/edit/", pioneers.post_edit, name="post_edit"),
    path("posts/<uuid:post_id>/close/", pioneers.post_close, name="post_close"),
    path("posts/<uuid:post_id>/claim/", pioneers.post_claim, name="post_claim"),
    path("claims/<uuid:claim_id>/release/", pioneers.claim_release, name="claim_release"),
    path("<uuid:squad_id>/", squads.squad_detail, name="squad_detail"),
    path("<uuid:squad_id>/edit/", squads_edit.squad_edit, name="squad_edit"),
    path("<uuid:squad_id>/people/", squads_edit.squad_people, name="squad_people"),
    path("<uuid:squad_id>/lead/", squads_edit.squad_lead, name="squad_lead"),
    path("<uuid:squad_id>/grids/", squads_edit.squad_grids, name="squad_grids"),
    path("<uuid:squad_id>/end/", squads_edit.squad_end, name="squad_end"),
]
