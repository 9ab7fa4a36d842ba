"""The only file that speaks to the C2PA library: embed a credential, read a credential.

Inside the library the system clock is read and the time-stamp address it is given is asked; no
other address ever is. Contexts do not survive a fork, so each process makes its own when needed.
"""

import codecs
import io
import json
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Literal

import c2pa

from .errors import (
    DamagedCredential,
    ManifestRefused,
    ProvenanceError,
    RemoteManifest,
    SignerUnavailable,
    SigningFailed,
    StampUnavailable,
    Unreadable,
    UnsupportedKind,
)
from .manifests import Manifest

MP4, SVG = "video/mp4", "image/svg+xml"
THUMBNAIL = "thumbnail.jpg"
# Purposes a signing certificate may have. Without the first, certificates issued for C2PA alone
# would be refused; a purpose listed with one anchor does not reach the library's profile check.
EXTENDED_KEY_USAGES = "1.3.6.1.4.1.62558.2.1\n1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n"
_SNIFFED = 4096
_JPEG = b"\xff\xd8\xff"
_UNPARSED = "asset could not be parsed"
_REMOTE_URL = re.compile(r"manifests? from url:?\s*(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Anchor:
    """Root certificates to trust; `trust_uri` is unique and tells which list vouched.

    `kind` is the library's: "manifest" or "tsa". The library does not keep the two apart when it
    calls a signer trusted: only the `trust_uri` does.
    """

    name: str
    trust_uri: str
    pem: str
    kind: str = "manifest"


@dataclass(frozen=True)
class SigningIdentity:
    """A certificate chain (leaf first) and a callback that signs with ES256 (DER or r||s)."""

    chain_pem: bytes
    sign: Callable[[bytes], bytes]
    tsa_url: str = ""


@dataclass(frozen=True)
class Ingredient:
    """An MP4 that the signed file rests on, taken in with its own credential and its state.

    `name` is the one by which an action of the manifest speaks of it.
    """

    source: Path
    name: str
    title: str
    relationship: Literal["parentOf", "inputTo", "componentOf"]


@dataclass(frozen=True)
class Embedded:
    """What was put into a file: the manifest's URN and its size in bytes."""

    manifest_id: str
    manifest_size: int


@dataclass(frozen=True)
class RawReport:
    """What the library says of a file, unjudged: its two JSON reports and its version."""

    store: Mapping[str, Any]
    crjson: Mapping[str, Any]
    validator: str


def embed(
    source: Path,
    target: Path,
    manifest: Manifest,
    thumbnail: bytes,
    identity: SigningIdentity,
    anchors: Sequence[Anchor],
    ingredient: Ingredient | None = None,
) -> Embedded:
    """Sign an MP4 into `target` (written whole or not at all); `thumbnail` is a JPEG.

    The library does not ask whether the signature will be trusted: the caller reads the file back.
    Raises ManifestRefused for a thumbnail that is none, StampUnavailable where only the time-stamp
    is missing, SignerUnavailable where the key's keeper says so, SigningFailed for all else, and
    OSError where the disk is the reason.
    """
    if not thumbnail.startswith(_JPEG):
        raise ManifestRefused("The thumbnail is no JPEG.")  # the library would not look
    manifest_id = f"urn:c2pa:{uuid.uuid4()}"
    definition = {
        **manifest,
        "label": manifest_id,
        "format": MP4,
        "thumbnail": {"format": "image/jpeg", "identifier": THUMBNAIL},
    }
    # The anchors judge an ingredient, whose state is written down; for the signature itself they
    # would be asked again when the caller reads it back, which costs a fifth of the signing.
    context = _context(os.getpid(), tuple(anchors) if ingredient else ())
    signed_once: list[bool] = []
    trouble: list[SignerUnavailable] = []

    def sign(data: bytes) -> bytes:
        try:
            signature = identity.sign(data)
        except SignerUnavailable as error:  # the library would swallow which error it was
            trouble.append(error)
            raise
        signed_once.append(True)
        return signature

    asked = replace(identity, sign=sign)
    with _draft(target) as draft, source.open("rb") as media, _signer(asked) as signer:
        try:
            with c2pa.Builder(definition, context=context) as builder:
                builder.add_resource(THUMBNAIL, io.BytesIO(thumbnail))
                if ingredient is not None:
                    _take_in(builder, ingredient)
                signed = builder.sign(signer, MP4, media, draft)
        except c2pa.C2paError as error:
            if trouble:
                raise trouble[0] from error
            words = f"The credential could not be made: {error}"
            # The authority is asked after the signature; the library gives its trouble no class.
            stamp = identity.tsa_url and signed_once
            if stamp and isinstance(error, c2pa.C2paError.Signature):
                raise StampUnavailable(words) from error
            raise SigningFailed(words) from error
    return Embedded(manifest_id, len(signed))


def thumbnail_of(source: Path, anchors: Sequence[Anchor]) -> bytes:
    """The JPEG inside the active manifest of a file; raises DamagedCredential where none is."""
    context = _context(os.getpid(), tuple(anchors))
    found = io.BytesIO()
    with source.open("rb") as stream:
        try:
            with c2pa.Reader(MP4, stream, context=context) as reader:
                store = json.loads(reader.json())
                thumbnail = store["manifests"][store["active_manifest"]]["thumbnail"]
                reader.resource_to_stream(thumbnail["identifier"], found)
        except (c2pa.C2paError, ValueError, KeyError, TypeError) as error:
            raise DamagedCredential("the credential holds no thumbnail") from error
    return found.getvalue()


def read(source: Path | IO[bytes], anchors: Sequence[Anchor]) -> RawReport | None:
    """Read and validate the credential of a file; None where the file carries none.

    Nothing is fetched. Raises RemoteManifest where the file only names an address, UnsupportedKind
    where such a file cannot carry a credential, Unreadable for damage.
    """
    context = _context(os.getpid(), tuple(anchors))
    with _opened(source) as stream:
        try:
            reader = c2pa.Reader.try_create(_svg(stream), stream, context=context)
            if reader is None:
                return None
            with reader:
                store, crjson = json.loads(reader.json()), json.loads(reader.crjson())
        except c2pa.C2paError as error:
            raise _trouble(error) from error
        except (ValueError, RecursionError) as error:
            raise DamagedCredential("the validator's report cannot be read") from error
    return RawReport(store, crjson, validator())


def _svg(stream: IO[bytes]) -> str | None:
    """SVG's kind for a file that begins like one: the library knows all others by their bytes."""
    head = stream.read(_SNIFFED).removeprefix(codecs.BOM_UTF8).lstrip()
    stream.seek(0)
    return SVG if head.startswith((b"<?xml", b"<!--", b"<svg")) and b"<svg" in head else None


def validator() -> str:
    """Name and version of the library that validates."""
    return f"c2pa-rs {c2pa.sdk_version()}"


@lru_cache(maxsize=8)
def _context(process: int, anchors: tuple[Anchor, ...]) -> c2pa.Context:
    """The settings of this process; `process` is in the key because a fork kills contexts."""
    return c2pa.Context.from_dict(
        {
            "trust": {
                "trust_config": EXTENDED_KEY_USAGES,
                "anchors": [
                    {
                        "trust_anchors": anchor.pem,
                        "trust_kind": anchor.kind,
                        "trust_uri": anchor.trust_uri,
                    }
                    for anchor in anchors
                ],
            },
            "verify": {
                "verify_trust": True,
                "verify_after_sign": True,
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
            },
            "core": {"allowed_network_hosts": []},
            "builder": {
                "thumbnail": {"enabled": False},
                # By their names without a version.
                "created_assertion_labels": ["c2pa.thumbnail.claim", "c2pa.ingredient"],
            },
        }
    )


def _take_in(builder: c2pa.Builder, ingredient: Ingredient) -> None:
    described = {
        "title": ingredient.title,
        "relationship": ingredient.relationship,
        "instance_id": ingredient.name,
    }
    with ingredient.source.open("rb") as stream:
        builder.add_ingredient(described, MP4, stream)


@contextmanager
def _signer(identity: SigningIdentity) -> Iterator[c2pa.Signer]:
    try:
        signer = c2pa.Signer.from_callback(
            identity.sign,
            c2pa.C2paSigningAlg.ES256,
            identity.chain_pem.decode("ascii"),
            identity.tsa_url or None,
        )
    except (c2pa.C2paError, UnicodeDecodeError) as error:
        raise SigningFailed(f"The signing identity was refused: {error}") from error
    with signer:
        yield signer


@contextmanager
def _draft(target: Path) -> Iterator[IO[bytes]]:
    """A file beside `target` that takes its place only when all went well and is on disk."""
    with tempfile.NamedTemporaryFile(
        "w+b", dir=target.parent, prefix=".credential-", delete=False
    ) as draft:
        path = Path(draft.name)
        try:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
            path.replace(target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


@contextmanager
def _opened(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


def _trouble(error: c2pa.C2paError) -> ProvenanceError:
    words = str(error)
    if isinstance(error, c2pa.C2paError.RemoteManifest) or "remote manifest" in words.lower():
        found = _REMOTE_URL.search(words)
        return RemoteManifest(found.group(1) if found else "")
    if isinstance(error, c2pa.C2paError.NotSupported):
        return UnsupportedKind(words)
    if _UNPARSED in words or isinstance(error, c2pa.C2paError.Io):
        return Unreadable(words)
    return DamagedCredential(words)
