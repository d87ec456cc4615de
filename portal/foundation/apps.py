"""The ground floor: what every app stands on."""

from django.apps import AppConfig
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from portal.foundation.text import NUL_REFUSED


class FoundationConfig(AppConfig):
    """Audit, job queue, attachments, change log; imports nothing of ours."""

    name = "portal.foundation"
    label = "foundation"
    # Sentences for the rules that triggers keep, by constraint name.
    jobs = {"seal": "portal.foundation.sealing.seal_nightly"}
    rules = {
        "audit_is_append_only": _("The audit log is only ever added to."),
        "seals_are_append_only": _("The seals of the audit log are only ever added to."),
        "history_is_append_only": _("The history of rows is only ever added to."),
    }

    def ready(self) -> None:
        """Say in words for people what the framework's text fields, of forms and of the API, refuse in words for programmers."""
        ProhibitNullCharactersValidator.message = NUL_REFUSED
