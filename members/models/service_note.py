"""Words of merit: what a branch writes into somebody's service record, for the person and the unit at home to read.

Rows are only ever added. Who corrects a note adds one that replaces it, who takes it back one without words: triggers and keys in `members/migrations/`.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models.people import Person
from members.querysets import ServiceNoteQuerySet
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, Basis, Sensitive, Whose


class ServiceNote(PublicModel):
    """What somebody did on a day that deserves to be known at home, in the words of their branch."""

    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="service_notes")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="service_notes")
    happened_on = models.DateField(_("day"))
    words = models.TextField(_("words of merit"), blank=True, max_length=500)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("written by"), on_delete=models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField(_("written at"))
    # The note that this one corrects or takes back.
    replaces = models.ForeignKey(
        "self", verbose_name=_("replaces"), on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by", db_index=False
    )

    objects = ServiceNoteQuerySet.as_manager()

    SENSITIVE = {
        "words": Sensitive(
            _("telling the person and their unit at home what the branch thanks them for"), AFTER_THE_BRANCH, Basis.DUTY, Whose.SERVING, becomes=GONE
        )
    }

    class Meta:
        verbose_name = _("word of merit")
        verbose_name_plural = _("words of merit")
        ordering = ["happened_on", "pk"]
        constraints = [
            models.UniqueConstraint(name="service_note_id_person_branch", fields=["id", "person", "branch"]),
            models.UniqueConstraint(
                name="service_note_replaced_once", fields=["replaces"], violation_error_message=_("Somebody has changed these words meanwhile.")
            ),
            models.CheckConstraint(
                name="service_note_says_something",
                condition=~Q(words="") | Q(replaces__isnull=False),
                violation_error_message=_("Write what deserves to be known."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.happened_on}"
