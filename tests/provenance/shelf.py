"""The shelf of named files: one for every state that a file can be in, each made once.

The archive, its ledger and its log are real but small; what became of a clip is said by a
dictionary, because the line is not here.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from provenance import vault
from provenance.core import credentials, keys
from provenance.core.boxes import pictures_of
from provenance.core.errors import ProvenanceError
from provenance.core.proofs import Receipt
from provenance.core.readings import reading
from provenance.core.records import EntryType, Opening
from provenance.core.wording import STATES, State
from provenance.verify.models import Credential
from tests.assets import broken, strangers
from tests.core.clips import ATTEMPT, NOW, Archive, Signed, sha256_of, signing_with
from tests.core.stamps import Authority, serving

HOUR = timedelta(hours=1)
PROMPT, OTHER_PROMPT = b"a red circle moving left on white", b"a sad circle moving left on white"

# What settings.VERIFY_CLIPS names in these stories: the standing and file of clips by their id.
STANDINGS: dict[uuid.UUID, tuple[str, Path]] = {}


def standing_of(clip_id: uuid.UUID) -> tuple[str, Path] | None:
    """What became of a clip."""
    return STANDINGS.get(clip_id)


@dataclass(frozen=True)
class Row:
    """A file as the archive wrote it down when it issued it."""

    sha256: str
    size: int
    manifest_id: str
    pictures: tuple[str, int]
    receipt: Receipt | None
    clip_id: uuid.UUID


@dataclass
class Shelf:
    """The archive, the clips that it issued, and a folder for what others make of them."""

    folder: Path
    archive: Archive
    clip: Signed
    rows: list[Row] = field(default_factory=list)
    made: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def in_folder(cls, folder: Path) -> "Shelf":
        """A new archive with keys of its own, and one issued clip."""
        vault.ensure_keys(folder / "keys", "archive.test/log", datetime.now(UTC))
        archive = Archive.of_vault(folder / "keys")
        shelf = cls(folder, archive, archive.sign(folder))
        shelf.issue(shelf.clip.path, shelf.clip.generated)
        return shelf

    @property
    def keys_dir(self) -> Path:
        """Where the archive's keys lie."""
        return self.folder / "keys"

    def get(self, asset: "Asset") -> bytes:
        """The bytes of a named file, made when first asked for."""
        if asset.name not in self.made:
            self.made[asset.name] = asset.make(self)
        return self.made[asset.name]

    def issue(self, path: Path, receipt: Receipt | None, standing: str = "published") -> None:
        """Write a file down as one that the archive issued."""
        data = path.read_bytes()
        raw = credentials.read(path, self.archive.anchors)
        assert raw is not None
        row = Row(
            sha256_of(data), len(data), reading(raw).manifest_id, pictures_of(BytesIO(data)),
            receipt, uuid.uuid4(),
        )  # fmt: skip
        self.rows.append(row)
        STANDINGS[row.clip_id] = (standing, path)

    def receipt_of(self, data: bytes) -> Receipt | None:
        """The receipt of the issued file whose manifest these bytes carry, if they can be read."""
        try:
            raw = credentials.read(BytesIO(data), self.archive.anchors)
        except ProvenanceError:
            return None
        carried = reading(raw).manifest_id if raw else ""
        return next((row.receipt for row in self.rows if row.manifest_id == carried), None)

    def fill_ledger(self) -> None:
        """Put every issued file into the database that a story runs on."""
        for row in self.rows:
            Credential.objects.get_or_create(
                sha256=row.sha256,
                defaults={
                    "size": row.size, "manifest_id": row.manifest_id, "signer_serial": "1",
                    "attempt": uuid.uuid4().hex, "rendered_index": 1,
                    "generated_ticket": uuid.uuid4(), "clip_id": row.clip_id,
                    "pictures_sha256": row.pictures[0], "pictures_size": row.pictures[1],
                },
            )  # fmt: skip

    def another_leaf(self, life: timedelta = keys.LEAF_LIFE) -> Archive:
        """The same archive with a signing key of its own, which can be revoked or end alone."""
        subject = keys.ChainSubject("archive.test", "Clips of archive.test")
        chain = self.archive.chain
        leaf = keys.make_leaf(subject, chain.intermediate, NOW, life)
        archive = Archive(chain=keys.Chain(chain.root, chain.intermediate, leaf))
        archive.identity = signing_with(archive.chain)
        archive.anchor, archive.log = self.archive.anchor, self.archive.log
        return archive

    def subfolder(self, name: str) -> Path:
        """A folder for what does not belong to the archive."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder


@dataclass(frozen=True)
class Asset:
    """A file named by what it is: how it is made, and what a check of it has to say."""

    name: str
    make: Callable[[Shelf], bytes]
    state: State
    words: str

    @property
    def verdict(self) -> str:
        """The word for its state."""
        return STATES[self.state][0]

    @property
    def status(self) -> int:
        """How the page answers."""
        return 422 if self.verdict == "unreadable" else 200

    def __str__(self) -> str:
        return self.name


def _of(recipe: broken.Recipe) -> Callable[[Shelf], bytes]:
    return lambda shelf: recipe(shelf.clip.data)


def _manifest_changed(shelf: Shelf) -> bytes:
    return broken.other_prompt(shelf.clip.data, PROMPT, OTHER_PROMPT)


def _transplanted(shelf: Shelf) -> bytes:
    other = shelf.archive.sign(shelf.folder, name="other", shift=7)
    shelf.issue(other.path, other.generated)
    return broken.transplanted(shelf.clip.data, other.data)


def _another_video(shelf: Shelf) -> bytes:
    stranger = Archive("elsewhere.test").sign(shelf.subfolder("video"), shift=9)
    return broken.transplanted(shelf.clip.data, stranger.data)


def _imitated(shelf: Shelf) -> bytes:
    """Signed anew by somebody else, under the name of a manifest that the archive issued."""
    data = shelf.clip.data
    start = data.rindex(b"c2pa.signature\0")
    for at in range(start + 40, start + 900, 13):
        changed = broken.flipped(data, at)
        path = shelf.folder / "imitated.mp4"
        path.write_bytes(changed)
        try:
            raw = credentials.read(path, shelf.archive.anchors)
        except ProvenanceError:
            continue
        if raw is not None and not reading(raw).signature_holds:
            return changed
    raise AssertionError("no flipped bit broke the signature")


def _two_parents(shelf: Shelf) -> bytes:
    second = shelf.archive.sign(shelf.folder, name="second", shift=3)
    parents = (shelf.clip.data, second.data)
    return strangers.derived(shelf.folder, "two_parents", shelf.archive, *parents).read_bytes()


def _tampered_parent(shelf: Shelf) -> bytes:
    parent = broken.media_byte_flipped(shelf.clip.data)
    path = strangers.derived(shelf.folder, "tampered_parent", shelf.archive, parent)
    shelf.issue(path, None)
    return path.read_bytes()


def _tampered_grandparent(shelf: Shelf) -> bytes:
    first = broken.media_byte_flipped(shelf.clip.data)
    parent = strangers.derived(shelf.folder, "between", shelf.archive, first).read_bytes()
    path = strangers.derived(shelf.folder, "tampered_grandparent", shelf.archive, parent)
    shelf.issue(path, None)
    return path.read_bytes()


def _sound_parent(shelf: Shelf) -> bytes:
    path = strangers.derived(shelf.folder, "sound_parent", shelf.archive, shelf.clip.data)
    shelf.issue(path, None)
    return path.read_bytes()


def _redacted(shelf: Shelf) -> bytes:
    first = shelf.archive.sign(shelf.folder, name="before", shift=5)
    redacted = shelf.archive.redact(first, "prompt")
    shelf.issue(redacted.path, redacted.generated)
    return redacted.data


def _withdrawn(shelf: Shelf) -> bytes:
    clip = shelf.archive.sign(shelf.folder, name="withdrawn", shift=6)
    shelf.issue(clip.path, clip.generated, "withdrawn")
    return clip.data


def _never_issued(shelf: Shelf) -> bytes:
    return shelf.archive.sign(shelf.folder, name="never", shift=8).data


def _unknown_signer(shelf: Shelf) -> bytes:
    return Archive("elsewhere.test").sign(shelf.subfolder("stranger"), shift=12).data


def _our_pictures(shelf: Shelf) -> bytes:
    """The pictures of the archive's clip, under a credential that somebody else made for them."""
    return Archive("elsewhere.test").sign(shelf.subfolder("thief")).data


def _foreign_changed(shelf: Shelf) -> bytes:
    return broken.media_byte_flipped(_unknown_signer(shelf))


def _damaged_stranger(shelf: Shelf) -> bytes:
    return broken.damaged_credential(_unknown_signer(shelf))


def _self_signed(shelf: Shelf) -> bytes:
    return strangers.self_signed(shelf.folder).read_bytes()


def _listed(kind: str) -> Callable[[Shelf], bytes]:
    def signed(shelf: Shelf) -> bytes:
        authority = Archive(f"{kind}.test")
        vault.add_list(shelf.keys_dir, kind, authority.anchor.pem, kind, NOW)
        return authority.sign(shelf.subfolder(kind)).data

    return signed


def _from_ours(shelf: Shelf) -> bytes:
    """Made by somebody else, who is on a list, from a clip of the archive."""
    authority = Archive("worker.test")
    vault.add_list(shelf.keys_dir, "worker", authority.anchor.pem, "c2pa", NOW)
    folder = shelf.subfolder("worker")
    return strangers.derived(folder, "from_ours", authority, shelf.clip.data).read_bytes()


def _expired_stranger(shelf: Shelf) -> bytes:
    stranger = Archive("elsewhere.test")
    return strangers.expired(shelf.subfolder("past"), stranger).read_bytes()


def _not_yet_valid(shelf: Shelf) -> bytes:
    stranger = Archive("elsewhere.test")
    return strangers.not_yet_valid(shelf.subfolder("future"), stranger).read_bytes()


def _expired(shelf: Shelf) -> bytes:
    """Ours, unstamped; the log shows that it was issued while the certificate was valid."""
    facts = shelf.archive.facts()
    path = strangers.expired(shelf.folder, shelf.archive, facts)
    shelf.issue(path, _logged(shelf, path, facts.file_salt, NOW - timedelta(days=45)))
    return path.read_bytes()


def _lapsed(shelf: Shelf) -> bytes:
    """Ours, unstamped and never logged; only the ledger knows it."""
    path = strangers.expired(shelf.subfolder("lapsed"), shelf.archive)
    shelf.issue(path, None)
    return path.read_bytes()


def _stamped(shelf: Shelf) -> bytes:
    """Ours, under a certificate that has ended, with a stamp of a listed authority."""
    authority = Authority(shelf.subfolder("authority"))
    vault.add_list(shelf.keys_dir, "stamps", authority.pem, "tsa", NOW)
    archive = shelf.another_leaf(datetime.now(UTC) - NOW + timedelta(seconds=3))
    with serving(authority) as address:
        archive.identity = replace(archive.identity, tsa_url=address)
        clip = archive.sign(shelf.folder, name="stamped", shift=4)
    end = archive.chain.leaf.certificate.not_valid_after_utc
    while datetime.now(UTC) <= end + timedelta(seconds=1):
        time.sleep(0.05)
    shelf.issue(clip.path, clip.generated)
    return clip.data


def _logged(shelf: Shelf, path: Path, file_salt: bytes, at: datetime) -> Receipt:
    raw = credentials.read(path, shelf.archive.anchors)
    assert raw is not None
    file = Opening("file", file_salt, {"sha256": sha256_of(path.read_bytes())})
    index = shelf.archive.log.append(EntryType.GENERATED, at, {
        "attempt": ATTEMPT, "rendered": 1, "manifest": reading(raw).manifest_id,
        "file": file.commitment,
    })  # fmt: skip
    return shelf.archive.log.receipt(index)


def _revoked(since: datetime, name: str) -> Callable[[Shelf], bytes]:
    def signed(shelf: Shelf) -> bytes:
        archive = shelf.another_leaf()
        clip = archive.sign(shelf.folder, name=name, shift=2)
        serial = str(archive.chain.leaf.certificate.serial_number)
        vault.revoke(shelf.keys_dir, serial, since)
        shelf.issue(clip.path, clip.generated)
        return clip.data

    return signed


def _kept_elsewhere(shelf: Shelf) -> bytes:
    return strangers.kept_elsewhere(shelf.folder, shelf.archive).read_bytes()


ASSETS: tuple[Asset, ...] = (
    Asset("ours_intact", _of(bytes), "intact", "This is an intact clip of this archive."),
    Asset("ours_withdrawn", _withdrawn, "intact", "has withdrawn it from its gallery"),
    Asset("ours_redacted", _redacted, "intact", "the prompt was erased on purpose"),
    Asset("ours_expired_but_logged", _expired, "intact_expired", "while the certificate was"),
    Asset("ours_expired_and_not_logged", _lapsed, "intact_lapsed", "no longer accepted"),
    Asset("ours_expired_but_stamped", _stamped, "intact_stamped", "a time-stamp proves"),
    Asset("revoked_key_after_the_clip", _revoked(NOW + HOUR, "old"), "intact_old_key",
          "was revoked later"),
    Asset("revoked_key_before_the_clip", _revoked(NOW - HOUR, "new"), "revoked",
          "does not count as a clip"),
    Asset("tampered_parent", _tampered_parent, "intact", "made from does not hold"),
    Asset("tampered_grandparent", _tampered_grandparent, "intact", "made from does not hold"),
    Asset("sound_parent", _sound_parent, "intact", "intact clip of this archive"),
    Asset("media_changed", _of(broken.media_byte_flipped), "media_changed",
          "the video was changed after"),
    Asset("another_video", _another_video, "media_changed", "another one was put"),
    Asset("wrapping_changed", _of(broken.index_byte_flipped), "rewrapped",
          "file around them was changed"),
    Asset("bytes_appended", _of(broken.bytes_appended), "appended", "to which something was added"),
    Asset("zip_appended", _of(broken.archive_appended), "appended",
          "to which something was added"),
    Asset("free_box_appended", _of(broken.free_box_appended), "padded",
          "not byte for byte the one"),
    Asset("cut_off", _of(broken.cut_in_half), "cut_off", "its end is missing"),
    Asset("transplanted", _transplanted, "transplanted", "pictures of another"),
    Asset("manifest_changed", _manifest_changed, "statement_changed", "a statement inside its"),
    Asset("manifest_damaged", _of(broken.damaged_credential), "credential_damaged",
          "damaged beyond reading"),
    Asset("imitated", _imitated, "imitated", "made to look like it"),
    Asset("two_parents", _two_parents, "two_parents", "names more than one parent"),
    Asset("never_issued", _never_issued, "never_issued", "no record of having"),
    Asset("signer_on_the_c2pa_list", _listed("c2pa"), "on_c2pa_list", "on the C2PA trust list;"),
    Asset("signer_on_the_interim_list", _listed("interim"), "on_interim_list",
          "former, interim list"),
    Asset("made_from_ours_by_a_listed_signer", _from_ours, "on_c2pa_list",
          "on the C2PA trust list;"),
    Asset("unknown_signer", _unknown_signer, "unknown_signer", "does not vouch for"),
    Asset("our_pictures_signed_by_a_stranger", _our_pictures, "unknown_signer",
          "Its pictures are byte for byte those"),
    Asset("self_signed", _self_signed, "self_signed", "vouches only for itself"),
    Asset("stranger_expired", _expired_stranger, "expired", "certificate has ended"),
    Asset("stranger_not_yet_valid", _not_yet_valid, "not_yet_valid", "is not valid yet"),
    Asset("stranger_changed", _foreign_changed, "foreign_changed", "and it does not hold"),
    Asset("stripped", _of(broken.stripped), "stripped", "The credential was taken out"),
    Asset("remuxed", _of(broken.remuxed), "stripped", "The credential was taken out"),
    Asset("reencoded", _of(broken.reencoded), "no_credential", "encode anew what is uploaded"),
    Asset("kept_elsewhere", _kept_elsewhere, "kept_elsewhere", "that address was not asked"),
    Asset("cut_within_credential", _of(broken.cut_within_credential), "malformed", "cut off"),
    Asset("stranger_damaged", _damaged_stranger, "damaged", "too damaged to read"),
    Asset("webm", _of(broken.webm), "unsupported_kind", "no kind of file"),
    Asset("matroska", _of(broken.matroska), "unsupported_kind", "no kind of file"),
    Asset("text", _of(broken.text), "unsupported_kind", "no kind of file"),
    Asset("zip", _of(broken.archive_file), "unsupported_kind", "no kind of file"),
)  # fmt: skip
EMPTY = Asset("empty", _of(broken.empty), "empty", "This file is empty")
FLOOD = Asset("box_flood", _of(broken.box_flood), "over_limits", "within the limits")


def asset(name: str) -> Asset:
    """An asset by its name."""
    return next(each for each in (*ASSETS, EMPTY, FLOOD) if each.name == name)
