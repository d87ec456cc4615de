"""People: members, secondments, memberships, officer terms, squads, pioneer posts, rosters."""

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
        "squad_carries_the_branch_life": _("The squad must lie inside the life of the branch."),
        "squad_member_carries_the_squad": _("The squad was ended or changed meanwhile."),
        "squad_member_carries_the_membership": _("Whoever is in a squad is in its branch in all that time."),
        "squad_grid_carries_the_squad": _("The squad was ended or changed meanwhile."),
        "pioneer_post_carries_the_branch_life": _("The post must lie inside the life of the branch."),
        "pioneer_claim_carries_the_post": _("The post was closed or changed meanwhile."),
        "pioneer_claim_carries_the_membership": _("Whoever holds a post is in its branch in all that time."),
        "only_party_members_claim": _("Only Party members claim a pioneer post."),
        "term_carries_the_membership": _("The term of office must lie inside the membership."),
    }
