"""The ground floor: what every app stands on."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FoundationConfig(AppConfig):
    """Audit, job queue, attachments, change log; imports nothing of ours."""

    name = "portal.foundation"
    label = "foundation"
    # Sentences for the rules that triggers keep, by constraint name.
    rules = {
        "audit_is_append_only": _("The audit log is only ever added to."),
    }
