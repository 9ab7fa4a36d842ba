"""Receipts: an entry with the proof that it stands under the newest signed checkpoint."""

from provenance.core.notes import Checkpoint as Signed
from provenance.core.notes import parse_checkpoint
from provenance.core.proofs import Receipt, TlogProof

from . import tree
from .errors import LogUnavailable
from .models import Checkpoint, Entry


def receipt(index: int) -> Receipt:
    """The receipt of an entry; raises LogUnavailable where no checkpoint covers it yet."""
    checkpoint = newest()
    if checkpoint is None or not 0 <= index < checkpoint.head_id:
        raise LogUnavailable(f"No signed checkpoint covers entry {index} yet.")
    data = bytes(Entry.objects.values_list("data", flat=True).get(index=index))
    hashes = tree.inclusion_proof(index, checkpoint.head_id)
    return Receipt(data.decode(), TlogProof(index, tuple(hashes), checkpoint.note).text)


def newest() -> Checkpoint | None:
    """The newest signed checkpoint; None where the log has never been started."""
    return Checkpoint.objects.order_by("-head_id").first()


def signed_size() -> int:
    """How many entries the newest signed checkpoint covers."""
    checkpoint = newest()
    return 0 if checkpoint is None else checkpoint.head_id


def content(checkpoint: Checkpoint) -> Signed:
    """What a stored checkpoint says."""
    return parse_checkpoint(checkpoint.note.rpartition("\n\n")[0] + "\n")
