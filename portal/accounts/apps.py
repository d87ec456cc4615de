"""Users, grants and sign-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who signs in, and what they were given."""

    name = "portal.accounts"
    label = "accounts"
