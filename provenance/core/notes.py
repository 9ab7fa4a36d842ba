"""C2SP signed notes and checkpoints: a text, a blank line, and Ed25519 signatures under it.

A checkpoint is the note in which the log commits to its size and root. Signatures of keys that
nobody asked about (witnesses, later algorithms) are passed over, as the standard wants it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .errors import ProvenanceError
from .merkle import HASH_BYTES, MAX_SIZE

ED25519 = 0x01
KEY_BYTES = 32
NOTE_LIMIT = 1_000_000  # characters; a note with a hundred witnesses has some 20,000
_SIGNATURE_LINE = re.compile(r"— (?P<name>\S+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)


class NoteRefused(ProvenanceError):
    """A note, checkpoint or key is malformed, or is not signed by whom it must be."""


@dataclass(frozen=True)
class Verifier:
    """A public key with a name: what a C2SP vkey says."""

    name: str
    key_id: bytes
    public: bytes

    @property
    def vkey(self) -> str:
        """The key as text: name+hash+key."""
        key = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    def holds(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature over the message is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_vkey(vkey: str) -> Verifier:
    """Read a vkey of type Ed25519; raises NoteRefused for any other and for a wrong hash in it."""
    name, kind, public = split_vkey(vkey)
    if kind != ED25519 or len(public) != KEY_BYTES:
        raise NoteRefused("The vkey holds no Ed25519 key.")
    return _verifier(name, public)


def split_vkey(vkey: str) -> tuple[str, int, bytes]:
    """Name, signature type and key of a vkey whose hash is right; raises NoteRefused."""
    parts = vkey.strip().split("+", 2)
    if len(parts) != 3:
        raise NoteRefused("A vkey has three parts: name+hash+key.")
    name, hashed, key = parts[0], parts[1], unbase64(parts[2])
    if len(key) < 2:
        raise NoteRefused("The vkey holds no key.")
    if key_id(name, key[0], key[1:]).hex() != hashed:
        raise NoteRefused("The hash in the vkey is not that of its key.")
    return name, key[0], key[1:]


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The four bytes by which a signature line names its key; raises NoteRefused for a bad name."""
    _check_name(name)
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class Signer:
    """A private key with the name under which it signs."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return _verifier(self.name, self.key.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        """The public half as text."""
        return self.verifier.vkey

    def sign(self, text: str) -> str:
        """The note: the text (which ends in a newline) with this key's signature under it."""
        _check_text(text)
        signature = Signature(self.name, self.verifier.key_id, self.key.sign(text.encode()))
        return f"{text}\n{signature.line}"


@dataclass(frozen=True)
class Checkpoint:
    """What a log commits to: its origin, the number of its entries, the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Signature:
    """One line under a note: who, by which key, and the bytes that only that kind of key reads."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line, with its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


def split_note(note: str) -> tuple[str, list[Signature]]:
    """The text of a note and the signatures under it, none of them checked: C2SP signed-note.

    Raises NoteRefused where it is malformed.
    """
    if len(note) > NOTE_LIMIT:
        raise NoteRefused("The note is too long.")
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    if not separator or not signatures.endswith("\n"):
        raise NoteRefused("The note has no signatures under a blank line.")
    _check_text(text)
    return text, parse_signatures(signatures)


def parse_signatures(lines: str) -> list[Signature]:
    """Read signature lines, each with its newline; raises NoteRefused where one is malformed."""
    if not lines.endswith("\n") or len(lines) > NOTE_LIMIT:
        raise NoteRefused("Signature lines end in a newline.")
    return [_signature(line) for line in lines[:-1].split("\n")]


def open_note(note: str, verifiers: Sequence[Verifier]) -> str:
    """The text of a note that is signed by at least one of the keys, and by none of them wrongly.

    C2SP signed-note. Raises NoteRefused.
    """
    text, signatures = split_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    message, signed = text.encode(), False
    for each in signatures:
        verifier = known.get((each.name, each.key_id))
        if verifier is None:
            continue
        if not verifier.holds(message, each.signature):
            raise NoteRefused(f"The signature of {each.name} does not hold.")
        signed = True
    if not signed:
        raise NoteRefused("The note is signed by none of the keys that count.")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint (C2SP tlog-checkpoint); extension lines are passed over."""
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[-1]:
        raise NoteRefused("A checkpoint has three lines: origin, size, root.")
    origin, size, root = lines[0], lines[1], unbase64(lines[2])
    if _SIZE.fullmatch(size) is None or int(size) > MAX_SIZE or len(root) != HASH_BYTES:
        raise NoteRefused("The checkpoint's size or root is malformed.")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """The checkpoint in a note signed by a log, whose origin is the name of its key."""
    verifier = parse_vkey(vkey)
    checkpoint = parse_checkpoint(open_note(note, [verifier]))
    if checkpoint.origin != verifier.name:
        raise NoteRefused("The checkpoint is of another log.")
    return checkpoint


def _verifier(name: str, public: bytes) -> Verifier:
    return Verifier(name, key_id(name, ED25519, public), public)


def _signature(line: str) -> Signature:
    found = _SIGNATURE_LINE.fullmatch(line)
    if found is None:
        raise NoteRefused("A signature line is malformed.")
    _check_name(found["name"])
    blob = unbase64(found["blob"])
    if len(blob) < 5:
        raise NoteRefused("A signature line is malformed.")
    return Signature(found["name"], blob[:4], blob[4:])


def _check_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() for letter in name) or not _is_text(name):
        raise NoteRefused("The name of a key has neither space nor plus sign.")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or not _is_text(text.replace("\n", "")):
        raise NoteRefused("The text of a note ends in a newline and has no control characters.")


def _is_text(text: str) -> bool:
    """Whether text has neither control characters below U+0020 nor halves of surrogate pairs."""
    return not any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in text)


def unbase64(text: str) -> bytes:
    """Standard Base64 with padding; anything else, also stray last bits, is refused."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused("Base64 is malformed.") from error
    if base64.b64encode(data).decode() != text:
        raise NoteRefused("Base64 is malformed.")
    return data
