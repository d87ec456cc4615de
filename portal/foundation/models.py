"""What every floor needs: public identifiers, audit, jobs, attachments, the change log and client submissions."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from portal.foundation.searching import bigram_index
from portal.foundation.sensitive import Sensitive
from portal.foundation.text import pinyin_key, search_text


def new_public_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): unique everywhere, increasing with time."""
    return UUID(int=uuid7().int)


class PublicModel(models.Model):
    """An object with a name for the outside world: its `public_id` stands in every URL and in the API."""

    public_id = models.UUIDField(_("identifier"), default=new_public_id, unique=True, editable=False)

    class Meta:
        abstract = True


class SourcedModel(PublicModel):
    """An object that may have been loaded from a source, where it bears a key; the pair is unique."""

    source = models.CharField(_("source"), max_length=100, blank=True, default="", editable=False)
    key = models.CharField(_("key at the source"), max_length=200, blank=True, default="", editable=False)

    class Meta:
        abstract = True

    @classmethod
    def source_key_constraint(cls, name: str) -> models.UniqueConstraint:
        """Return the constraint that keeps (source, key) unique among loaded rows."""
        return models.UniqueConstraint(
            name=name,
            fields=["source", "key"],
            condition=~models.Q(key=""),
            violation_error_message=_("This source has an object with this key already."),
        )


class AuditEntry(models.Model):
    """Who did what to which object, and when. Rows are only ever added: a trigger refuses everything else."""

    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=60)
    model = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.UUIDField(_("object"), null=True)
    details = models.JSONField(_("details"), default=dict)
    address = models.GenericIPAddressField(_("network address"), null=True)

    SENSITIVE = {"address": Sensitive("telling who used an account, for at least six months", None)}

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["model", "object_id"], name="audit_by_object"),
            models.Index(fields=["actor", "at"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class Job(PublicModel):
    """Work done outside a request by `manage.py work`; can be left and come back to."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    kind = models.CharField(_("kind"), max_length=60)
    payload = models.JSONField(_("input"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    run_after = models.DateTimeField(_("not before"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    progress = models.PositiveSmallIntegerField(_("progress, %"), default=0)
    result = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    claimed_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["run_after", "id"]
        indexes = [models.Index(fields=["run_after"], name="job_waiting", condition=models.Q(state__in=["queued", "running"]))]
        constraints = [
            models.CheckConstraint(
                name="job_progress_is_a_percentage",
                condition=models.Q(progress__lte=100),
                violation_error_message=_("Progress is a percentage from 0 to 100."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Attachment(PublicModel):
    """A file kept under DATA_DIR by the hash of its content, for as long as it is needed; served by a view that checks access."""

    sha256 = models.CharField(_("SHA-256"), max_length=64)
    name = models.CharField(_("file name"), max_length=255)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size, bytes"))
    model = models.CharField(_("belongs to"), max_length=60)
    object_id = models.UUIDField(_("object"), null=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("added by"), on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    # What it holds is no longer kept, only what it was.
    thrown_away_at = models.DateTimeField(_("content thrown away at"), null=True, editable=False)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = [models.Index(fields=["model", "object_id"], name="attachment_by_object")]

    def __str__(self) -> str:
        return self.name


class Change(models.Model):
    """A row of the change log: which object changed in which transaction; written by triggers.

    `revision` is the id of the writing transaction: a reader that stays below the oldest running transaction misses nothing.
    """

    class Operation(models.TextChoices):
        INSERT = "I", _("added")
        UPDATE = "U", _("changed")
        DELETE = "D", _("removed")

    revision = models.BigIntegerField(_("revision"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    model = models.CharField(_("kind of object"), max_length=60)
    object_id = models.UUIDField(_("object"))
    operation = models.CharField(_("operation"), max_length=1, choices=Operation)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["revision", "id"]
        indexes = [models.Index(fields=["revision", "id"], name="change_by_revision")]

    def __str__(self) -> str:
        return f"{self.operation} {self.model} {self.object_id}"


class Submission(models.Model):
    """A client's own identifier for something it sent: sent twice, stored once.

    The row commits with the effect it stands for, so it is there exactly when the effect is.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, related_name="+")
    uid = models.UUIDField(_("client's identifier"))
    fingerprint = models.CharField(_("SHA-256 of the content"), max_length=64)
    object_id = models.UUIDField(_("object stored"))
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("client submission")
        verbose_name_plural = _("client submissions")
        constraints = [
            models.UniqueConstraint(
                name="submission_uid_once_per_account",
                fields=["account", "uid"],
                violation_error_message=_("This identifier was used before with other content."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)


class SearchableModel(models.Model):
    """An object found by name: `name_key` sorts by pinyin, `search` holds folded text and pinyin initials."""

    name_key = models.CharField(_("sort key"), max_length=200, editable=False, blank=True, default="")
    search = models.TextField(_("search text"), editable=False, blank=True, default="")

    class Meta:
        abstract = True
        indexes = [bigram_index("search", "%(class)s_bigrams"), models.Index(fields=["name_key", "id"], name="%(class)s_by_name")]

    def searched_parts(self) -> tuple[str, ...]:
        """Return the texts by which this object is found, the name first."""
        raise TypeError(f"{type(self).__name__} does not say what it is found by.")

    def fold(self) -> None:
        """Fill `name_key` and `search` from the object's own texts; `bulk_create` callers call it themselves."""
        parts = self.searched_parts()
        self.name_key = pinyin_key(parts[0])
        self.search = search_text(*parts)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the search columns in step with the name."""
        self.fold()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "name_key", "search"}
        super().save(*args, **kwargs)
