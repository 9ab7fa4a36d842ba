"""What an entry of the log is: its type, its canonical bytes, and salted commitments.

An entry is canonical JSON (RFC 8785), so that anyone hashes the same bytes. What may have to be
forgotten one day never stands in it: only a commitment does, whose salt and value can be erased.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias
from uuid import UUID

import rfc8785

from .errors import ProvenanceError

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

SCHEMA = 1
ENTRY_LIMIT = 65_535  # bytes; C2SP tlog-tiles gives an entry a 16-bit length
SALT_BYTES = 32
_CONTEXT = b"sora-archive/commit/v1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TIME_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ENVELOPE = frozenset({"schema", "type", "at"})
_LOOKED_UP = ("clip", "manifest", "sha256")


class EntryRefused(ProvenanceError):
    """These values make no entry of the log; the text says which and why."""


class MalformedEntry(ProvenanceError):
    """These bytes are no entry of a log of this kind."""


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


OUTCOMES = frozenset(
    {EntryType.GENERATED, EntryType.FAILED, EntryType.REFUSED, EntryType.CANCELLED}
)


# What the entry of a finished file is: that of the line, or of an erasure that replaced the file.
ISSUING = frozenset({EntryType.GENERATED, EntryType.ERASURE})


@dataclass(frozen=True)
class Entry:
    """An entry as read: `at` is what the writer claims, in UTC; `body` is all the rest."""

    schema: int
    type: str
    at: datetime
    body: Mapping[str, JSON]

    @property
    def issues_a_file(self) -> bool:
        """Whether it names a finished file by its manifest and a commitment to its bytes."""
        return self.type in ISSUING and self.body.keys() >= {"manifest", "file"}


@dataclass(frozen=True)
class Opening:
    """What opens a commitment: the field's name, 32 random bytes, and the value."""

    field: str
    salt: bytes
    value: JSON

    @property
    def commitment(self) -> str:
        """The commitment that stands in the log."""
        return commitment(self.field, self.salt, self.value)


@dataclass(frozen=True)
class Hidden:
    """A value that is kept back: the field's name and the commitment that stands in the log."""

    field: str
    commitment: str


def canonical(value: JSON) -> bytes:
    """The one form of a JSON value by RFC 8785, as UTF-8.

    Raises EntryRefused for what has none: integers beyond +-(2^53 - 1) (give them as strings),
    NaN, lone surrogates, keys that are no text, and anything nested too deeply to be read back.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, AttributeError) as error:
        raise EntryRefused(f"The value has no canonical JSON form: {error}") from error


def commitment(field: str, salt: bytes, value: JSON) -> str:
    """Lower-case hex of SHA-256(context 00 field 00 salt JCS(value)); the salt has 32 bytes.

    The zero bytes and the fixed length of the salt keep the parts apart.
    """
    if len(salt) != SALT_BYTES:
        raise EntryRefused(f"A salt has {SALT_BYTES} bytes, not {len(salt)}.")
    if not field or "\0" in field:
        raise EntryRefused("A field has a name without zero bytes.")
    parts = (_CONTEXT, b"\0", _utf8(field), b"\0", salt, canonical(value))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def entry_bytes(kind: EntryType, at: datetime, body: Mapping[str, JSON]) -> bytes:
    """The bytes of a new entry, at most 65,535; `at` is aware and kept to the second.

    Raises EntryRefused where a key is missing, unknown, or holds what it must not hold.
    """
    if at.tzinfo is None:
        raise EntryRefused("The time of an entry needs a time zone.")
    _check_body(kind, body)
    stamp = at.astimezone(UTC).strftime(_TIME)
    data = canonical({**body, "schema": SCHEMA, "type": kind.value, "at": stamp})
    if len(data) > ENTRY_LIMIT:
        raise EntryRefused(f"The entry has {len(data)} bytes; the limit is {ENTRY_LIMIT}.")
    return data


def mentions(body: Mapping[str, JSON]) -> list[str]:
    """What an entry can be looked up by, each once: the clip, the manifest, the plain hash."""
    named = [body[key] for key in _LOOKED_UP if key in body]
    terms = (name for name in named if isinstance(name, str) and _is_term(name))
    return list(dict.fromkeys(terms)) if named else []


def _is_term(name: str) -> bool:
    return 0 < len(name) <= 100 and name.isprintable()


def parse_entry(data: bytes) -> Entry:
    """Read an entry of any type; raises MalformedEntry where the bytes are not canonical."""
    if len(data) > ENTRY_LIMIT:
        raise MalformedEntry("The entry is too long.")
    value = _load(data)
    if not isinstance(value, dict):
        raise MalformedEntry("The entry is no JSON object.")
    try:
        known_form = canonical(value) == data
    except EntryRefused as error:
        raise MalformedEntry(str(error)) from error
    if not known_form:
        raise MalformedEntry("The entry is not in canonical form (RFC 8785).")
    schema, kind = value.get("schema"), value.get("type")
    if type(schema) is not int or schema < 1 or not isinstance(kind, str) or not kind:
        raise MalformedEntry("The entry has no schema number or no type.")
    body = {key: item for key, item in value.items() if key not in _ENVELOPE}
    return Entry(schema, kind, _time(value.get("at")), body)


def _load(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedEntry("The entry is no JSON text in UTF-8.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _time(value: object) -> datetime:
    if isinstance(value, str) and _TIME_FORM.fullmatch(value):
        try:
            return datetime.strptime(value, _TIME).replace(tzinfo=UTC)
        except ValueError as error:
            raise MalformedEntry("The entry's time is no time.") from error
    raise MalformedEntry("The entry's time is not of the form 2026-11-23T19:04:36Z.")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EntryRefused("A field's name is no Unicode text.") from error


# What each type says. A key that is not listed cannot enter the log, so neither can a name, a
# prompt or an address by mistake.
@dataclass(frozen=True)
class _Body:
    required: frozenset[str]
    optional: frozenset[str] = frozenset()


_BODIES: Mapping[EntryType, _Body] = {
    EntryType.ATTEMPT: _Body(frozenset({"attempt", "artist", "prompt", "parameters"})),
    EntryType.ATTEMPT_SIGNED: _Body(frozenset({"attempt", "signed"})),
    EntryType.RENDERED: _Body(frozenset({"attempt", "try", "media"})),
    EntryType.GENERATED: _Body(frozenset({"attempt", "rendered", "manifest", "file"})),
    EntryType.FAILED: _Body(frozenset({"attempt", "reason"})),
    EntryType.REFUSED: _Body(frozenset({"attempt", "reason"})),
    EntryType.CANCELLED: _Body(frozenset({"attempt", "by"})),
    EntryType.PUBLICATION: _Body(frozenset({"attempt", "clip", "generated", "manifest", "sha256"})),
    EntryType.WITHDRAWAL: _Body(frozenset({"clip", "publication", "by", "reason"})),
    EntryType.RESTORATION: _Body(frozenset({"clip", "withdrawal", "by", "reason"})),
    EntryType.DECISION: _Body(
        frozenset({"decision", "by", "reason"}), frozenset({"target", "clip", "grounds"})
    ),
    EntryType.ERASURE: _Body(
        frozenset({"target", "field", "by"}),
        frozenset({"reason", "clip", "manifest", "file", "sha256"}),
    ),
    EntryType.STATEMENT_VERSION: _Body(frozenset({"version", "sha256"})),
    EntryType.SIGNATURE: _Body(frozenset({"statement", "sha256", "signatory"})),
    EntryType.SIGNATURE_WITHDRAWN: _Body(frozenset({"signature", "by"})),
    EntryType.SIGNATURE_INVALIDATED: _Body(frozenset({"signature", "by", "reason"})),
    EntryType.SIGNATURE_REINSTATED: _Body(frozenset({"signature", "by", "reason"})),
    EntryType.CAPTURE: _Body(frozenset({"sha256", "source"})),
    EntryType.ANCHOR: _Body(frozenset({"size", "root", "kind", "sha256"})),
    EntryType.FIXITY: _Body(frozenset({"checked", "missing", "altered", "orphans", "sha256"})),
    EntryType.KEY_EVENT: _Body(frozenset({"event", "kind", "key"}), frozenset({"serial", "since"})),
}


def _matches(pattern: str) -> Callable[[JSON], bool]:
    form = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _is_index(value: JSON) -> bool:
    return type(value) is int and value >= 0


def _is_uuid(value: JSON) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


_SHA256 = _matches(r"[0-9a-f]{64}")
_CODE = _matches(r"[a-z][a-z0-9_]{0,39}")
_VALUES: Mapping[str, Callable[[JSON], bool]] = {
    "attempt": _matches(r"[0-9a-f]{32}"),
    **dict.fromkeys(("artist", "prompt", "parameters", "media", "file", "sha256"), _SHA256),
    **dict.fromkeys(("signed", "grounds", "signatory", "source", "root"), _SHA256),
    **dict.fromkeys(("reason", "by", "event", "kind", "decision", "field"), _CODE),
    **dict.fromkeys(("try", "rendered", "generated", "publication", "withdrawal"), _is_index),
    **dict.fromkeys(("target", "statement", "signature", "size"), _is_index),
    **dict.fromkeys(("checked", "missing", "altered", "orphans"), _is_index),
    "manifest": _matches(r"urn:c2pa:[0-9A-Za-z:_.-]{1,91}"),
    "clip": _is_uuid,
    "version": lambda value: type(value) is int and value >= 1,
    "key": _matches(r"[\x21-\x7e]{1,4000}"),
    "serial": _matches(r"[0-9]{1,50}"),
    "since": lambda value: isinstance(value, str) and _TIME_FORM.fullmatch(value) is not None,
}


def _check_body(kind: EntryType, body: Mapping[str, JSON]) -> None:
    form = _BODIES[kind]
    if missing := form.required - body.keys():
        raise EntryRefused(f"{kind.value}: {', '.join(sorted(missing))} missing.")
    if unknown := body.keys() - form.required - form.optional:
        raise EntryRefused(f"{kind.value}: {', '.join(sorted(unknown))} not allowed.")
    for key, value in body.items():
        if not _VALUES[key](value):
            raise EntryRefused(f"{kind.value}: {key!r} does not hold what it must hold.")
