"""The ledger of issued files: for each credential the hash of the very file that left the line."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q


class Credential(models.Model):
    """One issued file. Its row is written with the clip and the outbox row of `generated`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, help_text="lower-case hex")
    size = models.PositiveBigIntegerField(help_text="bytes")
    manifest_id = models.CharField(max_length=100, unique=True, help_text="the manifest's URN")
    signer_serial = models.CharField(max_length=64, help_text="of the certificate, decimal")
    attempt = models.CharField(max_length=32, unique=True, help_text="its random name in the log")
    rendered_index = models.PositiveBigIntegerField(help_text="entry `rendered` it rests on")
    generated_ticket = models.UUIDField(unique=True, help_text="the log's ticket of `generated`")
    clip_id = models.UUIDField(unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

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
            models.CheckConstraint(
                condition=Q(manifest_id__startswith="urn:c2pa:"), name="credential_names_a_manifest"
            ),
        )

    def __str__(self) -> str:
        return self.manifest_id


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
