"""Asking a witness to cosign: the add-checkpoint call of C2SP tlog-witness, seen from the log.

A witness remembers the last checkpoint that it cosigned of each log and signs only what extends
it. That is why its refusals matter as much as its signatures.
"""

import base64
import re
from collections.abc import Sequence

from provenance.core.errors import ProvenanceError
from provenance.core.notes import NoteRefused, Signature, parse_signatures, split_note
from provenance.core.policies import Witness

from .posting import Answer, Post

_SIZE_TYPE = "text/x.tlog.size"
_SIZE = re.compile(r"(0|[1-9]\d{0,18})\n?", re.ASCII)
_REFUSALS = {
    400: "It calls the request malformed, or behind what it has cosigned.",
    403: "It does not know this log's key: its operator must be told the vkey.",
    404: "It does not know this log: its operator must be told origin and vkey.",
    422: "It says that this checkpoint contradicts one that it has cosigned: it was shown two "
    "histories, and its operator holds the evidence.",
}


class WitnessRefused(ProvenanceError):
    """The witness did not cosign; the text, which is fit for the public, says why."""


class WitnessElsewhere(WitnessRefused):
    """It has cosigned another size than we thought, which `size` is: ask again from there."""

    def __init__(self, size: int) -> None:
        super().__init__(f"It has cosigned {size} entries.")
        self.size = size


def request(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of add-checkpoint: what it has cosigned, how the tree grew from there, and the
    checkpoint.
    """
    hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in proof)
    return f"old {old}\n{hashes}\n{note}".encode()


def add_checkpoint(witness: Witness, body: bytes, note: str, post: Post) -> Signature:
    """The witness's cosignature of a checkpoint, looked at: it is its own and over this text.

    Raises WitnessElsewhere, WitnessRefused, ServerUnavailable.
    """
    address = f"{witness.url.rstrip('/')}/add-checkpoint"
    answer = post(address, body, "text/plain; charset=utf-8")
    if answer.status != 200:
        raise _refusal(answer)
    text, _ = split_note(note)
    try:
        for line in parse_signatures(answer.body.decode()):
            if witness.cosigner.signed(line):
                witness.cosigner.time_of(text, line.signature)
                return line
    except (NoteRefused, UnicodeDecodeError) as error:
        raise WitnessRefused(f"Its answer is no cosignature of this checkpoint: {error}") from error
    raise WitnessRefused("It signed with another key than the policy names.")


def _refusal(answer: Answer) -> WitnessRefused:
    if answer.status == 409:
        found = _SIZE.fullmatch(answer.body[:64].decode("ascii", "replace"))
        if found and answer.kind == _SIZE_TYPE:
            return WitnessElsewhere(int(found[1]))
    words = _REFUSALS.get(answer.status, "Its answer is none that a witness gives.")
    return WitnessRefused(f"{words} ({answer.status})")
