"""Gossip: anybody may show a checkpoint that they met elsewhere, and the log answers for it.

What the log's key has signed and the log does not bear out is kept as evidence, against the log
itself. Nothing else is kept: whoever has no such signature cannot leave anything here.
"""

import base64
from dataclasses import dataclass

from django.db import transaction

from provenance.core.errors import ProvenanceError
from provenance.core.notes import (
    Checkpoint,
    NoteRefused,
    open_checkpoint,
    parse_checkpoint,
    parse_vkey,
    split_note,
)
from provenance.core.records import JSON

from . import receipts, tree
from .models import Checkpoint as Stored
from .models import Contradiction, Origin

NOTE_BYTES = 64 * 1024


class GossipRefused(ProvenanceError):
    """This says nothing about the log; `status` is the one to answer with."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Heard:
    """What the log makes of a checkpoint; `contradiction` is the evidence, where it is one."""

    size: int
    words: str
    contradiction: Contradiction | None = None
    is_new: bool = False


def hear(note: str) -> Heard:
    """Hold a checkpoint against the log; raises GossipRefused for one that the log's key has not
    signed. A contradiction is kept, once.
    """
    origin, newest = Origin.objects.first(), receipts.newest()
    if origin is None or newest is None:
        raise GossipRefused("This log has not been started.", 404)
    signed = _signed_by_us(note, origin)
    if signed.size > newest.head_id:
        return _keep(signed, note, newest, origin)
    if tree.root_of(signed.size) != signed.root:
        ours = Stored.objects.filter(head_id__gte=signed.size).order_by("head_id")[0]
        return _keep(signed, note, ours, origin)
    return Heard(
        signed.size,
        f"It agrees with this log: its first {signed.size} entries hash to that very root.",
    )


def evidence(found: Contradiction) -> dict[str, JSON]:
    """A contradiction as plain values that prove it by themselves, where that can be.

    `first` is the root that the first `size` entries have under `contradicts`, and `consistency`
    proves it (RFC 9162 §2.1.4.2); `checkpoint` signs another. Both are empty where more was signed
    than the log has: then it lost entries, and the signature alone is the evidence.
    """
    ours = parse_checkpoint(split_note(found.ours)[0])
    within = found.size <= ours.size
    proof = tree.consistency_proof(found.size, ours.size) if within else []
    origin = Origin.objects.get()
    return {
        "origin": origin.origin,
        "vkey": origin.vkey,
        "seen_at": found.seen_at.isoformat(timespec="seconds"),
        "checkpoint": found.note,
        "contradicts": found.ours,
        "size": found.size,
        "first": _base64(tree.root_of(found.size)) if within else "",
        "consistency": [_base64(value) for value in proof],
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _signed_by_us(note: str, origin: Origin) -> Checkpoint:
    if len(note.encode()) > NOTE_BYTES:
        raise GossipRefused("A checkpoint is no longer than 64 KB.", 413)
    try:
        claimed = parse_checkpoint(split_note(note)[0])
    except NoteRefused as error:
        raise GossipRefused(
            f"This is no checkpoint (C2SP tlog-checkpoint): {error}", 400
        ) from error
    if claimed.origin != origin.origin:
        raise GossipRefused(f"This is a checkpoint of another log, not of {origin.origin}.", 422)
    try:
        return open_checkpoint(note, origin.vkey)
    except NoteRefused as error:
        raise GossipRefused(f"This log's key did not sign this checkpoint: {error}", 403) from error


def _keep(signed: Checkpoint, note: str, ours: Stored, origin: Origin) -> Heard:
    with transaction.atomic():
        kept, is_new = Contradiction.objects.get_or_create(
            size=signed.size,
            root=signed.root,
            defaults={"note": _without_others(note, origin), "ours": ours.note},
        )
    return Heard(
        signed.size,
        "This log's key has signed both this checkpoint and another history. It is kept as "
        f"evidence No. {kept.pk} and shown to everybody.",
        kept,
        is_new,
    )


def _without_others(note: str, origin: Origin) -> str:
    """The checkpoint under the log's own signatures alone: those of others may be anything."""
    text, signatures = split_note(note)
    key = parse_vkey(origin.vkey)
    own = [each.line for each in signatures if (each.name, each.key_id) == (key.name, key.key_id)]
    return f"{text}\n{''.join(dict.fromkeys(own))}"
