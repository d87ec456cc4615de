"""Sign-in, own account, users, grants, activation, import of branches and clerks."""

from django.urls import URLPattern, URLResolver, path

from portal.accounts import views
from portal.accounts.views import clerks, oversight, second_factor, security, users

app_name = "accounts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("activate/", views.activate, name="activate"),
    path("password/", views.password_change, name="password_change"),
    path("", views.profile, name="profile"),
    path("security/", security.security, name="security"),
    path("second-step/", second_factor.second_step, name="second_step"),
    path("prove/", second_factor.prove, name="prove"),
    path("security/second-factor/", second_factor.second_enrol, name="second_enrol"),
    path("security/second-factor/remove/", second_factor.second_remove, name="second_remove"),
    path("security/recovery-codes/", second_factor.recovery_renew, name="recovery_renew"),
    path("users/<uuid:user_id>/second-factor/reset/", users.factor_reset, name="factor_reset"),
    path("security/alerts/read/", security.alerts_read, name="alerts_read"),
    path("security/sessions/end/", security.sessions_end, name="sessions_end"),
    path("security/sessions/<uuid:session_id>/end/", security.session_end, name="session_end"),
    path("security/devices/<uuid:device_id>/forget/", security.device_forget, name="device_forget"),
    path("users/", users.user_list, name="user_list"),
    path("users/add/", users.user_add, name="user_add"),
    path("users/<uuid:user_id>/", users.user_detail, name="user_detail"),
    path("users/<uuid:user_id>/reset/", users.user_reset, name="user_reset"),
    path("users/<uuid:user_id>/active/", users.user_set_active, name="user_set_active"),
    path("users/<uuid:user_id>/grants/add/", users.grant_add, name="grant_add"),
    path("users/<uuid:user_id>/tokens/add/", users.token_add, name="token_add"),
    path("users/<uuid:user_id>/tokens/revoke/", users.token_revoke, name="token_revoke"),
    path("grants/<uuid:grant_id>/revoke/", users.grant_revoke, name="grant_revoke"),
    path("grants/<uuid:grant_id>/extend/", oversight.grant_extend, name="grant_extend"),
    path("grants/ending/", oversight.grants_ending, name="grants_ending"),
    path("grants/review/", oversight.review, name="review"),
    path("grants/review/close/", oversight.review_close, name="review_close"),
    path("users/<uuid:user_id>/resets/ask/", oversight.reset_ask, name="reset_ask"),
    path("resets/", oversight.reset_list, name="reset_list"),
    path("resets/<uuid:reset_id>/answer/", oversight.reset_answer, name="reset_answer"),
    path("import/", clerks.upload, name="import"),
    path("import/template.xlsx", clerks.template, name="import_template"),
    path("import/<uuid:attachment_id>/", clerks.preview, name="import_detail"),
    path("import/<uuid:attachment_id>/codes/", clerks.code_print, name="code_print"),
]
