"""Sign-in, own account, users, grants, activation, import of branches and clerks."""

from django.urls import URLPattern, URLResolver, path

from portal.accounts import views
from portal.accounts.views import clerks, users

app_name = "accounts"

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("activate/", views.activate, name="activate"),
    path("password/", views.password_change, name="password_change"),
    path("", views.profile, name="profile"),
    path("users/", users.user_list, name="user_list"),
    path("users/add/", users.user_add, name="user_add"),
    path("users/<uuid:user_id>/", users.user_detail, name="user_detail"),
    path("users/<uuid:user_id>/reset/", users.user_reset, name="user_reset"),
    path("users/<uuid:user_id>/active/", users.user_set_active, name="user_set_active"),
    path("users/<uuid:user_id>/grants/add/", users.grant_add, name="grant_add"),
    path("users/<uuid:user_id>/tokens/add/", users.token_add, name="token_add"),
    path("users/<uuid:user_id>/tokens/revoke/", users.token_revoke, name="token_revoke"),
    path("grants/<uuid:grant_id>/revoke/", users.grant_revoke, name="grant_revoke"),
    path("import/", clerks.upload, name="import"),
    path("import/template.xlsx", clerks.template, name="import_template"),
    path("import/<uuid:attachment_id>/", clerks.preview, name="import_detail"),
    path("import/<uuid:attachment_id>/codes/", clerks.code_print, name="code_print"),
]
