"""The ledger of issued files: for each credential the hash of the very file that left the line."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Credential(models.Model):
    """One issued file. Its row is written with the clip and the outbox row of `generated`.

    Where something was erased the row stays: it is sealed, so that nobody is handed the file any
    more, then retired for a successor or for good, and at last its bytes are deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, help_text="lower-case hex")
    size = models.PositiveBigIntegerField(help_text="bytes")
    manifest_id = models.CharField(max_length=100, unique=True, help_text="the manifest's URN")
    stamped_at = models.DateTimeField(null=True, help_text="by its RFC 3161 time-stamp; null: none")
    signer_serial = models.CharField(max_length=64, help_text="of the certificate, decimal")
    attempt = models.CharField(max_length=32, help_text="its random name in the log")
    rendered_index = models.PositiveBigIntegerField(help_text="entry `rendered` it rests on")
    generated_ticket = models.UUIDField(
        unique=True, help_text="the log's ticket of the entry that issued it"
    )
    clip_id = models.UUIDField()
    pictures_sha256 = models.CharField(
        max_length=64, blank=True, help_text="of the pictures' bytes alone; empty: not known"
    )
    pictures_size = models.PositiveBigIntegerField(default=0, help_text="of them, in bytes")
    created_at = models.DateTimeField(auto_now_add=True)

    erased = ArrayField(
        models.CharField(max_length=80), default=list, db_default=[],
        help_text="what the archive tells nobody any more, though this file may disclose it",
    )  # fmt: skip
    redacted = ArrayField(
        models.CharField(max_length=80), default=list, db_default=[],
        help_text="which of that this very file does not disclose",
    )  # fmt: skip
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="successor"
    )
    retired_at = models.DateTimeField(null=True, help_text="since when it is no clip's file")
    deleted_at = models.DateTimeField(null=True, help_text="when its bytes were deleted here")

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints = (
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="credential_sha256_is_hex"
            ),
            models.CheckConstraint(
                condition=Q(attempt__regex="^[0-9a-f]{32}$"), name="credential_attempt_is_hex"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="credential_of_a_file"),
            models.UniqueConstraint(
                "attempt", condition=Q(retired_at__isnull=True), name="credential_one_an_attempt"
            ),
            models.UniqueConstraint(
                "clip_id", condition=Q(retired_at__isnull=True), name="credential_one_a_clip"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(retired_at__isnull=False),
                name="credential_retired_before_deleted",
            ),
            models.CheckConstraint(
                condition=Q(manifest_id__startswith="urn:c2pa:"), name="credential_names_a_manifest"
            ),
            models.CheckConstraint(
                condition=Q(pictures_sha256="", pictures_size=0)
                | Q(pictures_sha256__regex="^[0-9a-f]{64}$", pictures_size__gt=0),
                name="credential_pictures_are_hex",
            ),
        )
        indexes = (
            models.Index(
                "pictures_size",
                "pictures_sha256",
                condition=Q(pictures_size__gt=0),
                name="credential_by_pictures",
            ),
            models.Index("attempt", name="credential_of_attempt"),
            models.Index(
                "created_at",
                condition=Q(retired_at__isnull=True) & ~Q(erased__contained_by=F("redacted")),
                name="credential_sealed",
            ),
            models.Index(
                "retired_at",
                condition=Q(retired_at__isnull=False, deleted_at__isnull=True),
                name="credential_to_delete",
            ),
        )

    def __str__(self) -> str:
        return self.manifest_id

    @property
    def sealed(self) -> bool:
        """Whether the file discloses what was erased, so that nobody may have it."""
        return not set(self.erased) <= set(self.redacted)


class KeyEvent(models.Model):
    """An event of a key that the log was told of: each once, however many processes notice it."""

    event = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200)
    ticket = models.UUIDField(unique=True, help_text="the log's ticket of `key_event`")

    class Meta:
        constraints = (models.UniqueConstraint("event", "kind", "key", name="key_event_told_once"),)

    def __str__(self) -> str:
        return f"{self.event} {self.kind} {self.key}"


class Revealed(models.Model):
    """A commitment in the log whose opening its artist has shown to everybody, after hiding it.

    The value itself stays in the log's erasable openings alone.
    """

    ticket = models.UUIDField(help_text="the log's ticket of the entry that holds the commitment")
    field = models.CharField(max_length=40)
    revealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "revealed"
        constraints = (models.UniqueConstraint("ticket", "field", name="revealed_once_a_field"),)

    def __str__(self) -> str:
        return f"{self.field} of {self.ticket}"


class TrustSnapshot(models.Model):
    """A trust.json as a check believed it, kept once for all reports that rest on it."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()
    first_used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="trust_snapshot_sha256_is_hex"
            ),
        )

    def __str__(self) -> str:
        return self.sha256


class Report(models.Model):
    """One check of a file, under an address that nobody can guess.

    Nothing of the file is in it but what its credential says; `kept` tells that whoever brought it
    chose to leave the file as well, so that it can be checked again.
    """

    id = models.CharField(primary_key=True, max_length=22, editable=False)
    delete_key_sha256 = models.CharField(max_length=64, help_text="of the key in the delete link")
    sha256 = models.CharField(max_length=64, help_text="of the file, lower-case hex")
    size = models.PositiveBigIntegerField(help_text="of the file, in bytes")
    kept = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(db_index=True, help_text="to the day")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(id__regex="^[A-Za-z0-9_-]{22}$"), name="report_id_is_a_token"
            ),
            models.CheckConstraint(
                condition=Q(delete_key_sha256__regex="^[0-9a-f]{64}$")
                & Q(sha256__regex="^[0-9a-f]{64}$"),
                name="report_hashes_are_hex",
            ),
        )

    def __str__(self) -> str:
        return self.id


class Finding(models.Model):
    """What a check said at one time; a report has as many as its file was checked."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="findings")
    number = models.PositiveSmallIntegerField(help_text="1 is the first check")
    at = models.DateTimeField()
    program = models.CharField(max_length=100, help_text="name and version of this program")
    validator = models.CharField(max_length=100, blank=True)
    trust = models.ForeignKey(TrustSnapshot, on_delete=models.PROTECT, related_name="+")
    document = models.JSONField(help_text="the verdict in full")

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints = (
            models.UniqueConstraint("report", "number", name="finding_numbered_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="finding_numbered_from_1"),
        )

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"
