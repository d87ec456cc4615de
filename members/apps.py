"""People: members, secondments, memberships, officer terms, squads."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    """See the package's models."""

    name = "members"
    # Sentences for the rules that triggers keep, by constraint name.
    rules = {
        "membership_carries_the_branch_life": _("The membership must lie inside the life of the branch."),
        "assignment_carries_the_shift": _("The shift was moved to another time meanwhile."),
        "service_note_is_only_added": _("Words of merit stay as they were written; write others in their place."),
        "service_note_replaces_one_of_its_own": _("Words of merit replace words of the same branch about the same person."),
        "signed_hand_over_stays": _("A hand-over that both have signed stays as it is."),
        "stay_carries_the_membership": _("Nobody lives on site for a branch in which they are not on those days."),
        "term_carries_the_membership": _("The term of office must lie inside the membership."),
    }
