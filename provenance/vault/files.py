"""The file vault: one folder of keys, readable by its owner alone.

archive/public/        trust anchors and the log's verifier key; anybody may have them
archive/signing/       certificates of the claim signer, and its key or where that is: the worker's
archive/retired/       certificates of claim signers before this one
archive/log/           the log's signing key: the sequencer's
archive/take-offline/  keys of the root and the issuer, encrypted; nothing running needs them
"""

import json
import os
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from provenance.core import keys, notes
from provenance.core.credentials import Anchor
from provenance.core.errors import KeysRefused

HOME = "archive"
ANCHORS = "public/trust-anchors.json"
LOG_VKEY = "public/log.vkey"
CHAIN = "signing/chain.pem"
LEAF_KEY = "signing/leaf.key.pem"
LOG_KEY = "log/log.key.pem"
RETIRED = "retired"
ROOT_KEY = "take-offline/root.key.pem"
ISSUER_KEY = "take-offline/issuer.key.pem"
PASSPHRASE = "take-offline/passphrase.txt"  # noqa: S105 - the name of a file
OFFLINE_NOTE = "take-offline/READ-ME.txt"
_APART = "take-offline/"
_ORGANIZATION = "Sora Archive"
_NAME_LIMIT = 50  # X.509 allows 64 letters; the roles of the certificates are appended
_OFFLINE_WORDS = """\
These files issue certificates for this archive. Nothing that runs needs them.

Keep root.key.pem and issuer.key.pem on a medium that stays offline, and passphrase.txt, which
decrypts both, in another place. Leave none of the three on the server. You need the issuer's key
and the passphrase again to make a new signing certificate, once a year, and the root's to make a
new issuer, every four years.
"""


def ensure_keys(keys_dir: Path, origin: str, now: datetime, offline: Path | None = None) -> None:
    """Make all keys of an archive at its first start; afterwards only see that they are its own.

    The keys of root and issuer are written to `offline` where it is given, and never touch
    `keys_dir` then. Two processes may call it at once: one set wins, whole. Raises KeysRefused
    where the keys in the folder belong to a log of another origin; OSError where a folder cannot
    be used, or holds such keys already.
    """
    keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = keys_dir / HOME
    if not home.exists():
        _make(keys_dir, home, _fresh(origin, now), offline)
    found = log_vkey(keys_dir).split("+", 1)[0]
    if found != origin:
        raise KeysRefused(
            f"The keys in {keys_dir} belong to the log {found!r}, but the settings name {origin!r}."
            " An archive keeps its log's name for ever: set LOG_ORIGIN back, or use another folder."
        )


def offline_folder(keys_dir: Path) -> Path:
    """Where the keys of root and issuer lie until they are taken away."""
    return (keys_dir / HOME / ROOT_KEY).parent


def anchors(keys_dir: Path) -> list[Anchor]:
    """The archive's own trust anchors: root certificates, public."""
    text = read_file(keys_dir, ANCHORS).decode()
    try:
        return [Anchor(**each) for each in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise KeysRefused(f"{ANCHORS} is not a list of trust anchors.") from error


def log_vkey(keys_dir: Path) -> str:
    """The log's verifier key (C2SP signed-note vkey), public."""
    return read_file(keys_dir, LOG_VKEY).decode().strip()


def log_key(keys_dir: Path) -> notes.Signer:
    """What signs the log's checkpoints; for the sequencer alone."""
    key = private_key(keys_dir, LOG_KEY)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise KeysRefused(f"{LOG_KEY} is not an Ed25519 key.")
    return notes.Signer(log_vkey(keys_dir).split("+", 1)[0], key)


def _make(keys_dir: Path, home: Path, fresh: Mapping[str, bytes], offline: Path | None) -> None:
    draft = keys_dir / f".{HOME}.{secrets.token_hex(8)}"
    apart = {} if offline is None else {
        name: offline / Path(name).name for name in fresh if name.startswith(_APART)
    }  # fmt: skip
    written: list[Path] = []
    try:
        draft.mkdir(mode=0o700)
        for name, path in apart.items():
            write_file(path, fresh[name])
            written.append(path)
        for name in fresh.keys() - apart.keys():
            write_file(draft / name, fresh[name])
        sync_folders(draft)
        draft.rename(home)  # fails on a folder that is there already: the first one counts
        sync_folders(keys_dir)
        written.clear()
    except OSError:
        if not home.exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        for path in written:  # what belongs to keys that did not come to be
            path.unlink(missing_ok=True)


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
        LEAF_KEY: pem_of(chain.leaf.key, NoEncryption()),
        LOG_KEY: pem_of(log, NoEncryption()),
        ROOT_KEY: pem_of(chain.root.key, locked),
        ISSUER_KEY: pem_of(chain.intermediate.key, locked),
        PASSPHRASE: passphrase + b"\n",
        OFFLINE_NOTE: _OFFLINE_WORDS.encode(),
    }


def pem_of(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    encryption: KeySerializationEncryption,
) -> bytes:
    """A private key as PEM (PKCS #8)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def private_key(keys_dir: Path, name: str) -> object:
    """A private key of the folder; raises KeysRefused where others could read it too."""
    data = read_file(keys_dir, name)
    if stat.S_IMODE((keys_dir / HOME / name).stat().st_mode) & 0o077:
        raise KeysRefused(f"{name} can be read by others: chmod 600 it, and think of who did.")
    try:
        return load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise KeysRefused(f"{name} is not an unencrypted private key in PEM.") from error


def read_file(keys_dir: Path, name: str) -> bytes:
    """A file of the folder; raises KeysRefused where it cannot be read."""
    try:
        return (keys_dir / HOME / name).read_bytes()
    except OSError as error:
        words = f"{name} cannot be read in {keys_dir / HOME}: {error.strerror}."
        raise KeysRefused(words) from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file that was not there, for its owner alone, and on disk when this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def sync_folders(folder: Path) -> None:
    """Make the names in a folder, and in the folders inside it, survive a power cut."""
    for each in (folder, *(path for path in folder.iterdir() if path.is_dir())):
        _sync_one(each)


def _sync_one(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
