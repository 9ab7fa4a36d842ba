"""Who signs: a key in this folder, in a PKCS#11 token, or behind a callable such as a KMS client.

The certificates lie in the folder in every case; `signing/signer.json` says where the key is, where
it is elsewhere. A signature is asked for through a callback, so no key enters the library.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from provenance.core import keys
from provenance.core.credentials import SigningIdentity
from provenance.core.errors import KeysRefused, SignerUnavailable

from .files import (
    CHAIN,
    HOME,
    LEAF_KEY,
    RETIRED,
    anchors,
    pem_of,
    private_key,
    read_file,
    sync_folders,
    write_file,
)
from .lists import revocations
from .tokens import InToken

SIGNER = "signing/signer.json"
NEXT_ISSUER = "signing/issuer.pem"
Sign = Callable[[bytes], bytes]
_LOOKS, _LOOK_SECONDS = 5, 0.1
_PROBE = b"Is this the key of the certificate?"
_HALF = 32  # bytes of r and of s in a signature r||s of P-256


@dataclass(frozen=True)
class InFolder:
    """A fresh key in the folder itself, readable by its owner alone."""


@dataclass(frozen=True)
class Behind:
    """A callable by its dotted path, as "mysite.kms.sign"; `public_pem` is its key's public half.

    It is given the bytes to be signed (some kilobytes) and returns ECDSA over their SHA-256, as DER
    or r||s. What it raises means that it cannot be reached now.
    """

    callable: str
    public_pem: bytes


Place = InFolder | InToken | Behind


@dataclass(frozen=True)
class Signing:
    """A signing certificate: number (decimal), validity (UTC), and in words what it is here."""

    serial: str
    begin: datetime
    end: datetime
    place: str


def chain(keys_dir: Path) -> bytes:
    """The claim signer's certificates, leaf first, as PEM; public."""
    return read_file(keys_dir, CHAIN)


def signing_certificates(keys_dir: Path) -> list[Signing]:
    """Every certificate that signs or signed here, the present one first, then the newest."""
    aside = sorted((keys_dir / HOME / RETIRED).glob("*.pem"), reverse=True)
    found = [_signing(chain(keys_dir), f"present, {_where(keys_dir)}")]
    return found + [_signing(path.read_bytes(), "retired") for path in aside]


def serials(keys_dir: Path) -> set[str]:
    """Serial numbers (decimal) of every signing certificate that is or was in use here."""
    return {each.serial for each in signing_certificates(keys_dir)}


def _signing(chain_pem: bytes, place: str) -> Signing:
    leaf = x509.load_pem_x509_certificates(chain_pem)[0]
    begin, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return Signing(str(leaf.serial_number), begin, end, place)


def _where(keys_dir: Path) -> str:
    """In words, where the present key is; the folder of the private part need not be readable."""
    if not (keys_dir / HOME / SIGNER).exists():
        return "key in this folder"
    described = json.loads(read_file(keys_dir, SIGNER))
    token = described.get("token")
    return f"key in the token {token}" if token else f"key behind {described.get('callable')}"


def signing_identity(keys_dir: Path, tsa_url: str = "") -> SigningIdentity:
    """What signs credentials; for the worker alone. `tsa_url` empty: no time-stamps.

    Raises KeysRefused where key and certificate do not fit, SignerUnavailable where the certificate
    was revoked and no new one is there yet.
    """
    sign, chain_pem = _pair(keys_dir)
    serial = keys.leaf_serial(chain_pem)
    if any(each.serial == serial for each in revocations(keys_dir)):
        raise SignerUnavailable(
            f"The signing certificate {serial} was revoked: make a new one with rotatekey."
        )
    return SigningIdentity(chain_pem, sign, tsa_url)


def rotate(
    keys_dir: Path, issuer_key: Path, passphrase: bytes, now: datetime, place: Place | None = None
) -> str:
    """Put a new leaf in the place of the old one, which is kept aside; returns its serial.

    `issuer_key` is the encrypted key of the intermediate, or of the next one that new_issuer made,
    brought from where it is kept offline. Clips signed with the old leaf stay trusted: the root is
    the same, and each carries its own intermediate. Raises
    KeysRefused where that key is not the intermediate's, SignerUnavailable where the new place does
    not sign; then nothing has changed.
    """
    old_leaf, *above = x509.load_pem_x509_certificates(chain(keys_dir))
    known = [above[0], *_next_issuer(keys_dir)]
    issuer = _certified(issuer_key, passphrase, known, "issuer")
    public, files = _prepare(place or InFolder())
    leaf = keys.issue_leaf(_subject(old_leaf), public, issuer, now)
    files[CHAIN] = leaf.public_bytes(Encoding.PEM) + issuer.pem
    _exchange(keys_dir / HOME, files, now)
    return str(leaf.serial_number)


def new_issuer(
    keys_dir: Path, root_key: Path, passphrase: bytes, target: Path, now: datetime
) -> datetime:
    """Make the intermediate that rotate can use next; returns when it ends.

    `root_key` is the encrypted key of the root. The new key is written to `target`, which must not
    be there yet, encrypted with the same passphrase; only its certificate stays in the folder.
    Raises KeysRefused where that key is not the root's, OSError.
    """
    old_leaf = x509.load_pem_x509_certificates(chain(keys_dir))[0]
    roots = [x509.load_pem_x509_certificate(each.pem.encode()) for each in anchors(keys_dir)]
    root = _certified(root_key, passphrase, roots, "root")
    issuer = keys.make_issuer(_subject(old_leaf), root, now)
    write_file(target, pem_of(issuer.key, BestAvailableEncryption(passphrase)))
    try:
        _put(keys_dir / HOME / NEXT_ISSUER, issuer.pem)
    except OSError:
        target.unlink()
        raise
    sync_folders(keys_dir / HOME)
    return issuer.certificate.not_valid_after_utc


def issuer_end(keys_dir: Path) -> datetime:
    """Until when there is an intermediate to sign under, made for next time or present (UTC)."""
    known = [keys.issuer_end(chain(keys_dir))]
    return max(known + [each.not_valid_after_utc for each in _next_issuer(keys_dir)])


def _next_issuer(keys_dir: Path) -> list[x509.Certificate]:
    if not (keys_dir / HOME / NEXT_ISSUER).exists():
        return []
    try:
        return x509.load_pem_x509_certificates(read_file(keys_dir, NEXT_ISSUER))
    except ValueError as error:
        raise KeysRefused(f"{NEXT_ISSUER} is not a certificate in PEM.") from error


def _certified(
    path: Path, passphrase: bytes, known: Sequence[x509.Certificate], whose: str
) -> keys.Certified:
    """An encrypted key with that one of the certificates which is its own."""
    key = _unlocked(path, passphrase)
    for certificate in known:
        if certificate.public_key() == key.public_key():
            return keys.Certified(key, certificate)
    raise KeysRefused(f"{path} is not the key of this archive's {whose}.")


def _prepare(place: Place) -> tuple[object, dict[str, bytes]]:
    """The public key of a new signer, and the files that will lead to it."""
    if isinstance(place, InFolder):
        key = ec.generate_private_key(ec.SECP256R1())
        return key.public_key(), {LEAF_KEY: pem_of(key, NoEncryption())}
    public = _public_key(place)
    plain = {"callable": place.callable} if isinstance(place, Behind) else asdict(place)
    described = json.dumps({**plain, "public_key_sha256": keys.spki_sha256(public)}, indent=2)
    _prove(_signer(json.loads(described)), public)
    return public, {SIGNER: described.encode()}


def _public_key(place: InToken | Behind) -> ec.EllipticCurvePublicKey:
    if isinstance(place, InToken):
        return place.public_key(make=True)
    try:
        found = load_pem_public_key(place.public_pem)
    except ValueError as error:
        raise KeysRefused("The public key of the signer is not one in PEM.") from error
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise KeysRefused("The signing key must be an EC key of the curve P-256.")
    return found


def _prove(sign: Sign, public: ec.EllipticCurvePublicKey) -> None:
    """Raise KeysRefused unless the signer holds this very key, SignerUnavailable where it fails."""
    signature = sign(_PROBE)
    if len(signature) == 2 * _HALF:
        halves = (int.from_bytes(half) for half in (signature[:_HALF], signature[_HALF:]))
        signature = encode_dss_signature(*halves)
    try:
        public.verify(signature, _PROBE, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise KeysRefused("The signer does not sign with the key of that public key.") from error


def _pair(keys_dir: Path) -> tuple[Sign, bytes]:
    """The signer and the certificates that belong together, also while they are being rotated."""
    for _ in range(_LOOKS):
        (sign, digest), chain_pem = _found(keys_dir), chain(keys_dir)
        if digest == keys.public_key_sha256(chain_pem):
            return sign, chain_pem
        time.sleep(_LOOK_SECONDS)
    raise KeysRefused(f"The signing key does not belong to the certificate in {CHAIN}.")


def _found(keys_dir: Path) -> tuple[Sign, str]:
    """What signs now, and the SHA-256 of its public key."""
    if (keys_dir / HOME / SIGNER).exists():
        try:
            described = json.loads(read_file(keys_dir, SIGNER))
            return _signer(described), str(described["public_key_sha256"])
        except (ValueError, KeyError, TypeError) as error:
            raise KeysRefused(f"{SIGNER} does not tell where the signing key is.") from error
    key = private_key(keys_dir, LEAF_KEY)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeysRefused(f"{LEAF_KEY} is not an EC key.")
    digest = keys.spki_sha256(key.public_key())
    return (lambda data: key.sign(data, ec.ECDSA(hashes.SHA256()))), digest


def _signer(described: dict[str, Any]) -> Sign:
    if "callable" in described:
        return _callable(str(described["callable"]))
    return InToken(**{each.name: str(described[each.name]) for each in fields(InToken)}).sign


def _callable(path: str) -> Sign:
    module, _, name = path.rpartition(".")
    try:
        called = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise KeysRefused(
            f"There is no callable {path!r} on this machine's Python path."
        ) from error

    def sign(data: bytes) -> bytes:
        try:
            return bytes(called(data))
        except Exception as error:  # whatever the client of a KMS raises
            words = f"{path} does not sign: {type(error).__name__}"
            raise SignerUnavailable(words) from error

    return sign


def _exchange(home: Path, files: dict[str, bytes], now: datetime) -> None:
    """Keep the old certificates, drop the old key; a reader between the renames looks again."""
    aside = home / RETIRED / f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.pem"
    write_file(aside, (home / CHAIN).read_bytes())
    for name, data in files.items():
        _put(home / name, data)
    for name in (LEAF_KEY, SIGNER):
        if name not in files:
            (home / name).unlink(missing_ok=True)
    sync_folders(home)


def _put(path: Path, data: bytes) -> None:
    """Put a file in place whole, for its owner alone."""
    draft = path.with_name(f".{secrets.token_hex(8)}")
    write_file(draft, data)
    draft.replace(path)


def _subject(leaf: x509.Certificate) -> keys.ChainSubject:
    organization, common_name = (
        str(leaf.subject.get_attributes_for_oid(oid)[0].value)
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    )
    return keys.ChainSubject(organization, common_name)


def _unlocked(path: Path, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase)
    except (OSError, ValueError, TypeError) as error:
        raise KeysRefused(f"{path} cannot be opened with this passphrase.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeysRefused(f"{path} is not an EC key.")
    return key
