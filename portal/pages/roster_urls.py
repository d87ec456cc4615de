"""The roster: who serves at which post, and when; its files are made beside those of figures."""

from django.urls import path

from members.views import check_in, hand_over, hours, on_site, roster, roster_edit, swap
from portal.foundation import converters
from portal.pages.rosters import check_in_export, hand_over_export, hours_export, on_site_export, shift_export

app_name = "roster"

converters.register()

urlpatterns = [
    path("", roster.shift_list, name="shift_list"),
    path("export.<str:format>", shift_export, name="shift_export"),
    path("branches/<uuid:branch_id>/", roster.roster_day, name="roster_today"),
    path("branches/<uuid:branch_id>/<iso-date:day>/", roster.roster_day, name="roster_day"),
    path("branches/<uuid:branch_id>/<iso-date:day>/week/", roster.roster_week, name="roster_week"),
    path("branches/<uuid:branch_id>/<iso-date:day>/copy/", roster.roster_copy, name="roster_copy"),
    path("branches/<uuid:branch_id>/<iso-date:first_day>/<iso-date:last_day>/empty/", roster.roster_gaps, name="roster_gaps"),
    path("branches/<uuid:branch_id>/fill/", roster.roster_fill, name="roster_fill"),
    path("branches/<uuid:branch_id>/posts/", roster_edit.post_list, name="post_list"),
    path("branches/<uuid:branch_id>/posts/add/", roster_edit.post_add, name="post_add"),
    path("branches/<uuid:branch_id>/time-off/", roster_edit.time_off, name="time_off"),
    path("branches/<uuid:branch_id>/on-site/", on_site.on_site, name="on_site"),
    path("branches/<uuid:branch_id>/on-site/add/", on_site.on_site_add, name="on_site_add"),
    path("branches/<uuid:branch_id>/on-site/end/", on_site.on_site_end, name="on_site_end"),
    path("on-site/", on_site.on_site_list, name="on_site_list"),
    path("on-site/export.<str:format>", on_site_export, name="on_site_export"),
    path("time-off/<uuid:off_id>/end/", roster_edit.time_off_end, name="time_off_end"),
    path("posts/<uuid:post_id>/", roster_edit.post_edit, name="post_edit"),
    path("shifts/<uuid:shift_id>/", roster_edit.shift_detail, name="shift_detail"),
    path("shifts/<uuid:shift_id>/code/", check_in.shift_code, name="shift_code"),
    path("shifts/<uuid:shift_id>/came/", check_in.shift_record, name="shift_record"),
    path("shifts/<uuid:shift_id>/check-in/", check_in.check_in, name="check_in"),
    path("shifts/<uuid:shift_id>/hand-over/", hand_over.hand_over, name="hand_over"),
    path("shifts/<uuid:shift_id>/hand-over/take/", hand_over.hand_over_take, name="hand_over_take"),
    path("shifts/<uuid:shift_id>/swap/", swap.swap_ask, name="swap_ask"),
    path("swaps/<uuid:swap_id>/", swap.swap_answer, name="swap_answer"),
    path("mine/", check_in.own_shifts, name="own_shifts"),
    path("hours/", hours.hours, name="hours"),
    path("hours/export.<str:format>", hours_export, name="hours_export"),
    path("check-ins/export.<str:format>", check_in_export, name="check_in_export"),
    path("hand-overs/export.<str:format>", hand_over_export, name="hand_over_export"),
    path("shifts/<uuid:shift_id>/change/", roster_edit.shift_change, name="shift_change"),
]
