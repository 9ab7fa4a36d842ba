"""A reading, the ledger and the log to a Verdict, as numbered steps that a stranger can follow.

Three questions are answered apart and never folded into one light: are these the bytes that were
signed and issued, who signed them, and do they stand in the log.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .evidence import LogAnswer, log_answer
from .failures import words_for
from .proofs import Receipt
from .readings import Claim, Failure, Reading

Word = Literal["intact", "changed", "foreign", "no_credential", "unreadable"]
Integrity = Literal["holds", "broken"]
Who = Literal["archive", "unknown", "unproven"]

ELSEWHERE = "archive.credential.elsewhere"
DAMAGED = "archive.credential.damaged"
# Status codes that speak of the signer or of the time, not of the bytes.
_NOT_ABOUT_BYTES = ("signingCredential.", "timeStamp.", "cawg.")


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
    """A file that the archive issued, with the receipt of its `generated` entry once logged."""

    sha256: str
    manifest_id: str
    generated: Receipt | None = None


@dataclass(frozen=True)
class Ledger:
    """What the ledger of issued files says: by the hash of the bytes, by the manifest."""

    by_sha256: Issued | None = None
    by_manifest: Issued | None = None


@dataclass(frozen=True)
class Trust:
    """Whom the check believes: the archive's own lists, and the key of its log."""

    uris: frozenset[str]
    log_vkey: str


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
) -> Verdict:
    """Judge a file by what was found in it (None: no credential); `ledger` None: not consulted.

    Follows C2PA 2.4, Validation, for the credential, and C2SP tlog-proof for the log.
    """
    if isinstance(found, Reading):
        return _judge_reading(file, found, trust, ledger)
    if found is None:
        return _without_reading(file, "no_credential", None, ledger, validator)
    if found.code == ELSEWHERE:
        return _without_reading(file, "no_credential", found, ledger, validator)
    if found.code == DAMAGED and ledger is not None and ledger.by_manifest is not None:
        return _without_reading(file, "changed", found, ledger, validator)
    return _without_reading(file, "unreadable", found, ledger, validator)


def _judge_reading(file: FileFacts, found: Reading, trust: Trust, ledger: Ledger | None) -> Verdict:
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
              "yes" if integrity == "holds" else "no", _INTEGRITY_WORDS[integrity])
    )  # fmt: skip

    # 4. The ledger: the standard leaves bytes uncovered, so the hash of the file is asked as well.
    identical = None if ledger is None else ledger.by_sha256 is not None
    steps.append(
        Step(4, "Is it byte for byte a file that the archive issued?",
              "the archive's ledger of SHA-256", _yes_no(identical), _IDENTICAL_WORDS[identical])
    )  # fmt: skip

    # 5. The signer: only a signature that holds counts, and only a list that is ours.
    who = _who(found, trust)
    lapsed = who != "archive" and bool(identical) and integrity == "holds"
    signer_text = _LAPSED if lapsed else _WHO_WORDS[who]
    if lapsed:
        who = "archive"
    steps.append(
        Step(5, "Who signed it?", "C2PA 2.4, Validating the signature and the credential",
              "yes" if who == "archive" else "no", signer_text)
    )  # fmt: skip

    # 6. The log: the receipts inside, the entry of the finished file, and what they commit to.
    known = None if ledger is None else ledger.by_manifest or ledger.by_sha256
    ours = who == "archive" or known is not None
    answer = _logged(file, found, trust, known) if ours else LogAnswer.not_asked()
    steps.append(
        Step(6, "Is it in the public log?", "RFC 9162 §2.1.3.2; C2SP tlog-proof, signed-note",
              answer.outcome, answer.text)
    )  # fmt: skip

    # 7. The word for it all.
    word, text, more = _word(who, integrity, identical, known is not None, ledger is not None)
    steps.append(Step(7, "What follows?", "docs/verify.md", word, text))
    return Verdict(
        verdict=word,
        text=text,
        bit_identical=identical,
        integrity=integrity,
        signer={"who": who, "text": signer_text, **found.signer},
        log=answer.as_json(),
        claims=found.claims,
        failures=(*found.failures, *answer.failures, *(_failure(code) for code in more)),
        steps=tuple(steps),
        validator=found.validator,
        sha256=file.sha256,
        manifest_id=found.manifest_id,
    )


def _integrity(found: Reading) -> Integrity:
    """Whether the bytes and statements are those signed; who signed and when is asked apart."""
    about_bytes = [
        failure
        for failure in found.failures
        if not failure.in_ingredient and not failure.code.startswith(_NOT_ABOUT_BYTES)
    ]
    return "holds" if found.signature_holds and not about_bytes else "broken"


def _who(found: Reading, trust: Trust) -> Who:
    if not found.signature_holds:
        return "unproven"
    return "archive" if found.trust_uri in trust.uris else "unknown"


def _logged(file: FileFacts, found: Reading, trust: Trust, known: Issued | None) -> LogAnswer:
    generated = known.generated if known else None
    return log_answer(found, file.sha256, generated, trust.log_vkey)


def _word(
    who: Who, integrity: Integrity, identical: bool | None, known: bool, asked: bool
) -> tuple[Word, str, tuple[str, ...]]:
    if who == "archive" and integrity == "holds":
        if identical or not asked:
            return "intact", _WORDS["intact"], ()
        if known:
            return "changed", _APPENDED, ("archive.ledger.bytes",)
        return "foreign", words_for("archive.ledger.unknown"), ("archive.ledger.unknown",)
    if who == "archive":
        return "changed", _WORDS["changed"], ()
    if known:
        return "changed", _NAMED, ("archive.ledger.bytes",)
    return "foreign", _FOREIGN[integrity], ()


def _without_reading(
    file: FileFacts, word: Word, trouble: Trouble | None, ledger: Ledger | None, validator: str
) -> Verdict:
    identical = None if ledger is None else ledger.by_sha256 is not None
    failures = [] if trouble is None else [_failure(trouble.code, trouble.where)]
    text = _trouble_words(word, trouble)
    if word == "unreadable" and ledger is not None and ledger.by_manifest is not None:
        text = f"{text} {_NAMES_OURS}"
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
              "the archive's ledger of SHA-256", _yes_no(identical), _IDENTICAL_WORDS[identical])
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
    return _WORDS[word]


def _failure(code: str, where: str = "") -> Failure:
    return Failure(code, words_for(code), where)


def _yes_no(answer: bool | None) -> str:
    return "not known" if answer is None else "yes" if answer else "no"


_INTEGRITY_WORDS: Mapping[Integrity, str] = {
    "holds": "The video and every statement about it are as they were when they were signed.",
    "broken": "The video, or a statement about it, is not what was signed.",
}
_IDENTICAL_WORDS: Mapping[bool | None, str] = {
    True: "Yes: not a single bit differs from the file that the archive issued.",
    False: "No file with exactly these bytes was issued by the archive.",
    None: "The archive's ledger was not asked.",
}
_WHO_WORDS: Mapping[Who, str] = {
    "archive": "This archive signed it, with a certificate under its own root.",
    "unknown": "Somebody signed it whose certificate is not the archive's.",
    "unproven": "The signature does not hold, so the name in it proves nothing.",
}
_LAPSED = (
    "The certificate is no longer accepted, perhaps because it has expired since; the ledger shows"
    " that this archive issued this very file."
)
_WORDS: Mapping[Word, str] = {
    "unreadable": "The file could not be read.",
    "foreign": "This carries somebody else's content credential.",
    "intact": "This is an intact clip of this archive.",
    "changed": "This comes from a clip of this archive, but it was changed after it was signed.",
    "no_credential": "This file carries no content credential. That proves nothing either way:"
    " many platforms strip credentials from what is uploaded to them.",
}
_APPENDED = (
    "This is a clip of this archive to which something was done that the standard's own check does"
    " not cover: picture and statements hold, but the file is not byte for byte the one issued."
)
_FOREIGN: Mapping[Integrity, str] = {
    "holds": "This carries somebody else's content credential. It holds, but this archive does not"
    " vouch for who signed it.",
    "broken": "This carries somebody else's content credential, and it does not hold: the file or"
    " the credential was changed.",
}
_NAMED = (
    "It carries the name of a credential that this archive issued, but it is not what was issued:"
    " it was changed, or made to look like it."
)
_NAMES_OURS = (
    "Its bytes name a credential that this archive issued; what is left cannot be checked."
)
