"""A log in memory, written straight from RFC 9162 and C2SP and sharing no code with ours."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.core.proofs import Receipt
from provenance.core.records import JSON, EntryType, entry_bytes


class SmallLog:
    """Entries, and receipts under a checkpoint over all of them."""

    def __init__(self, origin: str, key: Ed25519PrivateKey | None = None) -> None:
        self.origin = origin
        self.key = key or Ed25519PrivateKey.generate()
        self.entries: list[bytes] = []

    @property
    def vkey(self) -> str:
        """The log's verifier key."""
        return f"{self.origin}+{self._key_id.hex()}+{_base64(self._typed_key)}"

    def append(self, kind: EntryType, at: datetime, body: Mapping[str, JSON]) -> int:
        """Add an entry; its index comes back."""
        self.entries.append(entry_bytes(kind, at, body))
        return len(self.entries) - 1

    def receipt(self, index: int) -> Receipt:
        """The receipt of an entry under the newest checkpoint."""
        path = "".join(f"{_base64(step)}\n" for step in _path(index, self.entries))
        proof = f"c2sp.org/tlog-proof@v1\nindex {index}\n{path}\n{self._checkpoint()}"
        return Receipt(self.entries[index].decode(), proof)

    def _checkpoint(self) -> str:
        text = f"{self.origin}\n{len(self.entries)}\n{_base64(_root(self.entries))}\n"
        signature = self._key_id + self.key.sign(text.encode())
        return f"{text}\n— {self.origin} {_base64(signature)}\n"

    @property
    def _typed_key(self) -> bytes:
        return b"\x01" + self.key.public_key().public_bytes_raw()

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(self.origin.encode() + b"\n" + self._typed_key).digest()[:4]


def _root(entries: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1."""
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    half = _half(len(entries))
    return hashlib.sha256(b"\x01" + _root(entries[:half]) + _root(entries[half:])).digest()


def _path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162 section 2.1.3.1."""
    if len(entries) == 1:
        return []
    half = _half(len(entries))
    if index < half:
        return [*_path(index, entries[:half]), _root(entries[half:])]
    return [*_path(index - half, entries[half:]), _root(entries[:half])]


def _half(count: int) -> int:
    """The largest power of two below `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
