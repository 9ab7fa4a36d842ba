"""The three answers of a verdict in words; each stands alone and none is a light."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import wording
from .wording import Integrity, State, Who, Word

_ALARMING: frozenset[State] = frozenset(
    {"rewrapped", "appended", "padded", "cut_off", "transplanted", "credential_damaged",
     "imitated", "two_parents", "media_changed", "statement_changed", "foreign_changed"}
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One of the three: what was asked, what is said in a few words, and what that means.

    `alarm` is for what contradicts a claim, never for what is merely not known.
    """

    asked: str
    said: str
    text: str
    alarm: bool = False


def bytes_answer(state: State, integrity: Integrity | None, *, asked: bool) -> Answer:
    """Are these the bytes? `asked`: whether the archive's ledger could be consulted."""
    said, text = wording.BYTES[state]
    broken = state == "revoked" and integrity == "broken"
    if broken:
        said, text = wording.REVOKED_BROKEN
    if state == "no_credential" and not asked:
        said, text = wording.NOT_KNOWN_OFFLINE
    return Answer(wording.QUESTIONS[0], said, text, alarm=broken or state in _ALARMING)


def signer_answer(word: Word, state: State, who: Who | None, text: str) -> Answer:
    """Who signed it?"""
    asked = wording.QUESTIONS[1]
    if who is None:
        nobody = word == "no_credential" and state != "kept_elsewhere"
        return Answer(asked, *(wording.NOBODY if nobody else wording.NO_SIGNATURE))
    if state == "self_signed":
        return Answer(asked, *wording.SELF_SIGNED)
    return Answer(asked, wording.SIGNERS[who], text, alarm=who == "revoked")


def log_answer(who: Who | None, log: Mapping[str, Any] | None) -> Answer:
    """Is it in the log?"""
    asked = wording.QUESTIONS[2]
    if log is not None:
        said = wording.LOGGED if log["checked"] else wording.NOT_PROVEN
        return Answer(asked, said, str(log["text"]), alarm=not log["checked"])
    if who in {"archive", "revoked"}:
        return Answer(asked, *wording.NOT_IN_LOG, alarm=True)
    return Answer(asked, *wording.LOG_NOT_ASKED)
