"""C2SP tlog-cosignature: a witness signs a checkpoint and says when it saw it.

A cosigner of type 0x04 (Ed25519) or 0x06 (ML-DSA-44) states that, at that time, the tree was the
largest that it had seen of this log, and that it extended every one that it had seen before.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from .notes import KEY_BYTES, NoteRefused, Signature, key_id, parse_checkpoint, split_vkey

COSIGNED_ED25519 = 0x04
COSIGNED_MLDSA44 = 0x06
_LENGTHS = {COSIGNED_ED25519: (KEY_BYTES, 64), COSIGNED_MLDSA44: (1312, 2420)}
_TIME = struct.Struct(">Q")
_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Cosigner:
    """A witness's public key with its name: what its vkey says."""

    name: str
    kind: int
    public: bytes
    vkey: str

    @property
    def key_id(self) -> bytes:
        """The four bytes by which its signature lines name it."""
        return key_id(self.name, self.kind, self.public)

    def signed(self, each: Signature) -> bool:
        """Whether a signature line names this key, which says nothing yet of whether it holds."""
        return (each.name, each.key_id) == (self.name, self.key_id)

    def time_of(self, text: str, signature: bytes) -> datetime:
        """When this cosigner saw the checkpoint of that text (UTC, to the second).

        Raises NoteRefused where the signature is not its own over this text and that time.
        """
        seconds = self._seconds(signature)
        message = self._message(text, seconds)
        try:
            if self.kind == COSIGNED_ED25519:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature[8:], message)
            else:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature[8:], message)
        except (InvalidSignature, ValueError) as error:
            raise NoteRefused(f"The cosignature of {self.name} does not hold.") from error
        return datetime.fromtimestamp(seconds, UTC)

    def _seconds(self, signature: bytes) -> int:
        if len(signature) != _TIME.size + _LENGTHS[self.kind][1]:
            raise NoteRefused(f"The cosignature of {self.name} has not the length of one.")
        seconds = int(_TIME.unpack_from(signature)[0])
        if not 0 < seconds <= _LAST_SECOND:
            raise NoteRefused(f"The cosignature of {self.name} names no time.")
        return seconds

    def _message(self, text: str, seconds: int) -> bytes:
        if self.kind == COSIGNED_ED25519:
            return ed25519_message(text, seconds)
        return mldsa_message(self.name, text, seconds)


def parse_cosigner(vkey: str) -> Cosigner:
    """Read a witness's vkey; raises NoteRefused for one that is none."""
    name, kind, public = split_vkey(vkey)
    if kind not in _LENGTHS or len(public) != _LENGTHS[kind][0]:
        raise NoteRefused(
            f"The vkey of {name} is none of a witness: it must be of type 4 (Ed25519 cosignature) "
            "or 6 (ML-DSA-44 cosignature)."
        )
    return Cosigner(name, kind, public, vkey.strip())


def ed25519_message(text: str, seconds: int) -> bytes:
    """What a cosigner of type 0x04 signs: two lines and the checkpoint's whole text."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def mldsa_message(name: str, text: str, seconds: int) -> bytes:
    """What a cosigner of type 0x06 signs: names, time, and the tree from leaf 0 on."""
    checkpoint = parse_checkpoint(text)
    own, origin = name.encode(), checkpoint.origin.encode()
    if max(len(own), len(origin)) > 255:
        raise NoteRefused("A name of more than 255 bytes cannot be cosigned.")
    return b"".join([
        b"subtree/v1\n\0",
        bytes([len(own)]), own,
        _TIME.pack(seconds),
        bytes([len(origin)]), origin,
        _TIME.pack(0), _TIME.pack(checkpoint.size), checkpoint.root,
    ])  # fmt: skip


def cosigned_at(
    text: str, signatures: Sequence[Signature], cosigners: Sequence[Cosigner]
) -> dict[Cosigner, datetime]:
    """Which of the cosigners have signed the checkpoint of that text, and when; others' lines are
    passed over.

    Raises NoteRefused where a line bears the name of one of them and does not hold.
    """
    found: dict[Cosigner, datetime] = {}
    for each in signatures:
        for cosigner in cosigners:
            if cosigner.signed(each):
                at = cosigner.time_of(text, each.signature)
                found[cosigner] = min(at, found.get(cosigner, at))
    return found
