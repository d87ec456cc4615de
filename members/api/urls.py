"""Persons."""

from django.urls import URLPattern, URLResolver

app_name = "members-api"

urlpatterns: list[URLPattern | URLResolver] = []
