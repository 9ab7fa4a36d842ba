"""Where sign-ups come from, as far as abuse has to be told from use: keyed hashes, 30 days at most.

A source is an address range or a mail domain. Curators see its number, never what it stands for.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .signatures import NOTE_LETTERS, Signature


class SourceKind(models.TextChoices):
    """What kind of thing sign-ups have in common."""

    RANGE = "range", _("address range")
    DOMAIN = "domain", _("mail domain")


class Standing(models.TextChoices):
    """What a curator has decided about a source."""

    LIMITED = "limited", _("held to the limits")
    ALLOWED = "allowed", _("let through")
    BLOCKED = "blocked", _("refused")


class Source(models.Model):
    """A range or domain by its keyed hash (hex); `refused` counts what the limits kept out."""

    kind = models.CharField(max_length=6, choices=SourceKind.choices)
    digest = models.CharField(max_length=64)
    standing = models.CharField(max_length=7, choices=Standing.choices, default=Standing.LIMITED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decided_note = models.CharField(max_length=NOTE_LETTERS, blank=True)
    refused = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint("kind", "digest", name="statement_source_once"),
            models.CheckConstraint(
                condition=Q(kind__in=SourceKind.values) & Q(standing__in=Standing.values),
                name="statement_source_words_are_known",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex="^[0-9a-f]{64}$"), name="statement_source_is_a_hash"
            ),
            models.CheckConstraint(
                condition=Q(standing=Standing.LIMITED, decided_at=None)
                | (Q(decided_at__isnull=False) & ~Q(decided_note="")),
                name="statement_source_is_decided_with_words",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Trace(models.Model):
    """One sign-up from a source."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="traces")
    signature = models.ForeignKey(Signature, models.SET_NULL, null=True, related_name="traces")
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = (models.Index("source", "at", name="statement_trace_rate"),)

    def __str__(self) -> str:
        return f"From {self.source_id}"
