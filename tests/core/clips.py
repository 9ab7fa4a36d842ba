"""A small archive for stories about credentials: keys, a log of three entries, clips signed by it.

The pictures are a moving square; all else is the real thing.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from generation.encode import encode_mp4, thumbnail
from provenance import vault
from provenance.core import credentials, keys, manifests, redactions, verdicts
from provenance.core.clip_facts import ClipFacts, EngineFacts, Generator, ModelFacts
from provenance.core.credentials import Anchor, SigningIdentity
from provenance.core.proofs import Receipt
from provenance.core.readings import Reading, reading
from provenance.core.records import EntryType, Opening
from provenance.core.redactions import Redaction
from tests.core.small_log import SmallLog
from tests.people import ADA

NOW = datetime.now(UTC).replace(microsecond=0)
ORIGIN = "archive.test/log"
ATTEMPT = "5f" * 16
PROMPT = "a red circle moving left on white"
FRAMES, SIZE, FPS = 8, 64, 8


def salt(number: int) -> bytes:
    """A salt that the next run of a test gives again."""
    return bytes([number]) * 32


def pictures(shift: int = 0) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A white square moving over grey, as frames (8, 64, 64, 3)."""
    frames = np.full((FRAMES, SIZE, SIZE, 3), 90, dtype=np.uint8)
    for number, frame in enumerate(frames):
        frame[20:40, number * 4 + shift : number * 4 + shift + 20] = 250
    return frames


def signing_with(chain: keys.Chain) -> SigningIdentity:
    """The identity of a chain's leaf."""
    return SigningIdentity(
        chain.chain_pem, lambda data: chain.leaf.key.sign(data, ec.ECDSA(hashes.SHA256()))
    )


@dataclass(frozen=True)
class Signed:
    """A signed clip on disk, with what the archive wrote down when it issued it."""

    path: Path
    facts: ClipFacts
    embedded: credentials.Embedded
    generated: Receipt

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.path.read_bytes()

    @property
    def issued(self) -> verdicts.Issued:
        """The row of the ledger."""
        return verdicts.Issued(sha256_of(self.data), self.embedded.manifest_id, self.generated)


class Archive:
    """An archive with a root of its own and a log of its own."""

    def __init__(self, name: str = "archive.test", chain: keys.Chain | None = None) -> None:
        self.chain = chain or keys.make_chain(keys.ChainSubject(name, f"Clips of {name}"), NOW)
        self.identity = signing_with(self.chain)
        self.anchor = Anchor(name, f"urn:{name}:root", self.chain.root.pem.decode())
        self.log = SmallLog(ORIGIN)

    @classmethod
    def of_vault(cls, keys_dir: Path) -> "Archive":
        """The archive whose keys lie in a vault."""
        archive = cls(chain=_chain_of(keys_dir))
        archive.identity = vault.signing_identity(keys_dir)
        (archive.anchor,) = vault.anchors(keys_dir)
        signer = vault.log_key(keys_dir)
        archive.log = SmallLog(signer.name, signer.key)
        return archive

    @property
    def anchors(self) -> list[Anchor]:
        """The archive's trust list."""
        return [self.anchor]

    @property
    def trust(self) -> verdicts.Trust:
        """Whom a check on behalf of this archive believes."""
        return verdicts.Trust(frozenset({self.anchor.trust_uri}), self.log.vkey)

    def facts(self, **changes: Any) -> ClipFacts:
        """Facts of a clip whose attempt and rendering stand in the log."""
        openings = {
            "prompt": Opening("prompt", salt(1), {"prompt": PROMPT, "negative_prompt": "blue"}),
            "artist": Opening("artist", salt(2), {"name": ADA.pseudonym}),
            "parameters": Opening("parameters", salt(3), {
                "model": "untrained", "seed": "9223372036854775807", "steps": 4,
                "guidance": "2.5", "width": SIZE, "height": SIZE, "fps": FPS, "frames": FRAMES,
            }),
            "media": Opening("media", salt(4), {"sha256": "0" * 64}),
        }  # fmt: skip
        openings |= {name: changes.pop(name) for name in tuple(openings) if name in changes}
        committed = {name: openings[name].commitment for name in ("prompt", "artist", "parameters")}
        self.log.append(EntryType.ATTEMPT, NOW, {"attempt": ATTEMPT, **committed})
        self.log.append(EntryType.RENDERED, NOW, {
            "attempt": ATTEMPT, "try": 1, "media": openings["media"].commitment,
        })  # fmt: skip
        facts = ClipFacts(
            title="Clip 5f5f5f5f",
            created_at=NOW,
            generator=Generator("Sora Archive", "0.1.0"),
            model=ModelFacts(
                "untrained", "Untrained", "1", "ab" * 32, "CC0-1.0", "TextToVideoSDPipeline", True
            ),
            engine=EngineFacts("diffusers", "DDIMScheduler", {"torch": "2.13.0"}),
            receipts=(self.log.receipt(0), self.log.receipt(1)),
            file_salt=salt(5),
            log_origin=self.log.origin,
            prompt=openings["prompt"],
            artist=openings["artist"],
            parameters=openings["parameters"],
            media=openings["media"],
        )
        return replace(facts, **changes)

    def sign(
        self, folder: Path, facts: ClipFacts | None = None, name: str = "clip", shift: int = 0,
        parent: Path | None = None,
    ) -> Signed:  # fmt: skip
        """Encode, sign and log one clip; `parent` is the file that the facts name as its parent."""
        facts = facts or self.facts()
        frames = pictures(shift)
        source, target = folder / f"{name}.raw.mp4", folder / f"{name}.mp4"
        encode_mp4(frames, FPS, source)
        embedded = credentials.embed(
            source, target, manifests.clip_manifest(facts), thumbnail(frames),
            self.identity, self.anchors,
            credentials.Ingredient(parent, manifests.PARENT, facts.parent, "inputTo")
            if parent else None,
        )  # fmt: skip
        file = Opening("file", facts.file_salt, {"sha256": sha256_of(target.read_bytes())})
        index = self.log.append(EntryType.GENERATED, NOW, {
            "attempt": ATTEMPT, "rendered": 1, "manifest": embedded.manifest_id,
            "file": file.commitment,
        })  # fmt: skip
        return Signed(target, facts, embedded, self.log.receipt(index))

    def redact(self, clip: Signed, *fields: str) -> Signed:
        """The successor of a clip without what these fields disclose, signed and logged."""
        erased = [
            self.log.append(EntryType.ERASURE, NOW, {"target": 0, "field": field, "by": "artist"})
            for field in fields
        ]
        raw = credentials.read(clip.path, self.anchors)
        assert raw is not None
        facts = redactions.SuccessorFacts(
            title=clip.facts.title,
            at=NOW,
            generator=clip.facts.generator,
            redactions=[
                Redaction(field, "artist", "own_wish", frozenset(raw.store["manifests"]))
                for field in fields
            ],
            receipts=[self.log.receipt(index) for index in (0, 1, *erased)],
            file_salt=salt(6),
            log_origin=self.log.origin,
        )
        target = clip.path.with_name(f"{clip.path.stem}-redacted.mp4")
        embedded = credentials.embed(
            clip.path, target, redactions.successor_manifest(raw.store, facts),
            credentials.thumbnail_of(clip.path, self.anchors), self.identity, self.anchors,
            credentials.Ingredient(clip.path, redactions.PARENT, facts.title, "parentOf"),
        )  # fmt: skip
        file = Opening("file", facts.file_salt, {"sha256": sha256_of(target.read_bytes())})
        index = self.log.append(EntryType.ERASURE, NOW, {
            "target": 2, "field": "file", "by": "artist", "manifest": embedded.manifest_id,
            "file": file.commitment,
        })  # fmt: skip
        return Signed(target, clip.facts, embedded, self.log.receipt(index))

    def read(self, path: Path) -> Reading:
        """The reading of a file that carries a credential."""
        raw = credentials.read(path, self.anchors)
        assert raw is not None
        return reading(raw)


def _chain_of(keys_dir: Path) -> keys.Chain:
    """The three certificates of a vault with their keys, its offline folder being still there."""
    home = keys_dir / vault.HOME
    passphrase = (home / "take-offline/passphrase.txt").read_bytes().strip()
    (root,) = x509.load_pem_x509_certificates(vault.anchors(keys_dir)[0].pem.encode())
    leaf, issuer = x509.load_pem_x509_certificates(vault.chain(keys_dir))

    def certified(path: str, secret: bytes | None, certificate: x509.Certificate) -> keys.Certified:
        key = load_pem_private_key((home / path).read_bytes(), secret)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return keys.Certified(key, certificate)

    return keys.Chain(
        certified("take-offline/root.key.pem", passphrase, root),
        certified("take-offline/issuer.key.pem", passphrase, issuer),
        certified("signing/leaf.key.pem", None, leaf),
    )


def sha256_of(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()
