"""What each type of entry says: its keys, and the only form that the value of each may have.

A key that is not listed cannot enter the log, so neither can a name, a prompt or an address by
mistake. And an entry of exactly such a form is known at a glance, which is how a log is written
and audited at speed; any other is read the long way (records.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple


class EntryType(StrEnum):
    """The type strings of the log, fixed for ever."""

    ATTEMPT = "attempt"
    ATTEMPT_SIGNED = "attempt_signed"
    RENDERED = "rendered"
    GENERATED = "generated"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    PUBLICATION = "publication"
    WITHDRAWAL = "withdrawal"
    RESTORATION = "restoration"
    DECISION = "decision"
    ERASURE = "erasure"
    STATEMENT_VERSION = "statement_version"
    SIGNATURE = "signature"
    SIGNATURE_WITHDRAWN = "signature_withdrawn"
    SIGNATURE_INVALIDATED = "signature_invalidated"
    SIGNATURE_REINSTATED = "signature_reinstated"
    KEY_EVENT = "key_event"
    CAPTURE = "capture"
    ANCHOR = "anchor"
    FIXITY = "fixity"


@dataclass(frozen=True)
class Body:
    """The keys of a type besides `at`, `schema` and `type`."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()


def _body(required: str, optional: str = "") -> Body:
    return Body(frozenset(required.split()), frozenset(optional.split()))


BODIES: Mapping[EntryType, Body] = {
    EntryType.ATTEMPT: _body("attempt artist prompt parameters"),
    EntryType.ATTEMPT_SIGNED: _body("attempt signed"),
    EntryType.RENDERED: _body("attempt try media"),
    EntryType.GENERATED: _body("attempt rendered manifest file"),
    EntryType.FAILED: _body("attempt reason"),
    EntryType.REFUSED: _body("attempt reason"),
    EntryType.CANCELLED: _body("attempt by"),
    EntryType.PUBLICATION: _body("attempt clip generated manifest sha256"),
    EntryType.WITHDRAWAL: _body("clip publication by reason"),
    EntryType.RESTORATION: _body("clip withdrawal by reason"),
    EntryType.DECISION: _body("decision by reason", "target clip grounds"),
    EntryType.ERASURE: _body("target field by", "reason clip manifest file sha256"),
    EntryType.STATEMENT_VERSION: _body("version sha256"),
    EntryType.SIGNATURE: _body("statement sha256 signatory"),
    EntryType.SIGNATURE_WITHDRAWN: _body("signature by"),
    EntryType.SIGNATURE_INVALIDATED: _body("signature by reason"),
    EntryType.SIGNATURE_REINSTATED: _body("signature by reason"),
    EntryType.CAPTURE: _body("sha256 source"),
    EntryType.ANCHOR: _body("size root kind sha256"),
    EntryType.FIXITY: _body("checked missing altered orphans sha256"),
    EntryType.KEY_EVENT: _body("event kind key", "serial since"),
}

_HASH, _CODE = "[0-9a-f]{64}", "[a-z][a-z0-9_]{0,39}"
_DAY = (
    r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31)"
)
TEXTS: Mapping[str, str] = {
    "attempt": "[0-9a-f]{32}",
    **dict.fromkeys(("artist", "prompt", "parameters", "media", "file", "sha256"), _HASH),
    **dict.fromkeys(("signed", "grounds", "signatory", "source", "root"), _HASH),
    **dict.fromkeys(("reason", "by", "event", "kind", "decision", "field"), _CODE),
    "manifest": "urn:c2pa:[0-9A-Za-z:_.-]{1,91}",
    "clip": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "key": r"[\x21-\x7e]{1,4000}",
    "serial": "[0-9]{1,50}",
    "since": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
}
# Whole numbers, by the least that each may be.
NUMBERS: Mapping[str, int] = {
    **dict.fromkeys(("try", "rendered", "generated", "publication", "withdrawal"), 0),
    **dict.fromkeys(("target", "statement", "signature", "size"), 0),
    **dict.fromkeys(("checked", "missing", "altered", "orphans"), 0),
    "version": 1,
}
LOOKED_UP = ("clip", "manifest", "sha256")
_FORMS = {key: re.compile(form, re.ASCII) for key, form in TEXTS.items()}


class Glimpse(NamedTuple):
    """What the log itself has to know of an entry: its type, the time that it says (as it stands
    there), its attempt, and the terms by which it is looked up.
    """

    type: str
    at: str
    attempt: str | None
    terms: tuple[str, ...]


def fits(key: str, value: object) -> bool:
    """Whether a value has the form of its key."""
    if key in NUMBERS:
        return type(value) is int and value >= NUMBERS[key]
    return isinstance(value, str) and _FORMS[key].fullmatch(value) is not None


def glimpse(data: bytes) -> Glimpse | None:
    """Read the bytes of an entry that has exactly the form of its type, which is canonical; None
    for any other, right or wrong.
    """
    start = data.rfind(b'"type":"') + 8
    whole = _wholes().get(data[start : data.find(b'"', start)])
    found = whole.form.fullmatch(data) if whole else None
    if whole is None or found is None:
        return None
    at, *named = [each.decode() for each in found.groups() if each is not None]
    attempt = named.pop(0) if whole.of_attempt else None
    return Glimpse(whole.type, at, attempt, tuple(named))


class _Whole(NamedTuple):
    type: str
    of_attempt: bool
    form: re.Pattern[bytes]


@cache
def _wholes() -> Mapping[bytes, _Whole]:
    return {
        kind.value.encode(): _Whole(kind.value, "attempt" in body.required, _whole(kind, body))
        for kind, body in BODIES.items()
    }


def _whole(kind: EntryType, body: Body) -> re.Pattern[bytes]:
    """All that an entry of this type can be, in canonical form: keys in order, no white space.

    The time, the attempt and the terms are groups. Numbers and times end short of the rare ones,
    and a key has no letter that JSON would escape, so that whatever fits is canonical.
    """
    parts = {
        key: f'"({form})"' if key in ("attempt", *LOOKED_UP) else f'"{form}"'
        for key, form in TEXTS.items()
    }
    parts |= {key: "[1-9][0-9]{0,14}" if least else "(?:0|[1-9][0-9]{0,14})"
              for key, least in NUMBERS.items()}  # fmt: skip
    parts |= {
        "at": rf'"([12]\d{{3}}-{_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)"',
        "key": r'"[\x21\x23-\x5b\x5d-\x7e]{1,4000}"',
        "schema": "1",
        "type": f'"{kind.value}"',
    }
    keys = sorted({"at", "schema", "type", *body.required, *body.optional})
    forms = [f'"{key}":{parts[key]}' for key in keys]
    tail = [
        f"(?:,{form})?" if key in body.optional else f",{form}"
        for key, form in zip(keys[1:], forms[1:], strict=True)
    ]
    # The first is never one that may be missing, for `at` is in every entry, after `artist` alone.
    return re.compile(rf"\{{{forms[0]}{''.join(tail)}\}}".encode(), re.ASCII)
