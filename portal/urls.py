"""The site map."""

from django.urls import include, path

from portal.health import healthz

urlpatterns = [
    path("", include("portal.pages.urls")),
    path("account/", include("portal.accounts.urls")),
    path("branches/", include("branches.urls")),
    path("people/", include("members.urls")),
    path("reports/", include("activities.urls")),
    path("api/v1/", include("portal.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("healthz", healthz, name="healthz"),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
