"""A reading, the ledger and the log to a Verdict, as numbered steps that a stranger can follow.

Three questions are answered apart and never folded into one light: are these the bytes that were
signed and issued, who signed them, and do they stand in the log.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from . import wording
from .evidence import LogAnswer, issued_bytes, log_answer
from .failures import words_for
from .manifests import BY_ARCHIVE
from .proofs import Receipt
from .readings import Claim, Failure, Reading
from .redactions import LABELS
from .wording import Integrity, Superseded, Who, Word

__all__ = [
    "DAMAGED", "ELSEWHERE", "FileFacts", "Integrity", "Issued", "Ledger", "Revocation", "Step",
    "Trouble", "Trust", "Verdict", "Who", "Word", "judge",
]  # fmt: skip
ELSEWHERE = "archive.credential.elsewhere"
DAMAGED = "archive.credential.damaged"


@dataclass(frozen=True)
class FileFacts:
    """The file in hand: SHA-256 in lower-case hex and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Trouble:
    """Why there is no reading: a code of ours, and the manifests that the bytes still name."""

    code: str
    named: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True)
class Issued:
    """A file that the archive issued, with the receipt of the entry that issued it once logged.

    `erased` names what the archive shows nobody any more, though this file may disclose it.
    `superseded` tells that the archive deleted its own copy: for another file, or for none.
    """

    sha256: str
    manifest_id: str
    generated: Receipt | None = None
    erased: tuple[str, ...] = ()
    superseded: Superseded = ""


@dataclass(frozen=True)
class Ledger:
    """What the ledger of issued files says: by the hash of the bytes, by the manifest."""

    by_sha256: Issued | None = None
    by_manifest: Issued | None = None


@dataclass(frozen=True)
class Revocation:
    """A signing certificate (serial in decimal) that does not count since a time (aware)."""

    serial: str
    since: datetime


@dataclass(frozen=True)
class Trust:
    """Whom the check believes: the archive's own lists, the key of its log, and other lists.

    `others` tells by its `trust_uri` whose list vouched for a signer who is not the archive.
    """

    uris: frozenset[str]
    log_vkey: str
    others: Mapping[str, Who] = field(default_factory=dict)
    revocations: tuple[Revocation, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step of the check: what was asked, by which rule, and what came of it."""

    number: int
    title: str
    clause: str
    outcome: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """What a check says. None stands for not known; `steps` tell how it was reached."""

    verdict: Word
    text: str
    bit_identical: bool | None
    integrity: Integrity | None
    signer: Mapping[str, str] | None
    log: Mapping[str, Any] | None
    claims: tuple[Claim, ...]
    failures: tuple[Failure, ...]
    steps: tuple[Step, ...]
    validator: str
    sha256: str
    manifest_id: str
    redacted: tuple[str, ...] = ()
    superseded: Superseded = ""

    def as_json(self) -> dict[str, Any]:
        """The verdict with the keys that the command and the API promise."""
        return {
            "verdict": self.verdict,
            "bit_identical": self.bit_identical,
            "integrity": self.integrity,
            "signer": None if self.signer is None else dict(self.signer),
            "log": None if self.log is None else dict(self.log),
            "claims": [asdict(claim) for claim in self.claims],
            "failures": [asdict(failure) for failure in self.failures],
            "validator": self.validator,
        }


def judge(
    file: FileFacts,
    found: Reading | Trouble | None,
    trust: Trust,
    ledger: Ledger | None,
    validator: str = "",
    generated: Receipt | None = None,
) -> Verdict:
    """Judge a file by what was found in it (None: no credential); `ledger` None: not consulted.

    Without the ledger, `generated`, the receipt of the finished file, can speak in its place.
    Follows C2PA 2.4, Validation, for the credential, and C2SP tlog-proof for the log.
    """
    if isinstance(found, Reading):
        return _judge_reading(file, found, trust, ledger, generated)
    if found is None:
        return _without_reading(file, "no_credential", None, ledger, validator)
    if found.code == ELSEWHERE:
        return _without_reading(file, "no_credential", found, ledger, validator)
    if found.code == DAMAGED and ledger is not None and ledger.by_manifest is not None:
        return _without_reading(file, "changed", found, ledger, validator)
    return _without_reading(file, "unreadable", found, ledger, validator)


def _judge_reading(
    file: FileFacts, found: Reading, trust: Trust, ledger: Ledger | None, generated: Receipt | None
) -> Verdict:
    steps = [Step(1, "Can the file be read?", "", "yes", "It was read to its end.")]

    # 2. The credential: the active manifest is there and well-formed.
    steps.append(
        Step(2, "Does it carry a content credential?", "C2PA 2.4, Locating the active manifest",
              "yes", f"It carries the manifest {found.manifest_id}.")
    )  # fmt: skip

    # 3. The bytes: hard binding and every assertion against the signed claim.
    integrity = _integrity(found)
    steps.append(
        Step(3, "Are these the bytes that were signed?",
              "C2PA 2.4, Validating the asset's content and the assertions",
              "yes" if integrity == "holds" else "no", wording.INTEGRITY_WORDS[integrity])
    )  # fmt: skip

    # 4. The ledger: the standard leaves bytes uncovered, so the hash of the file is asked as well.
    known = _known(file, found, trust, ledger, generated)
    identical = known.identical
    steps.append(
        Step(4, "Is it byte for byte a file that the archive issued?",
              "the archive's ledger of SHA-256, or the log's commitment to it",
              _yes_no(identical), wording.IDENTICAL_WORDS[identical])
    )  # fmt: skip

    # 5. The signer: only a signature that holds counts, and only a list that is ours.
    #    What the log says is needed here already: it knows since when the file has been there.
    who = _who(found, trust)
    ours = who == "archive" or known.named
    answer = (
        log_answer(found, file.sha256, known.generated, trust.log_vkey)
        if ours
        else LogAnswer.not_asked()
    )
    who, signer_text = _standing(who, integrity, found, trust, known, answer)
    steps.append(
        Step(5, "Who signed it?", "C2PA 2.4, Validating the signature and the credential",
              "yes" if who == "archive" else "no", signer_text)
    )  # fmt: skip

    # 6. The log: the receipts inside, the entry of the finished file, and what they commit to.
    steps.append(
        Step(6, "Is it in the public log?", "RFC 9162 §2.1.3.2; C2SP tlog-proof, signed-note",
              answer.outcome, answer.text)
    )  # fmt: skip

    # 7. The word for it all.
    word, text, more = _word(who, integrity, known)
    if word == "intact" and any(
        failure.in_ingredient and failure.about_bytes for failure in found.failures
    ):
        text = f"{text} {wording.PARENT_BROKEN}"
    if word == "intact":
        text = " ".join([text, *wording.history(found.redacted, known.superseded)])
    steps.append(Step(7, "What follows?", "docs/verify.md", word, text))
    return Verdict(
        verdict=word,
        text=text,
        bit_identical=identical,
        integrity=integrity,
        signer={"who": who, "text": signer_text, **found.signer},
        log=answer.as_json(),
        claims=tuple(_told(found, known)),
        failures=(*found.failures, *answer.failures, *(_failure(code) for code in more)),
        steps=tuple(steps),
        validator=found.validator,
        sha256=file.sha256,
        manifest_id=found.manifest_id,
        redacted=found.redacted,
        superseded=known.superseded,
    )


def _withheld(claims: Iterable[Claim], erased: Sequence[str]) -> Iterator[Claim]:
    """What was erased is not told again, even where the file in hand still tells it."""
    labels = {LABELS[field] for field in erased if field in LABELS}
    for claim in claims:
        yield replace(claim, value=wording.WITHHELD) if claim.label in labels else claim


def _told(found: Reading, known: "_Known") -> Iterator[Claim]:
    """What the credential says, and after it what the archive's ledger adds."""
    yield from _withheld(found.claims, known.erased)
    if known.superseded:
        words = wording.SUPERSEDED[known.superseded]
        yield Claim("archive.ledger", "What became of it", words, BY_ARCHIVE)


def _integrity(found: Reading) -> Integrity:
    """Whether the bytes and statements are those signed; who signed and when is asked apart."""
    broken = any(failure.about_bytes for failure in found.failures if not failure.in_ingredient)
    return "holds" if found.signature_holds and not broken else "broken"


def _who(found: Reading, trust: Trust) -> Who:
    if not found.signature_holds:
        return "unproven"
    if found.trust_uri in trust.uris:
        return "archive"
    return trust.others.get(found.trust_uri, "unknown")


@dataclass(frozen=True)
class _Known:
    """What ledger or log know of the file: is it bit-identical, is its manifest one of ours."""

    identical: bool | None
    named: bool
    generated: Receipt | None
    asked: bool
    erased: tuple[str, ...] = ()
    superseded: Superseded = ""


def _known(
    file: FileFacts, found: Reading, trust: Trust, ledger: Ledger | None, generated: Receipt | None
) -> _Known:
    if ledger is not None:
        issued = ledger.by_manifest or ledger.by_sha256
        if issued is None:
            return _Known(ledger.by_sha256 is not None, named=False, generated=None, asked=True)
        return _Known(
            ledger.by_sha256 is not None, named=True, generated=issued.generated, asked=True,
            erased=issued.erased, superseded=issued.superseded,
        )  # fmt: skip
    if generated is None:
        return _Known(None, named=False, generated=None, asked=False)
    identical = issued_bytes(found, file.sha256, generated, trust.log_vkey)
    return _Known(identical, identical is not None, generated, asked=identical is not None)


def _standing(
    who: Who, integrity: Integrity, found: Reading, trust: Trust, known: _Known, answer: LogAnswer
) -> tuple[Who, str]:
    """Whose the signature is after expiry and revocation, which the log can outlive."""
    if who == "archive" and _revoked(found, trust, answer):
        return "revoked", wording.WHO_WORDS["revoked"]
    if who != "archive" and known.identical and integrity == "holds":
        revoked = _revoked(found, trust, answer)
        while_valid = not revoked and _within_validity(found, answer)
        return "revoked" if revoked else "archive", (
            wording.WHO_WORDS["revoked"]
            if revoked
            else wording.LOGGED_WHILE_VALID
            if while_valid
            else wording.LAPSED
        )
    return who, wording.WHO_WORDS[who]


def _revoked(found: Reading, trust: Trust, answer: LogAnswer) -> bool:
    """Whether the signing key was revoked before anything proves that the file existed.

    Only the entry of the finished file counts: receipts of earlier entries lie in every copy of a
    credential, where whoever stole the key could take them from.
    """
    since = [each.since for each in trust.revocations if each.serial == found.signer.get("serial")]
    if not since:
        return False
    proven = [_instant(found.signer.get("time_stamp", ""))] if found.stamped else []
    if answer.checked and answer.speaks_of_file:
        proven.append(answer.at)
    return not any(at is not None and at < min(since) for at in proven)


def _within_validity(found: Reading, answer: LogAnswer) -> bool:
    first = _instant(found.signer.get("not_before", ""))
    last = _instant(found.signer.get("not_after", ""))
    if not (answer.checked and answer.speaks_of_file):
        return False
    return answer.at is not None and bool(first and last and first <= answer.at <= last)


def _instant(text: str) -> datetime | None:
    """A time as the validator writes it; None for anything else and for one without a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _word(who: Who, integrity: Integrity, known: _Known) -> tuple[Word, str, tuple[str, ...]]:
    if who == "revoked":
        return "foreign", wording.REVOKED, ("archive.key.revoked",)
    if who == "archive" and integrity == "holds":
        if known.identical:
            return "intact", wording.WORDS["intact"], ()
        if not known.asked:
            return "intact", wording.INTACT_AS_SIGNED, ()
        if known.named:
            return "changed", wording.APPENDED, ("archive.ledger.bytes",)
        return "foreign", words_for("archive.ledger.unknown"), ("archive.ledger.unknown",)
    if who == "archive":
        return "changed", wording.WORDS["changed"], ()
    if known.named:
        return "changed", wording.NAMED, ("archive.ledger.bytes",)
    if integrity == "holds" and who in wording.OTHER_LISTS:
        return "foreign", wording.OTHER_LISTS[who], ()
    return "foreign", wording.FOREIGN[integrity], ()


def _without_reading(
    file: FileFacts, word: Word, trouble: Trouble | None, ledger: Ledger | None, validator: str
) -> Verdict:
    identical = None if ledger is None else ledger.by_sha256 is not None
    failures = [] if trouble is None else [_failure(trouble.code, trouble.where)]
    text = _trouble_words(word, trouble)
    if word == "unreadable" and ledger is not None and ledger.by_manifest is not None:
        text = f"{text} {wording.NAMES_OURS}"
    steps = [
        Step(1, "Can the file be read?", "", "no" if word == "unreadable" else "yes",
              text if word == "unreadable" else "It was read to its end."),
    ]  # fmt: skip
    if word != "unreadable":
        steps.append(
            Step(2, "Does it carry a content credential?",
                  "C2PA 2.4, Locating the active manifest", "no", text)
        )  # fmt: skip
    steps.append(
        Step(len(steps) + 1, "Is it byte for byte a file that the archive issued?",
              "the archive's ledger of SHA-256", _yes_no(identical),
              wording.IDENTICAL_WORDS[identical])
    )  # fmt: skip
    known = ledger.by_manifest if ledger else None
    return Verdict(
        verdict=word, text=text, bit_identical=identical,
        integrity="broken" if word == "changed" else None, signer=None, log=None, claims=(),
        failures=tuple(failures), steps=tuple(steps), validator=validator, sha256=file.sha256,
        manifest_id=known.manifest_id if known else "",
    )  # fmt: skip


def _trouble_words(word: Word, trouble: Trouble | None) -> str:
    if trouble is not None and (word == "unreadable" or trouble.code == ELSEWHERE):
        return words_for(trouble.code)
    return wording.WORDS[word]


def _failure(code: str, where: str = "") -> Failure:
    return Failure(code, words_for(code), where)


def _yes_no(answer: bool | None) -> str:
    return "not known" if answer is None else "yes" if answer else "no"
