"""Receipts: an entry with the proof that it stands under a signed checkpoint, witnessed if can be.

Cosignatures are checked whenever they are read: the table that holds them is not believed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from provenance.core.merkle import leaf_hash
from provenance.core.notes import Checkpoint as Signed
from provenance.core.notes import NoteRefused, parse_checkpoint, parse_signatures, split_note
from provenance.core.policies import Policy, Witnessed
from provenance.core.proofs import Receipt, TlogProof

from . import tree
from .errors import LogUnavailable
from .models import Anchor, Checkpoint, Cosignature, Entry

# A policy that is met at all is met within so many checkpoints that somebody has cosigned.
_SIZES_TRIED = 50


@dataclass(frozen=True)
class Standing:
    """What stands behind an entry: the log's signature, its witnesses, a time-stamp authority."""

    index: int
    size: int
    signed_at: datetime
    witnessed_at: datetime | None
    witnesses: tuple[str, ...]
    anchored_at: datetime | None


def receipt(index: int) -> Receipt:
    """The receipt of an entry, under the newest witnessed checkpoint that covers it, else under
    the newest; raises LogUnavailable where no checkpoint covers it yet, or it is damaged.
    """
    return _under(index, _best(index))


def _under(index: int, checkpoint: Checkpoint) -> Receipt:
    row = Entry.objects.get(index=index)
    data = bytes(row.data)
    if leaf_hash(data) != bytes(row.leaf_hash):
        raise LogUnavailable(f"Entry {index} is damaged: its bytes are not those that were logged.")
    hashes = tree.inclusion_proof(index, checkpoint.head_id)
    return Receipt(data.decode(), TlogProof(index, tuple(hashes), cosigned(checkpoint)).text)


def first_receipt(index: int) -> Receipt:
    """The receipt of an entry under the first checkpoint with it in that enough witnesses have
    cosigned: it proves how old the entry is. Without witnesses the same as `receipt`.
    """
    later = Cosignature.objects.filter(checkpoint__gt=index).order_by("checkpoint_id")
    found = _met(_sizes(later))
    return _under(index, found[0]) if found else receipt(index)


def newest() -> Checkpoint | None:
    """The newest signed checkpoint; None where the log has never been started."""
    return Checkpoint.objects.order_by("-head_id").first()


def newest_witnessed() -> Checkpoint | None:
    """The newest checkpoint that the policy's witnesses have cosigned; None without a policy."""
    found = _met(_sizes(Cosignature.objects.order_by("-checkpoint_id")))
    return found[0] if found else None


def signed_size() -> int:
    """How many entries the newest signed checkpoint covers."""
    checkpoint = newest()
    return 0 if checkpoint is None else checkpoint.head_id


def standing(index: int) -> Standing | None:
    """What stands behind an entry since when; None where no checkpoint covers it yet."""
    covering = Checkpoint.objects.filter(head_id__gt=index)
    first = covering.order_by("head_id").first()
    if first is None:
        return None
    later = Cosignature.objects.filter(checkpoint__gt=index).order_by("checkpoint_id")
    found = _met(_sizes(later))
    anchored = Anchor.objects.filter(checkpoint__gt=index).order_by("at").first()
    return Standing(
        index=index,
        size=signed_size(),
        signed_at=first.signed_at,
        witnessed_at=found[1].at if found else None,
        witnesses=tuple(sorted(each.name for each in found[1].times)) if found else (),
        anchored_at=anchored.at if anchored else None,
    )


def content(checkpoint: Checkpoint) -> Signed:
    """What a stored checkpoint says."""
    return parse_checkpoint(split_note(checkpoint.note)[0])


def cosigned(checkpoint: Checkpoint) -> str:
    """The checkpoint's note with the lines of the policy's witnesses that hold."""
    return checkpoint.note + "".join(_lines(checkpoint).values())


def witnessed(checkpoint: Checkpoint) -> Witnessed:
    """Who of the policy's witnesses has seen a checkpoint, and when that was enough."""
    return _policy().witnessed(cosigned(checkpoint))


def _policy() -> Policy:
    policy: Policy = settings.LOG_WITNESS_POLICY
    return policy


def _lines(checkpoint: Checkpoint) -> Mapping[str, str]:
    """By vkey; a row that does not hold says nothing, and spoils nothing."""
    text, _ = split_note(checkpoint.note)
    known = {each.cosigner.vkey: each.cosigner for each in _policy().witnesses}
    lines = {}
    for row in checkpoint.cosignatures.filter(cosigner__in=known).order_by("id"):
        try:
            [line] = parse_signatures(row.line)
            known[row.cosigner].time_of(text, line.signature)
        except (NoteRefused, ValueError):
            continue  # the audit names it
        if known[row.cosigner].signed(line):
            lines[row.cosigner] = line.line
    return lines


def _best(index: int) -> Checkpoint:
    last = newest()
    if last is None or not 0 <= index < last.head_id:
        raise LogUnavailable(f"No signed checkpoint covers entry {index} yet.")
    seen = newest_witnessed()
    return seen if seen is not None and index < seen.head_id else last


def _sizes(rows: Iterable[Cosignature]) -> list[int]:
    many = _SIZES_TRIED * max(1, len(_policy().witnesses))
    found = rows.values_list("checkpoint_id", flat=True)[:many]  # type: ignore[attr-defined]
    return list(dict.fromkeys(found))[:_SIZES_TRIED]


def _met(sizes: Iterable[int]) -> tuple[Checkpoint, Witnessed] | None:
    """The first of these checkpoints that enough witnesses have cosigned."""
    if not _policy().asks_witnesses:
        return None
    for size in sizes:
        checkpoint = Checkpoint.objects.get(head_id=size)
        found = witnessed(checkpoint)
        if found.at is not None:
            return checkpoint, found
    return None
