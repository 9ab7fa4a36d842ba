"""Anchors: a time-stamp authority confirms a checkpoint, and the log commits to what it answered.

A witness tells that the log only grew; an authority of RFC 3161 tells the time under law that many
courts know. Both can be had.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from provenance.core.errors import ProvenanceError
from provenance.core.records import EntryType
from provenance.core.stamps import Stamp, check_stamp

from . import outbox, receipts
from .models import Anchor, Checkpoint, Entry
from .posting import Post, ServerUnavailable

log = logging.getLogger(__name__)

KIND = "rfc3161"
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True)
class Authorities:
    """Where stamps are asked for, whose certificates are believed (PEM), and how often."""

    addresses: Sequence[str]
    roots: Sequence[str]
    every: timedelta


def anchor(authorities: Authorities, post: Post) -> int:
    """Have the newest checkpoint stamped by every authority, where that is due; the number of
    anchors that came of it.

    Not due: so soon after the last time, or where nothing but anchors was added since.
    """
    checkpoint = receipts.newest()
    if not authorities.addresses or checkpoint is None or not _due(checkpoint, authorities.every):
        return 0
    anchored = 0
    for address in authorities.addresses:
        try:
            _keep(checkpoint, *stamped(checkpoint.note, address, authorities.roots, post))
            anchored += 1
        except ProvenanceError as error:
            log.error("log: no anchor from %s: %s", address, error)
    return anchored


def stamped(note: str, address: str, roots: Sequence[str], post: Post) -> tuple[bytes, Stamp]:
    """An authority's answer about a checkpoint's note, looked at; raises StampRefused or
    ServerUnavailable.
    """
    message = note.encode()
    query = TimestampRequestBuilder(message, HashAlgorithm.SHA512).build()
    answer = post(address, query.as_bytes(), _QUERY)
    if answer.status != 200 or answer.kind != _REPLY:
        raise ServerUnavailable(f"It answered {answer.status} with {answer.kind}.")
    return answer.body, check_stamp(answer.body, message, roots, query.nonce)


def _due(checkpoint: Checkpoint, every: timedelta) -> bool:
    last = Anchor.objects.order_by("-at").first()
    if last is None:
        return checkpoint.head_id > 0
    since = Entry.objects.filter(index__gte=last.checkpoint_id, index__lt=checkpoint.head_id)
    old = timezone.now() - last.at >= every
    return old and since.exclude(kind=EntryType.ANCHOR).exists()


def _keep(checkpoint: Checkpoint, answer: bytes, stamp: Stamp) -> None:
    """The token and the entry that commits to it, in one transaction."""
    with transaction.atomic():
        ticket = outbox.submit(
            EntryType.ANCHOR,
            {
                "size": checkpoint.head_id,
                "root": receipts.content(checkpoint).root.hex(),
                "kind": KIND,
                "sha256": hashlib.sha256(answer).hexdigest(),
            },
        )
        Anchor.objects.create(
            checkpoint=checkpoint,
            authority=stamp.authority,
            at=stamp.at,
            token=answer,
            ticket=ticket,
        )
