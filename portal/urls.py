"""The site map."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from portal.health import healthz, livez, readyz
from portal.security_txt import security_txt

urlpatterns = [
    path("", include("portal.pages.urls")),
    path("account/", include("portal.accounts.urls")),
    path("branches/", include("portal.pages.branch_urls")),
    path("people/", include("portal.pages.people_urls")),
    path("roster/", include("portal.pages.roster_urls")),
    path("squads/", include("members.squad_urls")),
    path("reports/", include("activities.urls")),
    path("inspections/", include("activities.inspection_urls")),
    path("contacts/", include("activities.contact_urls")),
    path("", include("activities.survey_urls")),
    path("suggestions/", include("activities.suggestion_urls")),
    path("data/", include("portal.retention.urls")),
    path("api/v1/", include("portal.api.urls")),
    # Open: the language is chosen before sign-in too.
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("healthz", healthz, name="healthz"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
