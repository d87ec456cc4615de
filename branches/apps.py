"""Where, and who answers: regions, work units, branches and their life."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BranchesConfig(AppConfig):
    """See the package's models."""

    name = "branches"
    # Sentences for the rules that triggers keep, by constraint name.
    rules = {
        "region_tree_has_no_circle": _("A region cannot lie below itself."),
        "work_unit_tree_has_no_circle": _("A work unit cannot belong to one of its own units."),
        "branch_is_closed": _("This branch has ended and its records are closed: nothing in them is changed or added any more."),
        "branch_hosted_at_its_latest_place": _("Move the branch from a day on; its host region is where its latest place says."),
    }
