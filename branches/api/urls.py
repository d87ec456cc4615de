"""Regions, work units and branches."""

from django.urls import URLPattern, URLResolver

app_name = "branches-api"

urlpatterns: list[URLPattern | URLResolver] = []
