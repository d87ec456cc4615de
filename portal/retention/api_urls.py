"""What is kept about people and what was destroyed, below `/api/v1/`."""

from django.urls import path

from portal.retention.api import CertificateViewSet, KeptView

app_name = "retention-api"

urlpatterns = [
    path("kept/", KeptView.as_view(), name="kept"),
    path("destruction-certificates/", CertificateViewSet.as_view({"get": "list"}), name="certificate-list"),
    path("destruction-certificates/<uuid:public_id>/", CertificateViewSet.as_view({"get": "retrieve"}), name="certificate-detail"),
]
