"""Retention: what becomes of what is kept about people."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    """Certificates of destruction, holds, requests."""

    name = "portal.retention"
    label = "retention"
    # Kinds of background job, with what does them.
    jobs = {"retention": "portal.retention.services.erasing.erase_what_is_due"}
    # Sentences for the rules that triggers keep, by constraint name.
    rules = {
        "certificate_is_kept": _("A certificate of destruction stays as it was written."),
        "data_request_is_kept": _("A request that was recorded is kept."),
        "hold_is_kept": _("A hold stays as it was placed; lift it, or place another one."),
    }
