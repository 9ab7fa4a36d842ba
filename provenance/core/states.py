"""In which of the named states a file is: the one choice that its words follow from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .boxes import Shape
from .lines import Failure
from .proofs import Receipt
from .readings import Reading
from .records import Opening
from .wording import State, Superseded, Who

ELSEWHERE = "archive.credential.elsewhere"
DAMAGED = "archive.credential.damaged"
MALFORMED = "archive.file.malformed"
_OF_THE_MEDIA = frozenset(
    {"assertion.bmffHash.mismatch", "assertion.dataHash.mismatch", "assertion.boxesHash.mismatch"}
)
_EXPIRED = "signingCredential.expired"
_TWO_PARENTS = "manifest.multipleParents"
_PUBLIC = frozenset({"published", "withdrawn"})
_LISTED: Mapping[Who, State] = {"c2pa": "on_c2pa_list", "interim": "on_interim_list"}
_TROUBLES: Mapping[str, State] = {
    ELSEWHERE: "kept_elsewhere",
    DAMAGED: "damaged",
    MALFORMED: "malformed",
    "archive.file.kind": "unsupported_kind",
    "archive.file.empty": "empty",
    "archive.file.limits": "over_limits",
    "archive.file.reader": "reader_failed",
}


@dataclass(frozen=True)
class Issued:
    """A file that the archive issued, with the receipt of the entry that issued it once logged.

    `erased` names what the archive shows nobody any more, though this file may disclose it.
    `superseded` tells that the archive deleted its own copy: for another file, or for none.
    `clip` is the clip's id and `standing` who can see it now (published, withdrawn, ...), both
    empty where nobody said. `revealed` opens what was hidden at first and is public now.
    """

    sha256: str
    manifest_id: str
    generated: Receipt | None = None
    erased: tuple[str, ...] = ()
    superseded: Superseded = ""
    size: int = 0
    clip: str = ""
    at: datetime | None = None
    standing: str = ""
    revealed: tuple[Opening, ...] = ()

    @property
    def public(self) -> bool:
        """Whether its plain hash stands in the log, as that of a clip which was published."""
        return self.standing in _PUBLIC


@dataclass(frozen=True)
class Bytes:
    """What is known of the bytes: their shape, and which issued files they meet.

    `asked` says whether the ledger or the log could answer at all; `pictures` is the issued file
    with the very same pictures.
    """

    size: int
    shape: Shape | None
    identical: bool | None
    asked: bool
    original: Issued | None
    pictures: Issued | None


def own_failures(found: Reading) -> list[Failure]:
    """The failures of the credential itself that speak of its bytes."""
    return [each for each in found.failures if each.about_bytes and not each.in_ingredient]


def self_issued(found: Reading) -> bool:
    """Whether the certificate names as its issuer the very one whom it is about."""
    names = (("common_name", "issuer_common_name"), ("organization", "issuer_organization"))
    return any(found.signer.get(own) for own, _ in names) and all(
        found.signer.get(own) == found.signer.get(issuer) for own, issuer in names
    )


def of_ours(found: Reading, who: Who, known: Bytes) -> State:
    """The state of a file that bears this archive's signature, or is its by the ledger."""
    broken = not found.signature_holds or bool(own_failures(found))
    if known.identical:
        return "disputed" if broken else "intact"
    if who != "archive":
        return "imitated"
    if not broken:
        return _signed_by_us(known)
    codes = {failure.code for failure in own_failures(found)}
    if _TWO_PARENTS in codes:
        return "two_parents"
    if codes & _OF_THE_MEDIA or not found.signature_holds:
        return _of_the_media(found, known)
    return "statement_changed"


def of_others(found: Reading, who: Who, at: datetime | None, *, lasts: bool) -> State:
    """The state of a file that somebody else signed; `lasts`: its certificate has not ended, or a
    stamp that counts is older than that end.
    """
    if not found.signature_holds or own_failures(found):
        return "foreign_changed"
    if who in _LISTED:
        return _LISTED[who] if lasts else "expired"
    if any(each.code == _EXPIRED and not each.in_ingredient for each in found.failures):
        begin = instant(found.signer.get("not_before", ""))
        return "not_yet_valid" if at and begin and begin > at else "expired"
    return "self_signed" if self_issued(found) else "unknown_signer"


def of_trouble(code: str, *, ours: bool, longer: bool) -> State:
    """The state of a file that gave no reading.

    `ours` where it still names a manifest of ours; `longer` where it holds the pictures of a clip
    of ours, and more bytes than that clip: what was added keeps readers from its end.
    """
    if code == DAMAGED and ours:
        return "credential_damaged"
    if code == MALFORMED and longer:
        return "appended"
    return _TROUBLES.get(code, "reader_failed")


def instant(text: str) -> datetime | None:
    """A time as the validator writes it; None for anything else and for one without a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _signed_by_us(known: Bytes) -> State:
    if not known.asked:
        return "intact_as_signed"
    return "padded" if known.original else "never_issued"


def _of_the_media(found: Reading, known: Bytes) -> State:
    if known.shape is not None and not (known.shape.whole and known.shape.size):
        return "cut_off"  # also between two boxes: then all are whole, but no pictures are left
    if known.pictures is None:
        return "media_changed"
    if known.pictures.manifest_id != found.manifest_id:
        return "transplanted"
    return "appended" if known.size > known.pictures.size else "rewrapped"
