"""The house's base and front door."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Pages that cross apps, API root, commands."""

    name = "portal"
    # Kinds of background job, with what does them.
    jobs = {"housekeeping": "portal.housekeeping.keep_house", "as_of": "portal.pages.pictures.take_later", "backup": "portal.backup.nightly.back_up"}
