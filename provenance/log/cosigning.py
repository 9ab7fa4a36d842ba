"""One round with the witnesses: each that has not cosigned the newest checkpoint is asked to.

Their answers are kept with the checkpoint, their refusals where everybody sees them.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from django.db import transaction
from django.utils import timezone

from provenance.core.errors import ProvenanceError
from provenance.core.notes import Signature
from provenance.core.policies import Policy, Witness

from . import models, receipts, tree, witnesses
from .models import Checkpoint, Cosignature
from .posting import Post
from .witnesses import WitnessElsewhere

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 16
_WORDS_KEPT = 300


def ask_all(policy: Policy, post: Post) -> int:
    """Ask every witness of the policy that has an address; returns how many cosigned.

    All are asked at once, so that a slow one delays nobody. One that remembers another size than
    we thought is asked a second time.
    """
    checkpoint = receipts.newest()
    if checkpoint is None or checkpoint.head_id == 0:
        return 0
    known = dict(models.Witness.objects.values_list("cosigner", "size"))
    asked = {
        witness: min(known.get(witness.cosigner.vkey, 0), checkpoint.head_id)
        for witness in _due(policy, checkpoint)
    }
    cosigned = 0
    for left in (1, 0):
        again: dict[Witness, int] = {}
        for witness, answer in _answers(asked, checkpoint, post).items():
            if isinstance(answer, Signature):
                _keep(witness, checkpoint, answer)
                cosigned += 1
            elif (
                left and isinstance(answer, WitnessElsewhere) and answer.size <= checkpoint.head_id
            ):
                again[witness] = answer.size
            else:
                _refused(witness, _words(answer, checkpoint))
        asked = again
    return cosigned


def _due(policy: Policy, checkpoint: Checkpoint) -> list[Witness]:
    have = set(checkpoint.cosignatures.values_list("cosigner", flat=True))
    return [each for each in policy.witnesses if each.url and each.cosigner.vkey not in have]


def _answers(
    asked: Mapping[Witness, int], checkpoint: Checkpoint, post: Post
) -> Mapping[Witness, Signature | ProvenanceError]:
    """What each says; the database is only used by this thread."""
    bodies = {
        witness: witnesses.request(
            old, tree.consistency_proof(old, checkpoint.head_id), checkpoint.note
        )
        for witness, old in asked.items()
    }

    def ask(witness: Witness) -> Signature | ProvenanceError:
        try:
            return witnesses.add_checkpoint(witness, bodies[witness], checkpoint.note, post)
        except ProvenanceError as error:
            return error

    with ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="witness") as pool:
        return dict(zip(bodies, pool.map(ask, bodies), strict=True))


def _keep(witness: Witness, checkpoint: Checkpoint, signature: Signature) -> None:
    text = receipts.content(checkpoint).text
    with transaction.atomic():
        Cosignature.objects.get_or_create(
            checkpoint=checkpoint,
            cosigner=witness.cosigner.vkey,
            defaults={
                "at": witness.cosigner.time_of(text, signature.signature),
                "line": signature.line,
            },
        )
        _note(witness, "", checkpoint.head_id)


def _refused(witness: Witness, words: str) -> None:
    if _note(witness, words[:_WORDS_KEPT]) != words[:_WORDS_KEPT]:
        log.error("log: the witness %s did not cosign: %s", witness.name, words)


def _note(witness: Witness, problem: str, size: int | None = None) -> str:
    """Keep how it went; returns the problem known before."""
    cosigner = witness.cosigner.vkey
    before = models.Witness.objects.filter(cosigner=cosigner).first()
    fresh = {"asked_at": timezone.now(), "problem": problem}
    if size is not None:
        fresh["size"] = size
    models.Witness.objects.update_or_create(cosigner=cosigner, defaults=fresh)
    return before.problem if before else ""


def _words(answer: Signature | ProvenanceError, checkpoint: Checkpoint) -> str:
    if isinstance(answer, WitnessElsewhere) and answer.size > checkpoint.head_id:
        return (
            f"It has cosigned {answer.size} entries of this log, of which only {checkpoint.head_id}"
            " are here: the database was restored from an older backup. Restore a newer one."
        )
    if isinstance(answer, WitnessElsewhere):
        return "It names another size each time it is asked: somebody else feeds it too."
    return str(answer) if isinstance(answer, ProvenanceError) else ""
