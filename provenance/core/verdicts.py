"""A reading, the ledger and the log to a Verdict, as numbered steps that a stranger can follow.

Three questions are answered apart and never folded into one light: are these the bytes that were
signed and issued, who signed them, and do they stand in the log.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from . import answers, revelations, states, wording
from .ancestry import Ancestor, Redaction
from .answers import Answer
from .boxes import Shape
from .evidence import LogAnswer, issued_bytes, log_answer
from .failures import words_for
from .lines import Claim, Failure, shown
from .manifests import BY_ARCHIVE
from .phrases import N_
from .policies import NO_WITNESSES, Policy
from .proofs import Receipt
from .readings import Reading
from .records import Opening
from .redactions import LABELS
from .states import DAMAGED, ELSEWHERE, Bytes, Issued
from .wording import Integrity, State, Who, Word

__all__ = [
    "DAMAGED", "ELSEWHERE", "Answer", "FileFacts", "Integrity", "Issued", "Ledger", "Revocation",
    "State", "Step", "Trouble", "Trust", "Verdict", "Who", "Word", "judge",
]  # fmt: skip
WITHDRAWN = "withdrawn"
LEDGER = "archive.ledger"
# The steps that ask no yes-or-no question: their text alone is the answer.
WHO_SIGNED, WHAT_FOLLOWS = 5, 7
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class FileFacts:
    """The file in hand: SHA-256 in lower-case hex, size in bytes, and its shape where looked at."""

    sha256: str
    size: int
    shape: Shape | None = None


@dataclass(frozen=True)
class Trouble:
    """Why there is no reading: a code of ours, and the manifests that the bytes still name."""

    code: str
    named: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True)
class Ledger:
    """What the ledger of issued files says: by hash of the bytes, by manifest, by pictures."""

    by_sha256: Issued | None = None
    by_manifest: Issued | None = None
    by_pictures: Issued | None = None

    @property
    def original(self) -> Issued | None:
        """The issued file that this one is, or comes from."""
        return self.by_sha256 or self.by_manifest or self.by_pictures


@dataclass(frozen=True)
class Revocation:
    """A signing certificate (serial in decimal) that does not count since a time (aware)."""

    serial: str
    since: datetime


@dataclass(frozen=True)
class Trust:
    """Whom the check believes: the archive's own lists, the key of its log, and other lists.

    `others` tells by its `trust_uri` whose list vouched for a signer who is not the archive, and
    only one of `stamps` can vouch for a time-stamp. Where `policy` asks for witnesses, a time of
    the log counts only from when enough of them had seen it.
    """

    uris: frozenset[str]
    log_vkey: str
    others: Mapping[str, Who] = field(default_factory=dict)
    revocations: tuple[Revocation, ...] = ()
    policy: Policy = NO_WITNESSES
    stamps: frozenset[str] = frozenset()


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
    """What a check says. None stands for not known; `steps` tell how it was reached.

    `undecided` names the questions that only the archive itself could answer.
    """

    verdict: Word
    state: State
    bit_identical: bool | None
    integrity: Integrity | None
    signer: Mapping[str, str] | None
    log: Mapping[str, Any] | None
    answers: tuple[Answer, ...]
    claims: tuple[Claim, ...]
    failures: tuple[Failure, ...]
    steps: tuple[Step, ...]
    validator: str
    sha256: str
    size: int = 0
    manifest_id: str = ""
    notes: tuple[str, ...] = ()
    history: tuple[Ancestor, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    original: Issued | None = None
    undecided: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The sentence of its state."""
        return wording.STATES[self.state][1]

    @property
    def text(self) -> str:
        """The whole of it in one paragraph."""
        return " ".join((self.words, *self.notes))

    @property
    def withdrawn(self) -> bool:
        """Whether it is an issued file that the archive has withdrawn."""
        return bool(self.bit_identical and self.original and self.original.standing == WITHDRAWN)

    def as_json(self) -> dict[str, Any]:
        """The verdict with the keys that the command and the API promise."""
        plain: dict[str, Any] = {
            "verdict": self.verdict,
            "bit_identical": self.bit_identical,
            "integrity": self.integrity,
            "signer": None if self.signer is None else dict(self.signer),
            "log": None if self.log is None else dict(self.log),
            "claims": [dict(vars(claim)) for claim in self.claims],
            "failures": [dict(vars(failure)) for failure in self.failures],
            "validator": self.validator,
        }
        return plain | ({"withdrawn": True} if self.withdrawn else {})

    def in_full(self) -> dict[str, Any]:
        """All of it, as a report keeps it: the same keys and those that the page shows as well."""
        return self.as_json() | {
            "state": self.state,
            "text": self.text,
            "words": self.words,
            "notes": list(self.notes),
            "answers": [dict(vars(answer)) for answer in self.answers],
            "history": [asdict(ancestor) for ancestor in self.history],
            "redactions": [dict(vars(each)) for each in self.redactions],
            "steps": [dict(vars(step)) for step in self.steps],
            "file": {"sha256": self.sha256, "size": self.size},
            "manifest": self.manifest_id,
            "original": _original_json(self.original, held=bool(self.bit_identical)),
            "not_decidable": list(self.undecided),
        }


def judge(
    file: FileFacts,
    found: Reading | Trouble | None,
    trust: Trust,
    ledger: Ledger | None,
    validator: str = "",
    generated: Receipt | None = None,
    *,
    at: datetime | None = None,
    revealed: Sequence[Opening] = (),
) -> Verdict:
    """Judge a file by what was found in it (None: no credential); `ledger` None: not consulted.

    Without the ledger, `generated`, the receipt of the finished file, can speak in its place. `at`
    is the time of the check; without it nothing is said of certificates that have ended since.
    `revealed` are values that were hidden, brought by whoever has the file.
    Follows C2PA 2.4, Validation, for the credential, and C2SP tlog-proof for the log.
    """
    if isinstance(found, Reading):
        return _judge_reading(file, found, trust, ledger, generated, at, revealed)
    return _without_reading(file, found, ledger, validator)


def _judge_reading(
    file: FileFacts, found: Reading, trust: Trust, ledger: Ledger | None,
    generated: Receipt | None, at: datetime | None, revealed: Sequence[Opening],
) -> Verdict:  # fmt: skip
    steps = [Step(1, wording.READABLE, "", _yes_no(True), wording.READ)]

    # 2. The credential: the active manifest is there and well-formed.
    steps.append(
        Step(2, wording.CARRIES, "C2PA 2.4, Locating the active manifest", _yes_no(True),
              wording.CARRIED)
    )  # fmt: skip

    # 3. The bytes: hard binding and every assertion against the signed claim.
    broken = not found.signature_holds or bool(states.own_failures(found))
    integrity: Integrity = "broken" if broken else "holds"
    steps.append(
        Step(3, wording.AS_SIGNED, "C2PA 2.4, Validating the asset's content and the assertions",
              _yes_no(not broken), wording.INTEGRITY_WORDS[integrity])
    )  # fmt: skip

    # 4. The ledger: the standard leaves bytes uncovered, so the hash of the file is asked as well.
    known = _known(file, found, trust, ledger, generated)
    steps.append(
        Step(4, wording.AS_ISSUED, wording.BY_LEDGER_OR_LOG,
              _yes_no(known.identical), wording.IDENTICAL_WORDS[known.identical])
    )  # fmt: skip

    # 5. The signer: only a signature that holds counts, and only a list that is ours.
    #    What the log says is needed here already: it knows since when the file has been there.
    who = _who(found, trust)
    answer = LogAnswer.not_asked()
    if who == "archive" or known.original is not None:
        receipt = known.original.generated if known.original else generated
        answer = log_answer(found, file.sha256, receipt, trust.log_vkey, trust.policy)
    who, state, signer_text = _standing(who, integrity, found, trust, known, answer, at)
    steps.append(
        Step(WHO_SIGNED, wording.SIGNED_BY,
              "C2PA 2.4, Validating the signature and the credential",
              _yes_no(who == "archive"), signer_text)
    )  # fmt: skip

    # 6. The log: the receipts inside, the entry of the finished file, and what they commit to.
    steps.append(
        Step(6, wording.IN_LOG, "RFC 9162 §2.1.3.2; C2SP tlog-proof, signed-note",
              answer.outcome, answer.text)
    )  # fmt: skip

    # 7. The word for it all.
    word, words = wording.STATES[state]
    notes = tuple(_notes(word, found, known))
    text = " ".join((words, *notes))
    steps.append(Step(WHAT_FOLLOWS, wording.FOLLOWS, "docs/verify.md", word, text))
    log = answer.as_json()
    opened = (*(known.original.revealed if known.original else ()), *revealed)
    return Verdict(
        verdict=word,
        state=state,
        bit_identical=known.identical,
        integrity=integrity,
        signer={
            "who": who,
            "text": signer_text,
            **found.signer,
            "time_stamp_list": found.stamp_uri if _stamped(found, trust) else "",
        },
        log=log,
        answers=(
            answers.bytes_answer(state, integrity, asked=known.asked),
            answers.signer_answer(word, state, who, signer_text),
            answers.log_answer(who, log),
        ),
        claims=(*_told(found, known.original), *revelations.claims(found, opened)),
        failures=(
            *found.failures,
            *answer.failures,
            *_more_failures(state),
            *revelations.failures(found, opened),
        ),
        steps=tuple(steps),
        validator=found.validator,
        sha256=file.sha256,
        size=file.size,
        manifest_id=found.manifest_id,
        notes=notes,
        history=tuple(_recognised(each, trust) for each in found.history),
        redactions=found.redactions,
        original=known.original or known.pictures,
        undecided=_undecided(ledger, known, who, integrity),
    )


def _who(found: Reading, trust: Trust) -> Who:
    if not found.signature_holds:
        return "unproven"
    if found.trust_uri in trust.uris:
        return "archive"
    return trust.others.get(found.trust_uri, "unknown")


def _recognised(ancestor: Ancestor, trust: Trust) -> Ancestor:
    """An ancestor with whose list vouches for its signer."""
    who = _who_signed(ancestor, trust)
    return replace(ancestor, who=who, signer_text=wording.ANCESTOR_WORDS[who])


def _who_signed(ancestor: Ancestor, trust: Trust) -> Who | None:
    if not ancestor.trusted:
        return "unknown"
    if ancestor.trust_uri in trust.uris:
        gone = any(each.serial == ancestor.serial for each in trust.revocations)
        return "revoked" if gone else "archive"
    if not ancestor.trust_uri:
        return None
    return trust.others.get(ancestor.trust_uri, "unknown")


def _known(
    file: FileFacts, found: Reading, trust: Trust, ledger: Ledger | None, generated: Receipt | None
) -> Bytes:
    """What ledger or log know of the bytes."""
    if ledger is not None:
        original = ledger.by_manifest or ledger.by_sha256
        identical = ledger.by_sha256 is not None
        return Bytes(file.size, file.shape, identical, True, original, ledger.by_pictures)
    if generated is None:
        return Bytes(file.size, file.shape, None, False, None, None)
    by_log = issued_bytes(found, file.sha256, generated, trust.log_vkey)
    if by_log is None:
        return Bytes(file.size, file.shape, None, False, None, None)
    original = Issued(file.sha256 if by_log else "", found.manifest_id, generated)
    return Bytes(file.size, file.shape, by_log, True, original, None)


def _standing(
    who: Who, integrity: Integrity, found: Reading, trust: Trust, known: Bytes, answer: LogAnswer,
    at: datetime | None,
) -> tuple[Who, State, str]:  # fmt: skip
    """Whose the signature is, and the state, after expiry and revocation, which the log outlives.

    Only a file that the archive issued can count as its own under a certificate that has lapsed.
    """
    lapsed = who != "archive" and bool(known.identical) and integrity == "holds"
    if (who == "archive" or lapsed) and _revoked(found, trust, answer):
        return "revoked", "revoked", wording.WHO_WORDS["revoked"]
    if lapsed:
        while_valid = _within_validity(found, _logged_at(answer, trust))
        state: State = "intact_expired" if while_valid else "intact_lapsed"
        return "archive", state, wording.LOGGED_WHILE_VALID if while_valid else wording.LAPSED
    if who != "archive" and known.original is None:
        lasts = not _ended(found, at) or _stamped(found, trust)
        return who, states.of_others(found, who, at, lasts=lasts), wording.WHO_WORDS[who]
    state = states.of_ours(found, who, known)
    if state == "intact" and _since(found, trust):
        return who, "intact_old_key", wording.OLD_KEY
    if state in {"intact", "intact_as_signed"} and _stamped(found, trust) and _ended(found, at):
        state = "intact_stamped" if known.identical else state
        return who, state, wording.STAMPED_WHILE_VALID
    return who, state, wording.WHO_WORDS[who]


def _revoked(found: Reading, trust: Trust, answer: LogAnswer) -> bool:
    """Whether the signing key was revoked before anything proves that the file existed.

    Only the entry of the finished file counts: receipts of earlier entries lie in every copy of a
    credential, where whoever stole the key could take them from.
    """
    since = _since(found, trust)
    if not since:
        return False
    stamped = _stamped(found, trust)
    proven = [states.instant(found.signer.get("time_stamp", ""))] if stamped else []
    proven.append(_logged_at(answer, trust))
    return not any(at is not None and at < min(since) for at in proven)


def _stamped(found: Reading, trust: Trust) -> bool:
    """Whether an authority that may say when has stamped it."""
    return found.stamp_uri in trust.stamps


def _logged_at(answer: LogAnswer, trust: Trust) -> datetime | None:
    """Since when the log speaks of this very file, by its witnesses' clocks where there are any."""
    if not (answer.checked and answer.speaks_of_file):
        return None
    return answer.witnessed_at if trust.policy.asks_witnesses else answer.at


def _since(found: Reading, trust: Trust) -> list[datetime]:
    serial = found.signer.get("serial")
    return [each.since for each in trust.revocations if each.serial == serial]


def _within_validity(found: Reading, at: datetime | None) -> bool:
    first = states.instant(found.signer.get("not_before", ""))
    last = states.instant(found.signer.get("not_after", ""))
    return at is not None and bool(first and last and first <= at <= last)


def _ended(found: Reading, at: datetime | None) -> bool:
    last = states.instant(found.signer.get("not_after", ""))
    return at is not None and last is not None and last < at


def _notes(word: Word, found: Reading, known: Bytes) -> list[str]:
    """Sentences that a state alone does not say."""
    notes = []
    if word == "intact" and any(each.in_ingredient and each.about_bytes for each in found.failures):
        notes.append(wording.PARENT_BROKEN)
    if word == "intact":
        superseded = known.original.superseded if known.original else ""
        notes += wording.history(found.redacted, superseded)
    if word in {"intact", "foreign"} and found.redactions and not found.redacted:
        notes.append(wording.REDACTED)
    if word == "foreign" and known.pictures:
        notes.append(wording.PICTURES_OURS)
    if known.identical and known.original and known.original.standing == WITHDRAWN:
        notes.append(wording.WITHDRAWN)
    return notes


def _told(found: Reading, original: Issued | None) -> Iterator[Claim]:
    """What the credential says, and after it what the archive's ledger adds."""
    if original is None:
        yield from found.claims
        return
    yield from _withheld(found.claims, original.erased)
    if original.superseded:
        words = wording.SUPERSEDED[original.superseded]
        yield Claim(LEDGER, N_("What became of it"), words, BY_ARCHIVE)


def _withheld(claims: Iterable[Claim], erased: Sequence[str]) -> Iterator[Claim]:
    """What was erased is not told again, even where the file in hand still tells it."""
    labels = {LABELS[field] for field in erased if field in LABELS}
    for claim in claims:
        yield replace(claim, value=wording.WITHHELD) if claim.label in labels else claim


def _more_failures(state: State) -> tuple[Failure, ...]:
    """What does not hold although the validator had nothing to say against it."""
    codes: Mapping[State, str] = {
        "revoked": "archive.key.revoked",
        "padded": "archive.ledger.bytes",
        "imitated": "archive.ledger.bytes",
        "never_issued": "archive.ledger.unknown",
    }
    return (_failure(codes[state]),) if state in codes else ()


def _undecided(
    ledger: Ledger | None, known: Bytes, who: Who, integrity: Integrity
) -> tuple[str, ...]:
    """The questions that a check without the ledger has to leave open."""
    if ledger is not None:
        return ()
    if known.identical:
        return ("withdrawn",)
    if known.identical is False:
        return ("state", "withdrawn") if integrity == "broken" else ("withdrawn",)
    open_questions = ["bit_identical", "log", "state", "withdrawn"]
    if who != "archive":
        open_questions += ["signer", "verdict"]
    elif integrity == "holds":
        open_questions.append("verdict")
    return tuple(sorted(open_questions))


def _without_reading(
    file: FileFacts, trouble: Trouble | None, ledger: Ledger | None, validator: str
) -> Verdict:
    """A file that gave no reading: it carries none, or could not be read."""
    ours = ledger is not None and ledger.by_manifest is not None
    state: State = "no_credential"
    if trouble is not None:
        pictures = ledger.by_pictures if ledger else None
        longer = pictures is not None and file.size > pictures.size
        state = states.of_trouble(trouble.code, ours=ours, longer=longer)
    elif ledger is not None and ledger.by_pictures is not None:
        state = "stripped"
    word, words = wording.STATES[state]
    notes = (wording.NAMES_OURS,) if word == "unreadable" and ours else ()
    identical = None if ledger is None else ledger.by_sha256 is not None
    unread = trouble is not None and (word == "unreadable" or trouble.code == states.MALFORMED)
    text = words_for(trouble.code) if trouble and unread else wording.READ
    steps = [Step(1, wording.READABLE, "", _yes_no(not unread), text)]
    if not unread:
        steps.append(
            Step(2, wording.CARRIES, "C2PA 2.4, Locating the active manifest", _yes_no(False),
                 words)
        )  # fmt: skip
    steps.append(
        Step(len(steps) + 1, wording.AS_ISSUED, wording.BY_LEDGER, _yes_no(identical),
              wording.IDENTICAL_WORDS[identical])
    )  # fmt: skip
    integrity: Integrity | None = "broken" if word == "changed" else None
    original = ledger.original if ledger else None
    return Verdict(
        verdict=word, state=state, bit_identical=identical, integrity=integrity, signer=None,
        log=None, claims=(), notes=notes, steps=tuple(steps), validator=validator,
        answers=(
            answers.bytes_answer(state, integrity, asked=ledger is not None),
            answers.signer_answer(word, state, None, ""),
            answers.log_answer(None, None),
        ),
        failures=() if trouble is None else (_failure(trouble.code, shown(trouble.where)),),
        sha256=file.sha256, size=file.size, original=original,
        manifest_id=original.manifest_id if original else "",
        undecided=() if ledger else _untold(trouble),
    )  # fmt: skip


def _untold(trouble: Trouble | None) -> tuple[str, ...]:
    """What of a file without a reading only the ledger knows."""
    if trouble is None:
        return ("bit_identical", "state", "withdrawn")
    if trouble.code in {DAMAGED, states.MALFORMED}:
        return ("bit_identical", "integrity", "state", "verdict", "withdrawn")
    return ("bit_identical", "withdrawn")


def _failure(code: str, where: str = "") -> Failure:
    return Failure(code, words_for(code), where)


def _yes_no(answer: bool | None) -> str:
    return wording.OUTCOMES[answer]


def _original_json(original: Issued | None, *, held: bool) -> dict[str, Any] | None:
    """The issued file. The log names the manifest of a clip that was never published and only
    commits to its hash: nobody gets the hash by writing that name into a file of their own.
    """
    if original is None:
        return None
    told = held or original.public
    return {
        "sha256": original.sha256 if told else "",
        "manifest": original.manifest_id,
        "clip": original.clip if told else "",
        "at": original.at.astimezone(UTC).strftime(_TIME) if original.at else None,
        "standing": original.standing,
    }
