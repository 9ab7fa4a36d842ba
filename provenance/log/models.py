"""The tables of the log. Rows of origin, entries, tiles, heads and checkpoints are never changed,
nor is what others have said of a checkpoint: cosignatures, anchors, contradictions.

Triggers (migrations 0002 and 0004) refuse every UPDATE, DELETE and TRUNCATE of those; partial
tiles are never stored, so nothing ever has to be. Pending rows go when they get their place,
openings when a person is to be forgotten. Nearly every row carries a seal (seals.py), set by the
database or, for entries, by the sequencer: whoever writes a row leaves it empty.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from provenance.core.merkle import HASH_BYTES
from provenance.core.records import ENTRY_LIMIT, SALT_BYTES
from provenance.core.tiles import WIDTH


class OctetLength(models.Func):
    """How many bytes a column holds."""

    function = "octet_length"
    output_field = models.IntegerField()


def _seal() -> "models.BinaryField[bytes, bytes]":
    return models.BinaryField(default=b"", max_length=HASH_BYTES)


def _has_bytes(column: str, count: int) -> Q:
    return Q(models.lookups.Exact(OctetLength(F(column)), count))


class Origin(models.Model):
    """The log's name and public key, written once at its first start."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    origin = models.TextField()
    vkey = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    seal = _seal()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="log_has_one_origin"),)

    def __str__(self) -> str:
        return self.origin


class Pending(models.Model):
    """The outbox: an entry that a transaction has written and that has no place yet."""

    id = models.BigAutoField(primary_key=True)
    ticket = models.UUIDField(unique=True, default=uuid.uuid4)
    data = models.BinaryField(max_length=ENTRY_LIMIT)
    created_at = models.DateTimeField(auto_now_add=True)
    seal = _seal()

    def __str__(self) -> str:
        return str(self.ticket)


class Opening(models.Model):
    """What opens a commitment of an entry; erasable, which is the point of the commitment."""

    id = models.BigAutoField(primary_key=True)
    ticket = models.UUIDField(help_text="of the entry that holds the commitment")
    field = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=SALT_BYTES)
    # Text and not jsonb: the commitment is over these very letters, which jsonb may rewrite.
    value = models.TextField(help_text="canonical JSON")
    seal = _seal()

    class Meta:
        constraints = (
            models.UniqueConstraint("ticket", "field", name="log_opening_once_a_field"),
            models.CheckConstraint(
                condition=_has_bytes("salt", SALT_BYTES), name="log_salt_has_32_bytes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.field} of {self.ticket}"


class Entry(models.Model):
    """An entry at its place; `kind` and `attempt` repeat what its bytes say, to be looked up by."""

    index = models.BigIntegerField(primary_key=True)
    ticket = models.UUIDField(unique=True)
    leaf_hash = models.BinaryField(max_length=HASH_BYTES)
    data = models.BinaryField(max_length=ENTRY_LIMIT)
    kind = models.CharField(max_length=40)
    attempt = models.CharField(max_length=32, null=True)  # noqa: DJ001 - most types have none
    seal = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "entries"
        constraints = (
            models.CheckConstraint(condition=Q(index__gte=0), name="log_index_from_0"),
            models.CheckConstraint(
                condition=_has_bytes("leaf_hash", HASH_BYTES), name="log_leaf_has_32_bytes"
            ),
        )
        indexes = (
            models.Index(
                "attempt", "index", condition=Q(attempt__isnull=False), name="log_entry_attempt"
            ),
            models.Index("leaf_hash", name="log_entry_leaf_hash"),
        )

    def __str__(self) -> str:
        return f"entry {self.index} ({self.kind})"


class OpenAttempt(models.Model):
    """An attempt in the log without an outcome there: derived from the entries, so that the page
    that shows all of them need not read them all. The audit derives it anew.
    """

    attempt = models.CharField(max_length=32, primary_key=True)
    index = models.BigIntegerField(help_text="of the entry that began it")

    def __str__(self) -> str:
        return f"attempt of entry {self.index}"


class Mention(models.Model):
    """That an entry names a clip, a manifest or the hash of a file: to be looked up by; derived
    from the entries, and by the audit anew.
    """

    pk = models.CompositePrimaryKey("term", "index")
    term = models.CharField(max_length=100)
    index = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.term} in entry {self.index}"


class Tile(models.Model):
    """A full tile: 256 hashes, and their root, which is a hash of the level above."""

    pk = models.CompositePrimaryKey("level", "n")
    level = models.PositiveSmallIntegerField()
    n = models.BigIntegerField()
    hashes = models.BinaryField(max_length=WIDTH * HASH_BYTES)
    root = models.BinaryField(max_length=HASH_BYTES)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=_has_bytes("hashes", WIDTH * HASH_BYTES), name="log_tile_is_full"
            ),
            models.CheckConstraint(
                condition=_has_bytes("root", HASH_BYTES), name="log_tile_root_has_32_bytes"
            ),
        )

    def __str__(self) -> str:
        return f"tile {self.level}/{self.n}"


class Head(models.Model):
    """A size the tree has had. Each head follows exactly one other, so that no fork can be."""

    size = models.BigIntegerField(primary_key=True)
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, db_column="prev_size", related_name="next"
    )
    root = models.BinaryField(max_length=HASH_BYTES)
    created_at = models.DateTimeField(auto_now_add=True)
    seal = _seal()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(size=0, previous__isnull=True)
                | Q(previous__isnull=False, size__gt=F("previous")),
                name="log_head_follows_a_smaller_one",
            ),
            models.CheckConstraint(
                condition=_has_bytes("root", HASH_BYTES), name="log_head_root_has_32_bytes"
            ),
        )

    def __str__(self) -> str:
        return f"head of {self.size}"


class Checkpoint(models.Model):
    """The log's signature over a head."""

    head = models.OneToOneField(
        Head, on_delete=models.PROTECT, primary_key=True, db_column="size", related_name="+"
    )
    note = models.TextField()
    signed_at = models.DateTimeField(auto_now_add=True)
    seal = _seal()

    class Meta:
        ordering: ClassVar[list[str]] = ["-head"]

    def __str__(self) -> str:
        return f"checkpoint of {self.head_id}"


class Heartbeat(models.Model):
    """When the sequencer last was well, or why it signs nothing."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    beat_at = models.DateTimeField()
    problem = models.TextField(blank=True, help_text="fit for the public")
    seal = _seal()

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="log_has_one_heartbeat"),)

    def __str__(self) -> str:
        return self.problem or "well"


class Cosignature(models.Model):
    """A witness's signature under a checkpoint; whoever reads it checks it."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures", db_column="size"
    )
    cosigner = models.TextField(help_text="its vkey")
    at = models.DateTimeField(help_text="what the witness signed as the time")
    line = models.TextField(help_text="the signature line, with its newline")
    seal = _seal()

    class Meta:
        constraints = (models.UniqueConstraint("checkpoint", "cosigner", name="log_cosigned_once"),)

    def __str__(self) -> str:
        return f"cosignature of {self.checkpoint_id}"


class Witness(models.Model):
    """How it goes with a witness: what it has cosigned as far as we know, or why it does not."""

    cosigner = models.TextField(primary_key=True, help_text="its vkey")
    asked_at = models.DateTimeField()
    size = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True, help_text="fit for the public")
    seal = _seal()

    class Meta:
        verbose_name_plural = "witnesses"

    def __str__(self) -> str:
        return self.cosigner.partition("+")[0]


class Anchor(models.Model):
    """A time-stamp (RFC 3161) over a checkpoint; an entry of the log commits to it."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="anchors", db_column="size"
    )
    authority = models.TextField(help_text="who stamped, as its certificate says")
    at = models.DateTimeField(help_text="the time in the stamp")
    token = models.BinaryField(max_length=65_535, help_text="the authority's whole answer, DER")
    ticket = models.UUIDField(unique=True, help_text="of the entry `anchor`")
    seal = _seal()

    def __str__(self) -> str:
        return f"{self.authority} on {self.checkpoint_id}"


class Contradiction(models.Model):
    """A checkpoint that the log's key has signed and that the log does not bear out: evidence."""

    id = models.BigAutoField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=HASH_BYTES)
    note = models.TextField(help_text="as it was shown to us, with the log's signature")
    ours = models.TextField(help_text="the checkpoint of this log that it contradicts")
    seen_at = models.DateTimeField(auto_now_add=True)
    seal = _seal()

    class Meta:
        constraints = (models.UniqueConstraint("size", "root", name="log_contradiction_once"),)

    def __str__(self) -> str:
        return f"another tree of {self.size}"
