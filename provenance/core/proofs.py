"""C2SP tlog-proof files and receipts: that an entry stands in a log, provable without the log."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .errors import ProvenanceError
from .merkle import HASH_BYTES, MAX_SIZE, TreeRefused, leaf_hash, verify_inclusion
from .notes import NoteRefused, open_checkpoint, unbase64
from .policies import NO_WITNESSES, Policy
from .records import Entry, MalformedEntry, parse_entry

HEADER = "c2sp.org/tlog-proof@v1"
PROOF_LIMIT = 1_000_000  # characters
_MAX_HASHES = 63
_INDEX = re.compile(r"index (0|[1-9]\d{0,18})", re.ASCII)


class ProofRefused(ProvenanceError):
    """A proof or receipt is malformed or proves nothing under the key given."""


@dataclass(frozen=True)
class Receipt:
    """An entry's canonical JSON and the .tlog-proof that it stands in the log, both as text."""

    entry: str
    proof: str


@dataclass(frozen=True)
class CheckedReceipt:
    """What a receipt proves: this entry has this index in the log of that origin, and when enough
    witnesses had seen a tree with it in (UTC; None where nobody was asked, or too few have)."""

    entry: Entry
    index: int
    size: int
    origin: str
    witnessed_at: datetime | None = None


@dataclass(frozen=True)
class TlogProof:
    """The parts of a .tlog-proof: hashes of 32 bytes (the leaf's sibling first), signed note.

    `extra` is the application's; here, where it is there at all, the entry that is proved.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    @property
    def text(self) -> str:
        """The file."""
        hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in self.hashes)
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        return f"{HEADER}\n{extra}index {self.index}\n{hashes}\n{self.checkpoint}"


def parse_proof(text: str) -> TlogProof:
    """Read a .tlog-proof; raises ProofRefused."""
    if len(text) > PROOF_LIMIT:
        raise ProofRefused("The proof is too long.")
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise ProofRefused(f"A proof begins with {HEADER} and holds a checkpoint.")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _extra(lines.pop(0).removeprefix("extra "))
    found = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if found is None or int(found[1]) > MAX_SIZE:
        raise ProofRefused("The proof names no index.")
    if len(lines) > _MAX_HASHES:
        raise ProofRefused("The proof has too many hashes.")
    return TlogProof(int(found[1]), _hashes(lines), checkpoint, extra)


def with_entry(receipt: Receipt) -> str:
    """The receipt as one file: its .tlog-proof with the entry in the `extra` line."""
    return replace(parse_proof(receipt.proof), extra=receipt.entry.encode()).text


def receipt_of(text: str) -> Receipt:
    """The receipt in a file that `with_entry` gave; raises ProofRefused where no entry is in it."""
    proof = parse_proof(text)
    try:
        entry = proof.extra.decode()
    except UnicodeDecodeError as error:
        raise ProofRefused("The entry in the proof is no text.") from error
    if not entry:
        raise ProofRefused("The proof does not bring the entry that it is about.")
    return Receipt(entry, text)


def check_receipt(receipt: Receipt, vkey: str, policy: Policy = NO_WITNESSES) -> CheckedReceipt:
    """Check a receipt against a log's key; raises ProofRefused with what does not hold.

    C2SP tlog-proof: 1. the checkpoint is signed by the log; 2. the entry's hash is under its root
    (RFC 9162 §2.1.3.2); 3. the entry can be read; 4. no cosignature of the policy's witnesses is
    wrong.
    """
    proof = parse_proof(receipt.proof)
    try:
        data = receipt.entry.encode()
        checkpoint = open_checkpoint(proof.checkpoint, vkey)
        verify_inclusion(
            leaf_hash(data), proof.index, checkpoint.size, proof.hashes, checkpoint.root
        )
        entry = parse_entry(data)
        seen = policy.witnessed(proof.checkpoint)
    except (NoteRefused, TreeRefused, MalformedEntry, UnicodeEncodeError) as error:
        raise ProofRefused(str(error)) from error
    return CheckedReceipt(entry, proof.index, checkpoint.size, checkpoint.origin, seen.at)


def _extra(text: str) -> bytes:
    try:
        return unbase64(text)
    except NoteRefused as error:
        raise ProofRefused("The extra line of the proof is malformed.") from error


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    try:
        hashes = tuple(unbase64(line) for line in lines)
    except NoteRefused as error:
        raise ProofRefused("A hash in the proof is malformed.") from error
    if any(len(value) != HASH_BYTES for value in hashes):
        raise ProofRefused("A hash in the proof is malformed.")
    return hashes
