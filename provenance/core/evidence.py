"""The log's side of a credential: do its receipts hold, and do they speak of this very clip.

A receipt proves that an entry stands in the log; a commitment ties the entry to a value; the salt
in the credential opens the commitment. All three are checked, each failure has a code of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import wording
from .errors import ProvenanceError
from .failures import words_for
from .policies import NO_WITNESSES, Policy
from .proofs import CheckedReceipt, Receipt, check_receipt
from .readings import Evidence, Failure, Reading
from .records import EntryType, Opening

MALFORMED = "archive.receipt.malformed"
REFUSED = "archive.receipt.refused"
MISSING = "archive.receipt.missing"
MIXED = "archive.receipt.mismatch"
UNCOMMITTED = "archive.commitment.mismatch"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
# Which entry commits to which of the values that the credential discloses.
_COMMITTED: Mapping[str, tuple[str, ...]] = {
    EntryType.ATTEMPT: ("artist", "prompt", "parameters"),
    EntryType.RENDERED: ("media",),
}


@dataclass(frozen=True)
class LogAnswer:
    """What the log says: the entry that speaks for the file, whether all of it was checked."""

    outcome: str
    text: str
    origin: str = ""
    index: int | None = None
    entry_type: str = ""
    at: datetime | None = None
    checked: bool = False
    entries: tuple[tuple[str, int, datetime], ...] = ()
    failures: tuple[Failure, ...] = ()
    speaks_of_file: bool = False
    witnessed_at: datetime | None = None

    @classmethod
    def not_asked(cls) -> "LogAnswer":
        """The answer for a file that is not ours: its signer made no promise about the log."""
        return cls(wording.OUTCOMES[None], wording.LOG_NOT_ASKED_TEXT)

    def as_json(self) -> dict[str, Any] | None:
        """Plain values; None where the log has nothing to say."""
        if not self.origin:
            return None
        return {
            "index": self.index,
            "origin": self.origin,
            "checked": self.checked,
            "entry_type": self.entry_type,
            "at": self.at.strftime(_TIME) if self.at else None,
            "witnessed_at": self.witnessed_at.strftime(_TIME) if self.witnessed_at else None,
            "entries": [
                {"type": kind, "index": index, "at": at.strftime(_TIME)}
                for kind, index, at in self.entries
            ],
            "text": self.text,
        }


def log_answer(
    found: Reading,
    sha256: str,
    generated: Receipt | None,
    log_vkey: str,
    policy: Policy = NO_WITNESSES,
) -> LogAnswer:
    """Check the receipts inside a credential, and that of its `generated` entry where known.

    `sha256` is that of the file in hand, in hex; `log_vkey` the log's key as a C2SP vkey; `policy`
    says when enough witnesses have seen the entry.
    """
    evidence = found.evidence
    if evidence is None:
        missing = (_failure(MISSING),)
        return LogAnswer(wording.OUTCOMES[False], wording.NO_RECEIPT, failures=missing)
    receipts = [*evidence.receipts, *([generated] if generated else [])]
    checked, refused = _check(receipts, log_vkey, policy)
    failures = (
        *refused,
        *_completeness(checked),
        *_commitments(evidence, checked),
        *_generated(found, sha256, checked),
    )
    return _answer(evidence, checked, failures)


def issued_bytes(found: Reading, sha256: str, generated: Receipt, log_vkey: str) -> bool | None:
    """Whether the log's entry of the finished file is about this credential and these bytes.

    None where the receipt does not hold or is about another file: then it decides nothing.
    """
    checked, _ = _check([generated], log_vkey)
    if not checked or not checked[0].entry.issues_a_file:
        return None
    if checked[0].entry.body.get("manifest") != found.manifest_id:
        return None
    return _commits_to_file(found, sha256, checked[0])


def _check(
    receipts: Sequence[Receipt], log_vkey: str, policy: Policy = NO_WITNESSES
) -> tuple[list[CheckedReceipt], list[Failure]]:
    checked, refused = [], []
    for receipt in receipts:
        try:
            checked.append(check_receipt(receipt, log_vkey, policy))
        except (ProvenanceError, UnicodeEncodeError) as error:
            refused.append(Failure(REFUSED, words_for(REFUSED), type(error).__name__))
    return checked, refused


def _completeness(checked: Sequence[CheckedReceipt]) -> Iterator[Failure]:
    kinds = [receipt.entry.type for receipt in checked]
    for kind in _COMMITTED:
        if kind not in kinds:
            yield _failure(MISSING, kind)
    attempts = {receipt.entry.body.get("attempt") for receipt in checked}
    if len(attempts - {None}) > 1:  # an erasure names no attempt, but the entry that it is about
        yield _failure(MIXED)


def _commitments(evidence: Evidence, checked: Sequence[CheckedReceipt]) -> Iterator[Failure]:
    """What is disclosed, or hidden behind its hash, must be what was logged; what was redacted is
    not asked for."""
    openings = {opening.field: opening for opening in evidence.openings}
    hidden = {each.field: each.commitment for each in evidence.hidden}
    for receipt in checked:
        for field in _COMMITTED.get(receipt.entry.type, ()):
            opening = openings.get(field)
            if opening is not None and not _opens(opening, receipt.entry.body.get(field)):
                yield _failure(UNCOMMITTED, field)
            if hidden.get(field, receipt.entry.body.get(field)) != receipt.entry.body.get(field):
                yield _failure(UNCOMMITTED, field)


def _opens(opening: Opening, logged: object) -> bool:
    try:
        return opening.commitment == logged
    except ProvenanceError:  # a changed credential can hold what has no canonical form
        return False


def _generated(found: Reading, sha256: str, checked: Sequence[CheckedReceipt]) -> Iterator[Failure]:
    """The entry of the finished file names the manifest and commits to the file's bytes."""
    for receipt in checked:
        if not receipt.entry.issues_a_file:
            continue
        if receipt.entry.body.get("manifest") != found.manifest_id:
            yield _failure(UNCOMMITTED, "manifest")
        if not _commits_to_file(found, sha256, receipt):
            yield _failure(UNCOMMITTED, "file")


def _commits_to_file(found: Reading, sha256: str, receipt: CheckedReceipt) -> bool:
    try:
        salt = bytes.fromhex(found.evidence.file_salt) if found.evidence else b""
    except ValueError:
        return False
    opening = Opening("file", salt, {"sha256": sha256})
    return _opens(opening, receipt.entry.body.get("file"))


def _answer(
    evidence: Evidence, checked: Sequence[CheckedReceipt], failures: tuple[Failure, ...]
) -> LogAnswer:
    entries = tuple((each.entry.type, each.index, each.entry.at) for each in checked)
    if not checked:
        no, text = wording.OUTCOMES[False], wording.NO_RECEIPT_HOLDS
        return LogAnswer(no, text, origin=evidence.origin, failures=failures)
    last = max(checked, key=lambda receipt: receipt.index)
    text = wording.NOT_ALL_AGREES
    if not failures:
        text = wording.SPEAKS.said(
            index=last.index, origin=last.origin, kind=last.entry.type, receipts=len(checked)
        )
    return LogAnswer(
        outcome=wording.OUTCOMES[not failures],
        text=text,
        origin=last.origin,
        index=last.index,
        entry_type=last.entry.type,
        at=last.entry.at,
        checked=not failures,
        entries=entries,
        failures=failures,
        speaks_of_file=last.entry.issues_a_file,
        witnessed_at=last.witnessed_at,
    )


def _failure(code: str, where: str = "") -> Failure:
    return Failure(code, words_for(code), where)
