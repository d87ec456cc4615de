"""What every floor needs: public identifiers, audit, jobs, attachments, the change log and client submissions."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid6 import uuid7

from portal.foundation.searching import bigram_index
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, AtEnd, Basis, Sensitive, Since, Whose
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

    SENSITIVE = dict.fromkeys(
        ("address", "details"),
        Sensitive(
            _("telling who used an account, and for what, for at least six months"),
            None,
            Basis.DUTY,
            Whose.ACCOUNT,
            since=Since.STANDING,
            at_end=AtEnd.KEPT,
            because=_("the Cybersecurity Law, article 21, asks for logs of at least six months; afterwards they go into an archive"),
        ),
    )

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["model", "object_id"], name="audit_by_object"),
            models.Index(fields=["actor", "at"], name="audit_by_actor"),
            # Who was found by whom: searches say it in their details.
            GinIndex(OpClass(KeyTransform("shown", "details"), name="jsonb_path_ops"), name="audit_by_shown", condition=models.Q(details__has_key="shown")),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class RowChange(models.Model):
    """What happened to a row of any table: what it was and what it became, on whose behalf; written by triggers, never changed.

    Of columns that are not to be kept in the clear, `before` and `after` say only whether there was something. One line stands for all rows that a statement
    added to a table whose rows stay as they were filed: the rows are the record, `key` says which they are and `digest` what they said.
    """

    class Operation(models.TextChoices):
        INSERT = "I", _("added")
        UPDATE = "U", _("changed")
        DELETE = "D", _("removed")
        TRUNCATE = "T", _("table emptied")

    at = models.DateTimeField(_("when"))
    transaction = models.BigIntegerField(_("transaction"))
    table = models.CharField(_("table"), max_length=63)
    operation = models.CharField(_("operation"), max_length=1, choices=Operation)
    # A primary key, or a multirange of them.
    key = models.TextField(_("row"), blank=True)
    object_id = models.UUIDField(_("object"), null=True)
    rows = models.PositiveIntegerField(_("rows"), default=1)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    digest = models.CharField(_("SHA-256 of the rows"), max_length=64, blank=True)
    # No constraint: what the database was told is kept as it was told.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    request_id = models.UUIDField(_("request"), null=True)
    means = models.CharField(_("by what means"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("change of a row")
        verbose_name_plural = _("changes of rows")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["object_id", "at"], name="row_change_by_object", condition=models.Q(object_id__isnull=False)),
            models.Index(fields=["actor", "at"], name="row_change_by_actor"),
            BrinIndex(fields=["at"], name="row_change_by_time", autosummarize=True, pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.operation} {self.table} {self.key}"


class DaySeal(models.Model):
    """A day of the audit log and of the history, sealed: its digest holds that of the day before, so that no day changes without all after it."""

    day = models.DateField(_("day"), unique=True)
    entries = models.PositiveIntegerField(_("audit entries"))
    changes = models.PositiveIntegerField(_("changes of rows"))
    previous = models.CharField(_("SHA-256 of the day before"), max_length=64, blank=True)
    digest = models.CharField(_("SHA-256"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("seal of a day")
        verbose_name_plural = _("seals of days")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.digest[:16]}"


class SealedBlock(models.Model):
    """Up to a thousand rows of a sealed day, each by its key and its digest of 32 bytes: they tell which row it is that changed."""

    seal = models.ForeignKey(DaySeal, verbose_name=_("seal of a day"), on_delete=models.PROTECT, related_name="blocks")
    log = models.CharField(_("log"), max_length=10)
    number = models.PositiveIntegerField(_("number"))
    ids = ArrayField(models.BigIntegerField(), verbose_name=_("rows"))
    marks = models.BinaryField(_("SHA-256 of each row"))

    class Meta:
        verbose_name = _("block of a sealed day")
        verbose_name_plural = _("blocks of sealed days")
        ordering = ["log", "number"]

    def __str__(self) -> str:
        return f"{self.log} {self.number}"


class AuditArchive(models.Model):
    """A month of the audit log and of the history that was written to a file and removed from the tables."""

    month = models.DateField(_("first day of the month"), unique=True)
    name = models.CharField(_("file name"), max_length=100)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    entries = models.PositiveIntegerField(_("audit entries"))
    changes = models.PositiveIntegerField(_("changes of rows"))
    made_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("archived month of the audit log")
        verbose_name_plural = _("archived months of the audit log")
        ordering = ["month"]

    def __str__(self) -> str:
        return self.name


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

    SENSITIVE: ClassVar = dict.fromkeys(
        ("payload", "result", "error"),
        Sensitive(_("doing what was asked for, and saying what came of it"), timedelta(days=90), Basis.DUTY, since=Since.ROW, at_end=AtEnd.ROW_GOES),
    )

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


class Heartbeat(models.Model):
    """When something of the machine that has to happen again and again last did: a row a name, written over."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"


class AlarmSpell(models.Model):
    """From when until when one of the machine's alarms held: see portal/watching/alarms.py."""

    name = models.CharField(_("name"), max_length=40)
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("spell of an alarm")
        verbose_name_plural = _("spells of alarms")
        constraints = [
            models.UniqueConstraint(
                name="alarm_rings_once", fields=["name"], condition=models.Q(ended_at=None), violation_error_message=_("This alarm is noted already.")
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.began_at:%Y-%m-%d %H:%M}"


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

    # A row that is over by its own age says by which column.
    ENDS_WITH = ("added_at",)
    SENSITIVE = {"name": Sensitive(_("knowing a file again by its name"), AFTER_THE_BRANCH, Basis.DUTY, Whose.NAMED, since=Since.ROW, becomes=GONE)}

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

    SENSITIVE = {
        "fingerprint": Sensitive(_("taking what is sent twice once"), AFTER_THE_BRANCH, Basis.DUTY, Whose.ACCOUNT, since=Since.ROW, at_end=AtEnd.ROW_GOES)
    }

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
