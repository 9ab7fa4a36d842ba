"""An artist's own signature over a request: a WebAuthn assertion whose challenge is the SHA-256 of
the `attempt` entry, so that it is about those very bytes and no others.

What it shows and what it cannot: docs/signed-requests.md.
"""

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.rpid import verify_rp_id
from fido2.webauthn import AuthenticatorData, CollectedClientData

from .errors import ProvenanceError
from .proofs import CheckedReceipt, check_receipt, receipt_of
from .records import JSON, EntryType, Opening

# What a hostile file makes the parsers raise is written down nowhere; a property test finds it.
_PARSING = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    NotImplementedError, struct.error,
)  # fmt: skip
KIND = "artist_passkey"  # of a `key_event`
MADE, REMOVED = "made", "removed"


class SignatureRefused(ProvenanceError):
    """The signature is malformed, or not by this key over this request; the text says which."""


@dataclass(frozen=True)
class Signature:
    """What the commitment `signed` stands for: an assertion and the key that made it.

    `site` is the relying party's id; all else is base64url without padding, as WebAuthn has it:
    the credential's id, its COSE public key, authenticatorData, clientDataJSON, the signature.
    """

    site: str
    credential: str
    public_key: str
    authenticator_data: str
    client_data: str
    signature: str

    def as_json(self) -> Mapping[str, JSON]:
        """The value that is committed to."""
        return asdict(self)


@dataclass(frozen=True)
class SignedRequest:
    """What a file of evidence proves: entry numbers in the log of `origin`, and the key."""

    origin: str
    attempt: str
    attempt_index: int
    signed_index: int
    key_index: int
    artist: str
    signature: Signature


def challenge(entry: bytes) -> bytes:
    """What the artist's key signs: the SHA-256 of an `attempt` entry's bytes."""
    return hashlib.sha256(entry).digest()


def parse(value: JSON) -> Signature:
    """The signature in an opened commitment; raises SignatureRefused."""
    names = {field.name for field in fields(Signature)}
    if not isinstance(value, Mapping) or value.keys() != names:
        raise SignatureRefused("The opened value is no signature of a request.")
    if not all(isinstance(part, str) for part in value.values()):
        raise SignatureRefused("A part of the signature is no text.")
    return Signature(**{name: str(value[name]) for name in names})


def check(signed: Signature, entry: bytes) -> None:
    """Verify an assertion over the bytes of an `attempt` entry; raises SignatureRefused.

    The steps are those of Web Authentication Level 3, section 7.2.
    """
    client_data, data, key = _parts(signed)
    # 1. It is an assertion, and not the making of a key (step 10).
    if client_data.type != CollectedClientData.TYPE.GET:
        raise SignatureRefused("The client data is not that of an assertion.")
    # 2. The challenge is the hash of this very entry (step 11).
    if client_data.challenge != challenge(entry):
        raise SignatureRefused("The signature is over another request than this one.")
    # 3. It was made on a page of the site, and in no frame of another (steps 12 and 13).
    host = client_data.origin.partition("://")[2].partition(":")[0]
    at_home = host == signed.site and verify_rp_id(signed.site, client_data.origin)
    if not at_home or client_data.cross_origin:
        raise SignatureRefused("The signature was made on a page of another site.")
    # 4. The key is one that belongs to the site (step 15).
    if data.rp_id_hash != hashlib.sha256(signed.site.encode()).digest():
        raise SignatureRefused("The key belongs to another site.")
    # 5. Somebody was there, and the device knew them (steps 16 and 17).
    if not (data.is_user_present() and data.is_user_verified()):
        raise SignatureRefused("The device did not say that its owner was there.")
    # 6. The signature holds under the key (step 21).
    try:
        key.verify(bytes(data) + client_data.hash, decoded(signed.signature))
    except (InvalidSignature, *_PARSING) as error:
        raise SignatureRefused("The signature does not hold under the key.") from error


def check_evidence(evidence: Mapping[str, JSON], log_vkey: str) -> SignedRequest:
    """Verify a file of evidence by the log's public key alone.

    It holds three .tlog-proofs with their entries (`attempt`, `attempt_signed`, `key_event`) and
    the openings of what they commit to. Raises SignatureRefused, or ProofRefused for a proof.
    """
    # 1. All three entries stand in the log, and are of the types that they must be.
    attempt, raw = _entry(evidence, "attempt", EntryType.ATTEMPT, log_vkey)
    signed, _raw = _entry(evidence, "attempt_signed", EntryType.ATTEMPT_SIGNED, log_vkey)
    made, _raw = _entry(evidence, "key_event", EntryType.KEY_EVENT, log_vkey)
    # 2. The openings are those of the entries.
    openings = _openings(evidence)
    for receipt, field in ((attempt, "artist"), (signed, "signed"), (made, "key")):
        if field not in openings or openings[field].commitment != receipt.entry.body.get(field):
            raise SignatureRefused(f"The opening of {field!r} is not that of the entry.")
    # 3. The signature entry names this attempt, and the key was in the log before it was used.
    if signed.entry.body.get("attempt") != attempt.entry.body.get("attempt"):
        raise SignatureRefused("The signature is entered for another attempt.")
    if (made.entry.body.get("event"), made.entry.body.get("kind")) != (MADE, KIND):
        raise SignatureRefused("The key's entry does not say that an artist's key was made.")
    if made.index > signed.index:
        raise SignatureRefused("The key was entered only after it was used.")
    # 4. It is the same key, and the assertion holds over the attempt's bytes.
    signature, key = parse(openings["signed"].value), openings["key"].value
    if not isinstance(key, Mapping) or key.get("public_key") != signature.public_key:
        raise SignatureRefused("The key that signed is not the one that was entered.")
    check(signature, raw)
    artist = openings["artist"].value
    return SignedRequest(
        origin=attempt.origin,
        attempt=str(attempt.entry.body["attempt"]),
        attempt_index=attempt.index,
        signed_index=signed.index,
        key_index=made.index,
        artist=str(artist.get("name", "")) if isinstance(artist, Mapping) else "",
        signature=signature,
    )


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding; raises SignatureRefused."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise SignatureRefused("A part of the signature is no base64url.") from error
    if encoded(data) != text:
        raise SignatureRefused("A part of the signature is no base64url.")
    return data


def _parts(signed: Signature) -> tuple[CollectedClientData, AuthenticatorData, CoseKey]:
    try:
        key = cbor.decode(decoded(signed.public_key))
        if not isinstance(key, dict):
            raise SignatureRefused("The public key is no COSE key.")
        return (
            CollectedClientData(decoded(signed.client_data)),
            AuthenticatorData(decoded(signed.authenticator_data)),
            CoseKey.parse(key),
        )
    except _PARSING as error:
        raise SignatureRefused("A part of the signature cannot be read.") from error


def _entry(
    evidence: Mapping[str, JSON], name: str, kind: EntryType, log_vkey: str
) -> tuple[CheckedReceipt, bytes]:
    proof = evidence.get(name)
    if not isinstance(proof, str):
        raise SignatureRefused(f"The evidence lacks the proof of {name!r}.")
    receipt = receipt_of(proof)
    checked = check_receipt(receipt, log_vkey)
    if checked.entry.type != kind:
        raise SignatureRefused(f"The proof of {name!r} is about an entry of another type.")
    return checked, receipt.entry.encode()


def _openings(evidence: Mapping[str, JSON]) -> dict[str, Opening]:
    found = evidence.get("openings")
    if not isinstance(found, Mapping):
        raise SignatureRefused("The evidence opens no commitment.")
    openings = {}
    for field, opening in found.items():
        if not isinstance(opening, Mapping) or not isinstance(opening.get("salt"), str):
            raise SignatureRefused(f"The opening of {field!r} is malformed.")
        try:
            salt = bytes.fromhex(str(opening["salt"]))
        except ValueError as error:
            raise SignatureRefused(f"The salt of {field!r} is not hexadecimal.") from error
        openings[field] = Opening(field, salt, opening.get("value"))
    return openings
