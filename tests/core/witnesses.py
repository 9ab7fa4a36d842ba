"""Witnesses for stories: they sign as C2SP tlog-cosignature says, without any code of ours."""

import base64
import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Witness:
    """A cosigner with an Ed25519 key of its own, made from a number."""

    kind = 4

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        self.public = self.key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        typed = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(typed).digest()[:4]

    @property
    def vkey(self) -> str:
        key = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def line(self, note: str, at: datetime = NOON) -> str:
        """The signature line over a checkpoint's note or text."""
        seconds = int(at.timestamp())
        text = note.partition("\n\n")[0].rstrip("\n") + "\n"
        blob = self.key_id + seconds.to_bytes(8, "big") + self.sign(text, seconds)
        return f"— {self.name} {base64.b64encode(blob).decode()}\n"

    def sign(self, text: str, seconds: int) -> bytes:
        return self.key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())


class QuantumWitness(Witness):
    """A cosigner with an ML-DSA-44 key."""

    kind = 6

    def __init__(self, name: str, number: int) -> None:
        super().__init__(name, number)
        self.lattice = MLDSA44PrivateKey.from_seed_bytes(number.to_bytes(32, "big"))
        self.public = self.lattice.public_key().public_bytes_raw()

    def sign(self, text: str, seconds: int) -> bytes:
        origin, size, root = text.splitlines()[:3]
        message = b"subtree/v1\n\0" + bytes([len(self.name)]) + self.name.encode()
        message += seconds.to_bytes(8, "big") + bytes([len(origin)]) + origin.encode()
        message += bytes(8) + int(size).to_bytes(8, "big") + base64.b64decode(root)
        return self.lattice.sign(message)


NORTH = Witness("north.example/w1", 101)
EAST = Witness("east.example/w1", 102)
SOUTH = QuantumWitness("south.example/w1", 103)
TWO_OF_THREE = f"""\
# Whoever checks a clip wants two of these.
witness north {NORTH.vkey} https://north.example/
witness east {EAST.vkey}
witness\tsouth {SOUTH.vkey}
group some 2 north east south
quorum some
"""
