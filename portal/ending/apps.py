"""The end of a branch."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EndingConfig(AppConfig):
    """How branches are dissolved and merged, and what stays of them."""

    name = "portal.ending"
    label = "ending"
    # Kinds of background job, with what does them.
    jobs = {"ending.pack": "portal.ending.pack.make_pack"}
    # Sentences for the rules that triggers keep, by constraint name.
    rules = {
        "branch_opens_with_a_reason": _("The records of a closed branch are opened again by an administrator, with a reason."),
        "confirmed_end_stays": _("An end that is confirmed stays as it was confirmed; open the branch again first."),
    }
