"""The file vault: one folder of keys, readable by its owner alone.

archive/public/        trust anchors and the log's verifier key; anybody may have them
archive/signing/       certificate chain and key of the claim signer: the worker's
archive/retired/       certificates of claim signers before this one
archive/log/           the log's signing key: the sequencer's
archive/take-offline/  keys of the root and the issuer, encrypted; nothing running needs them
"""

import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from provenance.core import keys, notes
from provenance.core.credentials import Anchor, SigningIdentity
from provenance.core.errors import KeysRefused

HOME = "archive"
ANCHORS = "public/trust-anchors.json"
LOG_VKEY = "public/log.vkey"
CHAIN = "signing/chain.pem"
LEAF_KEY = "signing/leaf.key.pem"
LOG_KEY = "log/log.key.pem"
RETIRED = "retired"
_LOOKS, _LOOK_SECONDS = 5, 0.1
ROOT_KEY = "take-offline/root.key.pem"
ISSUER_KEY = "take-offline/issuer.key.pem"
PASSPHRASE = "take-offline/passphrase.txt"  # noqa: S105 - the name of a file
OFFLINE_NOTE = "take-offline/READ-ME.txt"
_ORGANIZATION = "Sora Archive"
_NAME_LIMIT = 50  # X.509 allows 64 letters; the roles of the certificates are appended
_OFFLINE_WORDS = """\
These files issue certificates for this archive. Nothing that runs needs them.

Move root.key.pem and issuer.key.pem to a medium that is kept offline, and passphrase.txt, which
decrypts both, to another place. Then delete this folder from the server. You need them again to
issue a new signing certificate, once a year.
"""


def ensure_keys(keys_dir: Path, origin: str, now: datetime) -> None:
    """Make all keys of an archive at its first start; afterwards only see that they are its own.

    Two processes may call it at once: one set wins, whole. Raises KeysRefused where the keys in
    the folder belong to a log of another origin; OSError where the folder cannot be used.
    """
    keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = keys_dir / HOME
    if not home.exists():
        _make(keys_dir, home, origin, now)
    found = log_vkey(keys_dir).split("+", 1)[0]
    if found != origin:
        raise KeysRefused(
            f"The keys in {keys_dir} belong to the log {found!r}, but the settings name {origin!r}."
            " An archive keeps its log's name for ever: set LOG_ORIGIN back, or use another folder."
        )


def anchors(keys_dir: Path) -> list[Anchor]:
    """The archive's own trust anchors: root certificates, public."""
    text = _read(keys_dir, ANCHORS).decode()
    try:
        return [Anchor(**each) for each in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise KeysRefused(f"{ANCHORS} is not a list of trust anchors.") from error


def log_vkey(keys_dir: Path) -> str:
    """The log's verifier key (C2SP signed-note vkey), public."""
    return _read(keys_dir, LOG_VKEY).decode().strip()


def signing_identity(keys_dir: Path, tsa_url: str = "") -> SigningIdentity:
    """What signs credentials; for the worker alone. `tsa_url` empty: no time-stamps."""
    signer, chain_pem = _pair(keys_dir)

    def sign(data: bytes) -> bytes:
        return signer.sign(data, ec.ECDSA(hashes.SHA256()))

    return SigningIdentity(chain_pem, sign, tsa_url)


def _pair(keys_dir: Path) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """The key and the certificates that belong together, also while they are being rotated."""
    for _ in range(_LOOKS):
        key, chain_pem = _private_key(keys_dir, LEAF_KEY), _read(keys_dir, CHAIN)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise KeysRefused(f"{LEAF_KEY} is not an EC key.")
        if key.public_key() == x509.load_pem_x509_certificates(chain_pem)[0].public_key():
            return key, chain_pem
        time.sleep(_LOOK_SECONDS)
    raise KeysRefused(f"{LEAF_KEY} does not belong to the certificate in {CHAIN}.")


def chain(keys_dir: Path) -> bytes:
    """The claim signer's certificates, leaf first, as PEM; public."""
    return _read(keys_dir, CHAIN)


def rotate(keys_dir: Path, issuer_key: Path, passphrase: bytes, now: datetime) -> str:
    """Put a new leaf in the place of the old one, which is kept aside; returns its serial.

    `issuer_key` is the encrypted key of the intermediate, brought from where it is kept offline.
    Clips signed with the old leaf stay trusted: root and intermediate are the same. Raises
    KeysRefused where that key is not the intermediate's.
    """
    old_leaf, *above = x509.load_pem_x509_certificates(chain(keys_dir))
    issuer = keys.Certified(_unlocked(issuer_key, passphrase), above[0])
    if issuer.key.public_key() != above[0].public_key():
        raise KeysRefused(f"{issuer_key} is not the key of this archive's issuer.")
    names = {
        oid: str(old_leaf.subject.get_attributes_for_oid(oid)[0].value)
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    }
    subject = keys.ChainSubject(names[NameOID.ORGANIZATION_NAME], names[NameOID.COMMON_NAME])
    leaf = keys.make_leaf(subject, issuer, now)
    _exchange(keys_dir / HOME, leaf, b"".join((leaf.pem, issuer.pem)), now)
    return str(leaf.certificate.serial_number)


def _exchange(home: Path, leaf: keys.Certified, chain_pem: bytes, now: datetime) -> None:
    """Keep the old certificates, drop the old key; a reader between the two renames looks again."""
    _write(home / RETIRED / f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.pem",
           (home / CHAIN).read_bytes())  # fmt: skip
    for name, data in ((LEAF_KEY, _pem(leaf.key, NoEncryption())), (CHAIN, chain_pem)):
        draft = (home / name).with_name(f".{secrets.token_hex(8)}")
        _write(draft, data)
        draft.replace(home / name)
    _sync(home)


def _unlocked(path: Path, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase)
    except (OSError, ValueError, TypeError) as error:
        raise KeysRefused(f"{path} cannot be opened with this passphrase.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeysRefused(f"{path} is not an EC key.")
    return key


def log_key(keys_dir: Path) -> notes.Signer:
    """What signs the log's checkpoints; for the sequencer alone."""
    key = _private_key(keys_dir, LOG_KEY)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise KeysRefused(f"{LOG_KEY} is not an Ed25519 key.")
    return notes.Signer(log_vkey(keys_dir).split("+", 1)[0], key)


def _make(keys_dir: Path, home: Path, origin: str, now: datetime) -> None:
    draft = keys_dir / f".{HOME}.{secrets.token_hex(8)}"
    try:
        draft.mkdir(mode=0o700)
        for name, data in _fresh(origin, now).items():
            _write(draft / name, data)
        _sync(draft)
        draft.rename(home)  # fails on a folder that is there already: the first one counts
        _sync(keys_dir)
    except OSError:
        if not home.exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _fresh(origin: str, now: datetime) -> Mapping[str, bytes]:
    """Every file of a new key folder, by its name."""
    subject = keys.ChainSubject(_ORGANIZATION, f"Clips of {origin}"[:_NAME_LIMIT])
    chain = keys.make_chain(subject, now)
    log = ed25519.Ed25519PrivateKey.generate()
    passphrase = secrets.token_urlsafe(32).encode()
    locked = BestAvailableEncryption(passphrase)
    root = Anchor(
        f"{_ORGANIZATION}, root of {origin}",
        f"urn:sora-archive:trust:{keys.public_key_sha256(chain.root.pem)}",
        chain.root.pem.decode(),
    )
    return {
        ANCHORS: json.dumps([asdict(root)], indent=2).encode(),
        LOG_VKEY: f"{notes.Signer(origin, log).vkey}\n".encode(),
        CHAIN: chain.chain_pem,
        LEAF_KEY: _pem(chain.leaf.key, NoEncryption()),
        LOG_KEY: _pem(log, NoEncryption()),
        ROOT_KEY: _pem(chain.root.key, locked),
        ISSUER_KEY: _pem(chain.intermediate.key, locked),
        PASSPHRASE: passphrase + b"\n",
        OFFLINE_NOTE: _OFFLINE_WORDS.encode(),
    }


def _pem(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    encryption: KeySerializationEncryption,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _private_key(keys_dir: Path, name: str) -> object:
    data = _read(keys_dir, name)
    if stat.S_IMODE((keys_dir / HOME / name).stat().st_mode) & 0o077:
        raise KeysRefused(f"{name} can be read by others: chmod 600 it, and think of who did.")
    try:
        return load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise KeysRefused(f"{name} is not an unencrypted private key in PEM.") from error


def _read(keys_dir: Path, name: str) -> bytes:
    try:
        return (keys_dir / HOME / name).read_bytes()
    except OSError as error:
        words = f"{name} cannot be read in {keys_dir / HOME}: {error.strerror}."
        raise KeysRefused(words) from error


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder, and in the folders inside it, survive a power cut."""
    for each in (folder, *(path for path in folder.iterdir() if path.is_dir())):
        _sync_one(each)


def _sync_one(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
